package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"sotto"
	"sotto/models/gemma4"
	"sotto/transport/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a server on a port of its own. stop ends it; Run's error is in ended.
type running struct {
	*Server
	stop  context.CancelFunc
	ended chan error
}

// withoutEngine leaves the engine to the test.
func withoutEngine(opt *Options) { opt.Engine = nil }

func run(t *testing.T, opt Options, changes ...func(*Options)) *running {
	t.Helper()
	server, model := open(t, opt, changes...)
	return begin(t, server, model)
}

// open binds a server that does not run yet.
func open(t *testing.T, opt Options, changes ...func(*Options)) (*Server, io.Closer) {
	t.Helper()
	model, err := gemma4.Open("../models/gemma4/gemma4test/testdata/folder", "")
	if err != nil {
		t.Fatal(err)
	}
	opt.Engine, err = sotto.NewEngine(model, sotto.EngineOptions{Seats: 2})
	if err != nil {
		t.Fatal(err)
	}
	opt.Log = slog.New(slog.DiscardHandler)
	opt.Assets = fstest.MapFS{"index.html": {Data: []byte("the page")}, "a.mjs": {Data: []byte("export {}")}}
	opt.Files = map[string][]byte{"/demo.ogg": []byte("the clip")}
	for _, change := range changes {
		change(&opt)
	}
	server, err := Listen("127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	return server, model
}

// begin runs a server.
func begin(t *testing.T, server *Server, model io.Closer) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{server, stop, make(chan error, 1)}
	go func() { r.ended <- server.Run(ctx); close(r.ended) }()
	t.Cleanup(func() {
		stop()
		if err, open := <-r.ended; open && err != nil {
			t.Errorf("Run returned %v", err)
		}
		model.Close()
	})
	return r
}

// ask sends one request on a connection of its own.
func (r *running) ask(t *testing.T, method, path string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, fmt.Sprintf("http://%s%s", r.Addr(), path), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	if change != nil {
		change(request)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestWhatIsServed(t *testing.T) {
	r := run(t, Options{})
	tests := []struct {
		method, path string
		status       int
		body, kind   string
	}{
		{"GET", "/", 200, "the page", "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "", "text/html; charset=utf-8"},
		{"GET", "/a.mjs", 200, "export {}", "text/javascript; charset=utf-8"},
		{"GET", "/demo.ogg", 200, "the clip", ""},
		{"GET", "/healthz", 200, "ok", "text/plain; charset=utf-8"},
		{"GET", "/readyz", 200, "ready", "text/plain; charset=utf-8"},
		{"GET", "/nothing", 404, nothing, "text/plain; charset=utf-8"},
		{"GET", "/../server.go", 404, nothing, "text/plain; charset=utf-8"},
		{"POST", "/", 405, "Method Not Allowed", "text/plain; charset=utf-8"},
		{"GET", "/v1/stream", 400, "this address speaks WebSocket, version 13; see PROTOCOL.md", "text/plain; charset=utf-8"},
		{"GET", "/v1/models/none", 404, `{"error":{"message":"The model \"none\" does not exist here; this server has folder, which also answers to whisper-1 and gpt-4o-transcribe","type":"invalid_request_error","param":"model","code":"model_not_found"}}`, "application/json"},
		{"GET", "/v1/nothing", 404, nothing, "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		response, body := r.ask(t, tt.method, tt.path, nil)
		kind := response.Header.Get("Content-Type")
		if response.StatusCode != tt.status || strings.TrimSpace(body) != tt.body || tt.kind != "" && kind != tt.kind {
			t.Errorf("%s %s: %d %s %q, want %d %s %q", tt.method, tt.path, response.StatusCode, kind, body, tt.status, tt.kind, tt.body)
		}
	}
}

func TestThePageMayLoadOnlyItsOwn(t *testing.T) {
	response, _ := run(t, Options{}).ask(t, "GET", "/", nil)
	policy := response.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options %q", got)
	}
}

// A page of a rebound DNS name reaches us, but under its own name.
func TestOnlyOwnNamesAreServed(t *testing.T) {
	r := run(t, Options{Rules: Rules{Hosts: []string{"captions.example", "proxy.example:8443"}}})
	_, port, err := net.SplitHostPort(r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]int{
		"127.0.0.1:" + port:              200,
		"localhost:" + port:              200,
		"LOCALHOST:" + port:              200,
		"[::1]:" + port:                  200,
		"captions.example":               200,
		"captions.example:1234":          200,
		"proxy.example:8443":             200,
		"proxy.example":                  403,
		"evil.example":                   403,
		"evil.example:" + port:           403,
		"localhost.evil.example":         403,
		"127.0.0.1":                      403, // the port of another server
		"127.0.0.1:1":                    403,
		"127.0.0.1.evil.example:" + port: 403,
	}
	for host, want := range tests {
		for _, path := range []string{"/", "/demo.ogg", "/v1/stream", "/v1/models", "/v1/audio/translations", "/rooms/hall/events"} {
			response, body := r.ask(t, "GET", path, func(r *http.Request) { r.Host = host })
			if refused := response.StatusCode == 403; refused != (want == 403) {
				t.Errorf("%s for %s: %s", path, host, response.Status)
			} else if refused && !strings.Contains(body, "--allow-host") {
				t.Errorf("refused without saying what to do: %q", body)
			}
		}
	}
}

func TestOnlyOwnPagesOpenVoices(t *testing.T) {
	r := run(t, Options{Rules: Rules{Origins: []string{"https://captions.example"}}})
	_, port, err := net.SplitHostPort(r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		origins []string
		allowed bool
	}{
		{nil, true}, // a program
		{[]string{"http://127.0.0.1:" + port}, true},
		{[]string{"https://captions.example"}, true},
		{[]string{"http://captions.example"}, false},
		{[]string{"https://captions.example:444"}, false},
		{[]string{"http://localhost:" + port}, false}, // ours, but not the name that was asked for
		{[]string{"http://127.0.0.1:1"}, false},
		{[]string{"http://evil.example"}, false},
		{[]string{"null"}, false},
		{[]string{""}, false},
		{[]string{"file://127.0.0.1:" + port}, false},
		{[]string{"http://127.0.0.1:" + port, "http://evil.example"}, false},
	}
	for _, tt := range tests {
		header := http.Header{}
		for _, o := range tt.origins {
			header.Add("Origin", o)
		}
		socket, response, err := websocket.DefaultDialer.Dial(r.door(), header)
		if err == nil {
			socket.Close()
		}
		if response == nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 101, false: 403}[tt.allowed]; response.StatusCode != want {
			t.Errorf("origins %q: %s, want %d", tt.origins, response.Status, want)
		}
		read, _ := r.ask(t, "GET", "/rooms/none/events", func(r *http.Request) { r.Header = header.Clone() })
		if want := map[bool]int{true: 404, false: 403}[tt.allowed]; read.StatusCode != want {
			t.Errorf("a reader from %q: %s, want %d", tt.origins, read.Status, want)
		}
		posted, body := r.ask(t, "POST", "/v1/audio/transcriptions", func(r *http.Request) { r.Header = header.Clone() })
		if want := map[bool]int{true: 400, false: 403}[tt.allowed]; posted.StatusCode != want {
			t.Errorf("a form from %q: %s %s, want %d", tt.origins, posted.Status, body, want)
		}
	}
}

func (r *running) door() string { return fmt.Sprintf("ws://%s/v1/stream", r.Addr()) }

// next reads the type, the code and the close code of what comes next.
func next(t *testing.T, socket *websocket.Conn) (kind, code string, closed int) {
	t.Helper()
	var m struct{ Type, Code string }
	_, data, err := socket.ReadMessage()
	if end, ok := err.(*websocket.CloseError); ok {
		return "", "", end.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m.Type, m.Code, 0
}

func TestStoppingInMidVoice(t *testing.T) {
	r := run(t, Options{})
	socket, _, err := websocket.DefaultDialer.Dial(r.door(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	next(t, socket) // ready
	socket.WriteMessage(websocket.TextMessage, []byte(`{"type":"start","source":"es","targets":["en"]}`))
	if kind, _, _ := next(t, socket); kind != "started" {
		t.Fatalf("start is answered with %q", kind)
	}
	socket.WriteMessage(websocket.BinaryMessage, make([]byte, 1280))
	r.stop()
	if kind, code, _ := next(t, socket); kind != "error" || code != "stopping" {
		t.Errorf("the voice is told %q, %q", kind, code)
	}
	if _, _, closed := next(t, socket); closed != websocket.CloseServiceRestart {
		t.Errorf("closed with %d", closed)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if conn, err := net.Dial("tcp", r.Addr().String()); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
}

// A recording in work does not hold the server up; its client is told.
func TestStoppingInMidRecording(t *testing.T) {
	r := run(t, Options{})
	conn, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: %s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n", r.Addr())
	in := bufio.NewReader(conn)
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
		t.Fatalf("the body is not asked for: %q, %v", line, err)
	}
	fmt.Fprint(conn, "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nRIFF")
	r.stop()
	in.ReadString('\n') // the empty line behind 100
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "server_stopping") {
		t.Errorf("%s %s", response.Status, body)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func TestAnAddressInUseIsSaid(t *testing.T) {
	r := run(t, Options{})
	_, err := Listen(r.Addr().String(), Options{})
	if err == nil || !strings.Contains(err.Error(), "cannot listen on "+r.Addr().String()) {
		t.Errorf("error %v", err)
	}
}

// Sessions of OpenAI's clients have the door of the model, and end with the server.
func TestRealtimeSessionsEndWithTheServer(t *testing.T) {
	r := run(t, Options{})
	socket, _, err := websocket.DefaultDialer.Dial(fmt.Sprintf("ws://%s/v1/realtime/translations?model=gpt-realtime-translate", r.Addr()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, want := range []string{"session.created", "session.closed"} {
		var event struct{ Type string }
		if err := socket.ReadJSON(&event); err != nil || event.Type != want {
			t.Fatalf("got %q and %v, want %s", event.Type, err, want)
		}
		r.stop()
	}
	if _, _, err := socket.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("it ended with %v", err)
	}
}

// A key that a client makes opens sessions, in no more rooms than its maker's.
func TestKeysOpenRealtimeSessions(t *testing.T) {
	tokens := access.NewTokens([]string{access.New(access.Admin)})
	r := run(t, Options{Tokens: tokens})
	rooms := map[string]string{"": "", "hall": "hall"} // of the maker
	for room, own := range rooms {
		maker, _ := tokens.Mint(access.Speak, room, time.Minute)
		_, reply := r.ask(t, "POST", "/v1/realtime/translations/client_secrets", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+maker) })
		var key struct {
			Value   string
			Expires int64 `json:"expires_at"`
		}
		if err := json.Unmarshal([]byte(reply), &key); err != nil || time.Until(time.Unix(key.Expires, 0)) > time.Minute {
			t.Fatalf("%s, %v", reply, err)
		}
		for wanted, fine := range map[string]bool{own: true, "elsewhere": room == ""} {
			dialer := websocket.Dialer{Subprotocols: []string{"realtime", "openai-insecure-api-key." + key.Value}}
			socket, _, err := dialer.Dial(fmt.Sprintf("ws://%s/v1/realtime/translations?room=%s", r.Addr(), wanted), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer socket.Close()
			var event struct{ Type string }
			socket.ReadJSON(&event) // session.created
			socket.WriteMessage(websocket.TextMessage, []byte("{}"))
			_, data, err := socket.ReadMessage()
			if refused := strings.Contains(string(data), "another room"); err != nil || refused == fine {
				t.Errorf("a key for %q in %q: %s, %v", room, wanted, data, err)
			}
		}
	}
	if _, response, err := websocket.DefaultDialer.Dial(fmt.Sprintf("ws://%s/v1/realtime", r.Addr()), nil); err == nil || response.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a key: %v", err)
	}
}
