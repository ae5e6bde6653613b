package ws

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sotto/transport/doortest"
)

// seen is what the scripts in testdata/peers say they saw.
type seen struct {
	Version        string
	Subprotocol    string
	Close          int
	Text, Numbered string
	Markers        []string
	Counted        bool  // the messages' numbers, within one epoch
	Refused, Early []any // code of the error, close code, reason
	Left           int   // close code of a client that goes
}

func (s *seen) check(t *testing.T) {
	t.Helper()
	t.Log(s.Version)
	const said = "Good morning, Elena.\nThe plane to Paris leaves tomorrow at 12:20.\n"
	want := seen{
		Version: s.Version, Subprotocol: "sotto.v1", Close: 1000, Text: said, Numbered: said, Markers: []string{"κ"}, Counted: true,
		Refused: []any{"format", 4451.0, "format: rate is 7999 samples per second, want 8000 to 192000"},
		Early:   []any{"order", 4450.0, "order: the first message must be start"},
		Left:    s.Left,
	}
	if !reflect.DeepEqual(*s, want) || s.Left != 1001 && s.Left != 4001 {
		t.Errorf("got %+v\nwant %+v", *s, want)
	}
}

// spoken writes a clip of two sentences to a file.
func spoken(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "clip.raw")
	if err := os.WriteFile(name, clip(t, 6), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func runPeer(t *testing.T, program, script string) {
	t.Helper()
	d := openDoorOf(t, doortest.Pocket(t, 4))
	cmd := exec.CommandContext(t.Context(), program, filepath.Join("testdata", "peers", script), d.url, spoken(t))
	var says strings.Builder
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, says.String())
	}
	var s seen
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	s.check(t)
}

func TestPythonPeer(t *testing.T) {
	python := cmp.Or(os.Getenv("SOTTO_TEST_PYTHON"), "python3")
	if err := exec.Command(python, "-c", "import websockets").Run(); err != nil {
		t.Skipf("%s has no websockets (%v): pip install websockets, and name that Python in SOTTO_TEST_PYTHON", python, err)
	}
	runPeer(t, python, "peer.py")
}

func TestNodePeer(t *testing.T) {
	if err := exec.Command("node", "-e", "require('ws')").Run(); err != nil {
		t.Skipf("node has no ws (%v): npm install ws, and name its node_modules in NODE_PATH", err)
	}
	runPeer(t, "node", "peer.cjs")
}

func TestBrowserPeer(t *testing.T) {
	browser := cmp.Or(os.Getenv("SOTTO_TEST_CHROMIUM"), "chromium")
	if _, err := exec.LookPath(browser); err != nil {
		t.Skipf("no browser (%v): install chromium, or name one in SOTTO_TEST_CHROMIUM", err)
	}
	d := openDoorOf(t, doortest.Pocket(t, 4))
	results := make(chan []byte, 1)
	mux := http.NewServeMux()
	mux.Handle("/stream", d.Handler)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/peers/peer.html") })
	sound := clip(t, 6)
	mux.HandleFunc("/sound", func(w http.ResponseWriter, r *http.Request) { w.Write(sound) })
	mux.HandleFunc("POST /result", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		results <- body
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	profile, err := os.MkdirTemp("", "browser") // which writes on while it ends
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--user-data-dir="+profile, "--remote-debugging-port=0", server.URL)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var s seen
	select {
	case body := <-results:
		if err := json.Unmarshal(body, &s); err != nil {
			t.Errorf("%v in %s", err, body)
		}
		s.check(t)
	case <-ctx.Done():
		t.Error("the page posts nothing")
	}
	cancel()
	cmd.Wait()
}
