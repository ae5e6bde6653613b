package reliability

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the folder of the program; "": it was not built.
var built string

// program is sotto itself, built for the test.
var program = sync.OnceValues(func() (name string, err error) {
	if built, err = os.MkdirTemp("", "sotto"); err != nil {
		return "", err
	}
	name = filepath.Join(built, "sotto")
	out, err := exec.Command("go", "build", "-o", name, "sotto/cmd/sotto").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return name, err
})

// serve starts the program as a daemon and returns it with its address.
func serve(t testing.TB, args ...string) (cmd *exec.Cmd, address string) {
	t.Helper()
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(name, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	told, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	page := regexp.MustCompile(`"page":"http://([^"]+)"`)
	for lines := bufio.NewReader(told); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("sotto serve ends before it is ready: %v", err)
		}
		if found := page.FindStringSubmatch(line); found != nil {
			go io.Copy(io.Discard, lines)
			return cmd, found[1]
		}
	}
}

// The program with its own model: four voices with three languages each, 200 readers,
// ten minutes. Nothing is late, nothing is lost, and it does not grow.
func TestFourVoicesLive(t *testing.T) {
	t.Parallel() // at full size too: it takes long, and not much of the machine
	cmd, address := serve(t, "--state", filepath.Join(t.TempDir(), "state"))
	lasts := sized(12*time.Second, 10*time.Minute)
	w := startWatch(t, cmd.Process.Pid)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	sound := asBytes(demoFrames(t))
	var voices []*speech
	var crowds []*gathered
	var all sync.WaitGroup
	for i := range 4 {
		room := fmt.Sprintf("room-%d", i)
		s := mustSpeak(t, address, room, "en", "fr", "de")
		voices = append(voices, s)
		crowds = append(crowds, gather(t, crowdPlan{URL: stream(address, room), Readers: sized(10, 50)}))
		all.Go(func() {
			for begin := i * 100; ctx.Err() == nil && s.open(); begin = 0 { // each at another place
				s.say(ctx, sound[begin:])
			}
		})
	}
	wait(ctx, lasts/5)
	early := memory(cmd.Process.Pid, "VmRSS")
	all.Wait()
	late := memory(cmd.Process.Pid, "VmRSS")
	lost := 0
	var heard, words []time.Duration
	for i, s := range voices {
		s.stop()
		lost += s.lost()
		heard, words = append(heard, s.takeLate()...), append(words, s.words...)
		for _, language := range []string{"en", "fr", "de"} {
			if s.texts[language] == "" {
				t.Errorf("voice %d has no text in %s", i, language)
			}
		}
	}
	for _, c := range crowds {
		whole(t, c.told("report"))
	}
	t.Logf("live: %d commits, %d ms lost; %.0f MiB at first, %.0f at the end, %.0f at most", len(words), lost, early, late, memory(cmd.Process.Pid, "VmHWM"))
	t.Logf("live: words come %.0f ms behind their sound (p50), p99 %.0f, at most %.0f", percentile(words, 50), percentile(words, 99), percentile(words, 100))
	w.below("live", "sound is heard late by at most", percentile(heard, 100), 3000, "ms")
	w.below("live", "words come behind their sound by at most", percentile(words, 100), 3000, "ms")
	w.below("live", "sound that was lost", float64(lost), 0, "ms")
	w.below("live", "growth of the memory", late-early, 16, "MiB")
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// The program is killed while the pocket model speaks, and started again: what readers
// had is there, and they go on (F15, F17).
func TestTheProgramIsKilled(t *testing.T) {
	t.Parallel() // at full size too: it takes long, and not much of the machine
	state := filepath.Join(t.TempDir(), "state")
	cmd, address := serve(t, "--state", state)
	all, stop := audience(t, address, 2, 1)
	sound := asBytes(demoFrames(t))
	for i := range sized(1, 10) {
		s := mustSpeak(t, address, "hall", "en")
		go s.say(t.Context(), sound)
		for _, f := range all {
			within(t, 20*time.Second, "three events are read", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.durable) >= 3*(i+1) })
		}
		cmd.Process.Kill()
		cmd.Wait()
		s.vanish()
		began := time.Now()
		cmd, _ = serve(t, "--state", state, "--listen", address)
		t.Logf("F17: the program is ready again after %v", time.Since(began))
	}
	stop()
	cmd.Process.Kill()
	cmd.Wait()
	kept := eventsOf(t, state)
	for _, f := range all {
		if len(f.faults) > 0 || f.resets > 0 {
			t.Errorf("a reader had %d resets and the faults %q", f.resets, f.faults)
		}
		for seq, sum := range f.durable {
			if kept[seq] != sum {
				t.Errorf("event %d was said to be durable, and is another or gone", seq)
			}
		}
	}
}
