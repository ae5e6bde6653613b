package transport

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sotto/transport/access"
)

// probes is what every page tries, each by its name. What a page gets is "open"
// for a socket, "loaded" for a picture or a script, the status of an answer that it
// may read, "sent" for one that it may not, or "refused", by the browser too.
const probes = `
const answer = (path, options) => fetch(path, options).then((r) => (r.type === 'opaque' ? 'sent' : r.status), () => 'refused');
const socket = (address) => new Promise((done) => {
  const s = new WebSocket(address);
  s.onopen = () => { s.close(); done('open'); };
  s.onerror = () => done('refused');
});
const element = (name, src) => new Promise((done) => {
  const e = document.createElement(name);
  e.onload = () => done('loaded');
  e.onerror = () => done('refused');
  e.src = src;
  document.head.append(e);
});
const json = (token) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) });
const tell = (page, results) => { location.href = 'COLLECTOR/?page=' + page + '&results=' + encodeURIComponent(JSON.stringify(results)); };
`

// A page of another site, served at a name of its own.
const foreignPage = probes + `
tell('foreign', {
  socket: await socket('ws://SERVER/v1/stream'),
  read: await answer('http://SERVER/v1/models'),
  'read blindly': await answer('http://SERVER/v1/models', { mode: 'no-cors' }),
  form: await answer('http://SERVER/v1/audio/transcriptions', { method: 'POST', mode: 'no-cors', body: new FormData() }),
  exchange: await answer('http://SERVER/v1/session', json('TOKEN')),
  'blind exchange': await answer('http://SERVER/v1/session', { method: 'POST', mode: 'no-cors', body: '{"token":"TOKEN"}' }),
  'with a token': await answer('http://SERVER/v1/models', { headers: { Authorization: 'Bearer TOKEN' } }),
  script: await element('script', 'http://SERVER/own.js'),
});`

// The same site, when its name leads to our server.
const reboundPage = probes + `
await fetch('/rebind');
while (await answer('/') === 418);
tell('rebound', {
  page: await answer('/'),
  socket: await socket('ws://' + location.host + '/v1/stream'),
  read: await answer('/v1/models'),
  'with a token': await answer('/v1/models', { headers: { Authorization: 'Bearer TOKEN' } }),
  exchange: await answer('/v1/session', json('TOKEN')),
  rooms: await answer('/rooms/none/events'),
});`

// Our own page.
const ownPage = probes + `
const before = { socket: await socket('ws://' + location.host + '/v1/stream'), read: await answer('/v1/models') };
const exchange = await answer('/v1/session', json(location.hash.slice('#token='.length)));
tell('own', {
  'socket before': before.socket, 'read before': before.read, exchange,
  socket: await socket('ws://' + location.host + '/v1/stream'),
  read: await answer('/v1/models'),
  rooms: await answer('/rooms/none/events'),
  'cookie for scripts': document.cookie === '' ? 'none' : 'shown',
});`

var chromiumExpects = map[string]map[string]string{
	"foreign": {"socket": "refused", "read": "refused", "read blindly": "refused", "form": "refused", "exchange": "refused",
		"blind exchange": "refused", "with a token": "refused", "script": "refused"},
	"rebound": {"page": "403", "socket": "refused", "read": "403", "with a token": "403", "exchange": "403", "rooms": "403"},
	"own": {"socket before": "refused", "read before": "401", "exchange": "200", "socket": "open", "read": "200",
		"rooms": "404", "cookie for scripts": "none"},
}

// TestPagesInChromium has a browser visit a page of another site, the same site
// with its name rebound to us, and our own page.
func TestPagesInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its seconds")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; apt-get install chromium")
	}
	var log written
	token := access.New(access.Speak)
	site, start := sites(t, token, &log)
	browser := exec.CommandContext(t.Context(), chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--user-data-dir="+profileDir(t), "--host-resolver-rules=MAP evil.example 127.0.0.1", start)
	browser.WaitDelay = 5 * time.Second
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	defer browser.Wait()
	defer browser.Process.Kill()
	select {
	case got := <-site.results:
		compare(t, got)
	case <-time.After(60 * time.Second):
		t.Fatalf("the browser did not come through; the server's log is\n%s", log.String())
	}
	if strings.Contains(log.String(), token) {
		t.Error("the log holds the token")
	}
	for code, least := range map[string]int{"host_not_allowed": 6, "origin_not_allowed": 6, "token_missing": 2} {
		if n := strings.Count(log.String(), `"code":"`+code+`"`); n < least {
			t.Errorf("%d requests were refused with %s, want %d", n, code, least)
		}
	}
}

// sites starts our server, the other site and the collector, and returns the
// address of the first page.
func sites(t *testing.T, token string, log io.Writer) (b *browsed, first string) {
	collector, evil := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	at := []string{"COLLECTOR", "http://" + collector.Listener.Addr().String(), "TOKEN", token}
	r := run(t, Options{Tokens: access.NewTokens([]string{token})}, logged(log), func(opt *Options) {
		opt.Assets = fstest.MapFS{
			"index.html": {Data: []byte(`<!doctype html><script type="module" src="own.js"></script>`)},
			"own.js":     {Data: []byte(strings.NewReplacer(at...).Replace(ownPage))},
		}
	})
	b = &browsed{
		fill:    strings.NewReplacer(append(at, "SERVER", r.Addr().String())...),
		front:   openFront(t, evil.Listener.Addr().String(), r.Addr().String()),
		own:     r.URL() + "/#token=" + token,
		seen:    make(map[string]map[string]string),
		results: make(chan map[string]map[string]string, 1),
	}
	collector.Config.Handler, evil.Config.Handler = http.HandlerFunc(b.collect), http.HandlerFunc(b.evil)
	evil.Config.SetKeepAlivesEnabled(false) // its connections do not outlive its name
	for _, server := range []*httptest.Server{collector, evil} {
		server.Start()
		t.Cleanup(server.Close)
	}
	return b, "http://evil.example:" + port(evil.Listener.Addr()) + "/foreign"
}

func compare(t *testing.T, got map[string]map[string]string) {
	for page, wants := range chromiumExpects {
		for probe, want := range wants {
			if got[page][probe] != want {
				t.Errorf("%s page, %s: %q, want %q", page, probe, got[page][probe], want)
			}
		}
	}
}

func port(a net.Addr) string { return fmt.Sprint(a.(*net.TCPAddr).Port) }

// browsed is the way of the browser from page to page.
type browsed struct {
	fill    *strings.Replacer
	front   *front
	own     string
	seen    map[string]map[string]string
	results chan map[string]map[string]string
}

// evil serves the pages of the other site.
func (b *browsed) evil(w http.ResponseWriter, r *http.Request) {
	page := map[string]string{"/foreign": foreignPage, "/rebound": reboundPage}[r.URL.Path]
	switch {
	case page != "":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><script type="module">%s</script>`, b.fill.Replace(page))
	case r.URL.Path == "/rebind":
		w.Header().Set("Connection", "close")
		b.front.rebind()
	default:
		w.WriteHeader(http.StatusTeapot)
	}
}

// collect takes the results of a page and sends the browser to the next.
func (b *browsed) collect(w http.ResponseWriter, r *http.Request) {
	page := r.URL.Query().Get("page")
	if page == "" {
		return
	}
	results := make(map[string]any)
	json.Unmarshal([]byte(r.URL.Query().Get("results")), &results)
	b.seen[page] = make(map[string]string)
	for probe, result := range results {
		b.seen[page][probe] = fmt.Sprint(result)
	}
	next := map[string]string{"foreign": "http://evil.example:" + port(b.front.Addr()) + "/rebound", "rebound": b.own}[page]
	if next == "" {
		b.results <- b.seen
		return
	}
	http.Redirect(w, r, next, http.StatusFound)
}

// front is a port whose connections lead to one server, and behind rebind to
// another, as a name does whose address is changed.
type front struct {
	net.Listener
	mu   sync.Mutex
	to   string
	then string
	open []net.Conn
	done sync.WaitGroup
}

func openFront(t *testing.T, first, then string) *front {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{Listener: listener, to: first, then: then}
	f.done.Go(f.accept)
	t.Cleanup(func() {
		listener.Close()
		f.mu.Lock()
		for _, conn := range f.open {
			conn.Close()
		}
		f.mu.Unlock()
		f.done.Wait()
	})
	return f
}

func (f *front) rebind() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to = f.then
}

func (f *front) accept() {
	for {
		in, err := f.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		out, err := net.Dial("tcp", f.to)
		f.open = append(f.open, in)
		if err == nil {
			f.open = append(f.open, out)
		}
		f.mu.Unlock()
		if err != nil {
			in.Close()
			continue
		}
		for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
			f.done.Go(func() {
				io.Copy(way[1], way[0])
				way[0].Close()
				way[1].Close()
			})
		}
	}
}

// profileDir is a folder for a browser, whose helpers write on for a moment when
// it was killed.
func profileDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 50 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	return dir
}
