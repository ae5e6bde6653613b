//go:build linux

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo terminal with a person at it, who reads and presses keys.
type terminal struct {
	t      *testing.T
	person *os.File // their side
	screen *os.File // the program's side
	before unix.Termios

	mu    sync.Mutex // guards the following
	lines []string
	row   int
	raw   strings.Builder // all that was written
	drawn chan struct{}   // holds one token after a change
}

func openTerminal(t *testing.T, columns uint16) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals on this machine: ", err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(fd(person), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd(person), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	unix.IoctlSetWinsize(fd(screen), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	before, err := unix.IoctlGetTermios(fd(screen), getTermios)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, person: person, screen: screen, before: *before, lines: []string{""}, drawn: make(chan struct{}, 1)}
	go term.watch()
	return term
}

// seat makes the terminal the one of a program that is not started yet.
func (m *terminal) seat(cmd *exec.Cmd) {
	cmd.Stdout, cmd.Stderr = m.screen, m.screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 1}
}

func (m *terminal) watch() {
	buf := make([]byte, 4096)
	var rest []byte
	for {
		n, err := m.person.Read(buf)
		if err != nil {
			return
		}
		m.mu.Lock()
		m.raw.Write(buf[:n])
		rest = m.obey(append(rest, buf[:n]...))
		m.mu.Unlock()
		select {
		case m.drawn <- struct{}{}:
		default:
		}
	}
}

// obey draws, and returns what is not complete yet. It knows no more than what
// the program uses.
func (m *terminal) obey(data []byte) []byte {
	for len(data) > 0 {
		switch b := data[0]; {
		case b == '\x1b':
			end := 2
			for end < len(data) && (data[end] < '@' || data[end] > '~') {
				end++
			}
			if end >= len(data) {
				return data
			}
			m.escape(string(data[2:end]), data[end])
			data = data[end:]
		case b == '\n':
			if m.row++; m.row == len(m.lines) {
				m.lines = append(m.lines, "")
			}
		case b != '\r':
			m.lines[m.row] += string(b)
		}
		data = data[1:]
	}
	return nil
}

func (m *terminal) escape(number string, command byte) {
	switch command {
	case 'A':
		n := 1
		fmt.Sscan(number, &n)
		m.row -= n
	case 'J':
		m.lines = append(m.lines[:m.row], "")
	case 'm':
	default:
		m.t.Errorf("the program sends the escape %q%c", number, command)
	}
}

// await waits until the screen shows all of what is wanted.
func (m *terminal) await(want ...string) {
	m.t.Helper()
	for limit := time.After(patience); ; {
		m.mu.Lock()
		shown := strings.Join(m.lines, "\n")
		m.mu.Unlock()
		missing := ""
		for _, w := range want {
			if !strings.Contains(shown, w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-m.drawn:
		case <-limit:
			m.t.Fatalf("the screen does not show %q:\n%s", missing, shown)
		}
	}
}

func (m *terminal) press(key string) {
	m.t.Helper()
	if _, err := m.person.WriteString(key); err != nil {
		m.t.Fatal(err)
	}
}

// isAsBefore wants the modes that the terminal had.
func (m *terminal) isAsBefore() {
	m.t.Helper()
	now, err := unix.IoctlGetTermios(fd(m.screen), getTermios)
	if err != nil || *now != m.before {
		m.t.Errorf("the terminal is left with modes %+v and %v, had %+v", now, err, m.before)
	}
}

func TestListenOnATerminal(t *testing.T) {
	term := openTerminal(t, 100)
	file := filepath.Join(t.TempDir(), "talk.vtt")
	cmd := child(t, "listen", "--to", "en,fr", "--stdin", "--save", file)
	term.seat(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sound := samples(t, clips+"demo.ogg")
	go in.Write(s16le(sound[:6*16000])) // two sentences; the pipe stays open
	term.await("[en] Good morning, Elena.", "[fr] Bonjour, Elena.", "s behind", "es>en,fr", "space pause")
	term.await("[en] The plane to Paris leaves tomorrow at 12:20.")
	term.press(" ")
	term.await("paused")
	term.press(" ")
	term.await("s behind")
	term.press("t")
	term.await("es>en  ")
	term.press("s")
	term.await("[saved to ", "talk.en.vtt")
	term.press("q")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	term.isAsBefore()
	term.mu.Lock()
	defer term.mu.Unlock()
	shown, raw := strings.Join(term.lines, "\n"), term.raw.String()
	if strings.Contains(shown, "behind") {
		t.Errorf("the last line stays:\n%s", shown)
	}
	if !strings.Contains(raw, "\x1b[36m[en] ") || !strings.Contains(raw, "\x1b[33m[fr] ") || strings.Contains(raw, "\x1b[?") {
		t.Errorf("labels without colours, or another screen, in %q", raw)
	}
}

// The first Ctrl-C lets the voice have its last words, on a terminal that is as it
// was before.
func TestAnInterruptGivesTheTerminalBack(t *testing.T) {
	term := openTerminal(t, 60)
	cmd := child(t, "listen", "--to", "en", "--stdin")
	term.seat(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go in.Write(s16le(samples(t, sentence)))
	term.await("s behind")
	term.press("\x03")
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	term.await("interrupted")
	term.isAsBefore()
}

// Where tokens are asked for, who reads the terminal can let others read, and
// nothing else.
func TestTheReadersLinkLetsIn(t *testing.T) {
	term := openTerminal(t, 160)
	cmd := child(t, "listen", "--to", "en", "--stdin", "--serve", "--listen", "127.0.0.1:0", "--auth", "on", "--tokens-file", filepath.Join(t.TempDir(), "tokens"))
	term.seat(cmd)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term.await("/read#mic&token=ek_", "s behind")
	term.mu.Lock()
	link := regexp.MustCompile(`(http://\S+)/read#mic&token=(ek_[0-9a-f]{32})`).FindStringSubmatch(strings.Join(term.lines, "\n"))
	term.mu.Unlock()
	if link == nil {
		t.Fatal("no whole link is shown")
	}
	for path, want := range map[string]int{"/read": 200, "/rooms/mic/captions.txt": 200, "/rooms/other/captions.txt": 404, "/v1/models": 403} {
		request, _ := http.NewRequest("GET", link[1]+path, nil)
		request.Header.Set("Authorization", "Bearer "+link[2])
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
	term.press("q")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
