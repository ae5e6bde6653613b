package reliability

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A daemon that is asked to stop with many readers and two voices tells all of them
// when to come again, not all at once, and ends well (F19).
func TestDrain(t *testing.T) {
	waits(t)
	d := start(t, daemonPlan{Publish: 1, Hear: 0.05, State: filepath.Join(t.TempDir(), "state")})
	n := sized(100, 500)
	g := gather(t, crowdPlan{URL: stream(d.Address, "hall"), Readers: n, Over: time.Second})
	var speaking sync.WaitGroup
	var voices []*speech
	sound := asBytes(demoFrames(t))
	for range 2 {
		s := mustSpeak(t, d.Address, "hall", "en")
		voices = append(voices, s)
		speaking.Go(func() { s.say(t.Context(), sound) })
	}
	within(t, 10*time.Second, "sound is heard", func() bool { return len(voices[1].takeLate()) > 0 })
	began := time.Now()
	d.cmd.Process.Signal(syscall.SIGTERM)
	err := d.cmd.Wait()
	took := time.Since(began)
	got := g.told("wait")
	speaking.Wait()
	if err != nil || took > 10*time.Second {
		t.Errorf("the daemon ended with %v after %v", err, took)
	}
	if got.Closed[1012] != n || got.Missing > 0 || len(got.RetryMs) != n {
		t.Errorf("of %d readers: %+v", n, got)
	}
	for _, s := range voices {
		if <-s.done; s.code != "stopping" || s.closed != 1012 {
			t.Errorf("a voice was closed with %q, %d", s.code, s.closed)
		}
	}
	slices.Sort(got.RetryMs)
	spread := got.RetryMs[len(got.RetryMs)-1] - got.RetryMs[0]
	t.Logf("F19: %d readers and 2 voices drained in %v, told to come again within %d ms", n, took, spread)
	if spread < 2000 {
		t.Errorf("readers come again within %d ms, want 2 s or more", spread)
	}
}

// The second signal ends a daemon at once, whatever it does (F19).
func TestTheSecondSignal(t *testing.T) {
	waits(t)
	d := start(t, daemonPlan{})
	s := mustSpeak(t, d.Address, "hall", "en")
	d.tell(t, "hang")
	go s.say(t.Context(), asBytes(demoFrames(t)))
	within(t, 5*time.Second, "sound has come", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.sent) > 25 })
	d.cmd.Process.Signal(syscall.SIGTERM)
	within(t, 5*time.Second, "it drains", func() bool { return status(d.Address, "/readyz") == 503 })
	began := time.Now()
	d.cmd.Process.Signal(syscall.SIGTERM)
	d.cmd.Wait()
	if took := time.Since(began); took > time.Second {
		t.Errorf("it ended after %v", took)
	}
}

// A fault that nobody can catch ends the process; who reads is back in the new one
// without a gap (F17).
func TestACrashIsOverSoon(t *testing.T) {
	waits(t)
	plan := daemonPlan{State: filepath.Join(t.TempDir(), "state"), Publish: 4}
	d := start(t, plan)
	plan.Listen = d.Address
	all, stop := audience(t, d.Address, 3, 1)
	worst := time.Duration(0)
	for range sized(2, 20) {
		for _, f := range all {
			f.reached(t, f.where())
			f.silence()
		}
		d.tell(t, "panic")
		if err := d.cmd.Wait(); err == nil {
			t.Fatal("it ended well")
		}
		d = start(t, plan)
		for _, f := range all {
			f.reached(t, f.where())
			worst = max(worst, f.silence())
		}
	}
	d.kill()
	stop()
	for _, f := range all {
		if len(f.faults) > 0 || f.resets > 0 {
			t.Errorf("a reader had %d resets and the faults %q", f.resets, f.faults)
		}
	}
	t.Logf("F17: readers waited %v at most for a daemon that had crashed, bar 3 s", worst)
	if worst > 3*time.Second {
		t.Errorf("readers waited %v", worst)
	}
}

// A pass of the engine that does not end holds the voices, and nobody else; it is
// seen from outside (F20).
func TestAStuckEngine(t *testing.T) {
	waits(t)
	d := start(t, daemonPlan{Publish: 1})
	g := gather(t, crowdPlan{URL: stream(d.Address, "hall"), Readers: sized(50, 500)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := mustSpeak(t, d.Address, "other", "en")
	sound := asBytes(demoFrames(t))
	var speaking sync.WaitGroup
	speaking.Go(func() { s.say(ctx, sound) })
	within(t, 10*time.Second, "sound is heard", func() bool { return len(s.takeLate()) > 0 })
	g.told("report")
	d.tell(t, "hang")
	took := within(t, 20*time.Second, "/readyz is 503", func() bool { return status(d.Address, "/readyz") == 503 })
	alive := status(d.Address, "/healthz")
	got := g.told("report")
	whole(t, got)
	if alive != 200 {
		t.Errorf("/healthz is %d", alive)
	}
	t.Logf("F20: seen after %v; delay for readers meanwhile p99 %.0f ms", took, got.P99)
	d.tell(t, "go on")
	within(t, 5*time.Second, "/readyz is 200", func() bool { return status(d.Address, "/readyz") == 200 })
	within(t, 10*time.Second, "sound is heard again", func() bool { return len(s.takeLate()) > 0 })
	cancel()
	speaking.Wait()
}
