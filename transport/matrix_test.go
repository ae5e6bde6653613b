package transport

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/transport/access"
	"sotto/transport/metrics"
)

// The matrix asks a server everything that differs in the name it is called by,
// the page, the browser's word about the page, the token, the method and the door,
// in bytes on a socket. What has to come is said by a rule over those kinds,
// which shares nothing with the code.

type matrixHost struct {
	name string // PORT is the server's
	ours bool
}

type matrixPage struct {
	origins string // header lines; HOST is what the request calls the server
	kind    string // none, own, allowed or foreign
}

type matrixSite struct {
	headers   string
	foreign   bool
	followsUp bool // a link to a page of its own
}

type matrixDoor struct {
	method, path string
	upgrade      bool
	everyone     bool
	need         int // 0 nothing, 1 view, 2 speak, 3 admin
	status       int // when it is reached
}

var (
	matrixHosts = []matrixHost{
		{"127.0.0.1:PORT", true}, {"LocalHost:PORT", true}, {"[::1]:PORT", true}, {"captions.example", true}, {"proxy.example:8443", true},
		{"evil.example:PORT", false}, {"evil.example", false}, {"127.0.0.1:1", false}, {"proxy.example", false}, {"127.0.0.1.evil.example:PORT", false}, {"", false},
	}
	matrixPages = []matrixPage{
		{"", "none"}, {"Origin: http://HOST\r\n", "own"}, {"Origin: https://page.example\r\n", "allowed"},
		{"Origin: http://page.example\r\n", "foreign"}, {"Origin: http://evil.example\r\n", "foreign"}, {"Origin: null\r\n", "foreign"},
		{"Origin: http://HOST\r\nOrigin: http://evil.example\r\n", "foreign"}, {"Origin: http://HOST@evil.example\r\n", "foreign"},
	}
	matrixSites = []matrixSite{
		{"", false, false}, {"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", false, false},
		{"Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", false, false},
		{"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", true, false},
		{"Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", true, false},
		{"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", true, true},
		{"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", true, false},
	}
	matrixDoors = []matrixDoor{
		{"GET", "/", false, true, 0, 200}, {"GET", "/healthz", false, true, 0, 200}, {"GET", "/readyz", false, true, 0, 200},
		{"GET", "/demo.ogg", false, true, 0, 200}, {"GET", "/nothing", false, true, 0, 404}, {"HEAD", "/", false, true, 0, 200},
		{"GET", "/v1/stream", true, false, 2, 101}, {"GET", "/v1/stream", false, false, 2, 400},
		{"GET", "/v1/models", false, false, 2, 200}, {"POST", "/v1/audio/transcriptions", false, false, 2, 400},
		{"GET", "/v1/listen?encoding=linear16&sample_rate=16000&language=es", true, false, 2, 101}, {"GET", "/v1/whisperlive", false, false, 2, 400},
		{"GET", "/v1/realtime", false, false, 2, 400}, {"POST", "/v1/realtime/client_secrets", false, false, 2, 200},
		{"GET", "/rooms/none/events", false, false, 1, 404}, {"GET", "/rooms/none/captions.txt", false, false, 1, 404},
		{"POST", "/rooms/none/invitation", false, false, 2, 200},
		{"GET", "/metrics", false, false, 3, 200},
		{"POST", "/v1/session", false, false, 0, 415}, {"DELETE", "/rooms/none/events", false, false, 0, 405},
		{"POST", "/", false, false, 0, 405}, {"OPTIONS", "/rooms/none/events", false, false, 0, 204}, {"PUT", "/v1/stream", false, false, 0, 405},
	}
	matrixTokens = []string{"none", "wrong", "view", "speak", "admin", "cookie"} // the cookie is of who speaks
)

// expected is the rule: the name, then the page, then the token.
func expected(h matrixHost, p matrixPage, s matrixSite, d matrixDoor, token string, asks bool) int {
	reads := d.method == "GET" || d.method == "HEAD"
	trusted := p.kind == "allowed" || p.kind != "foreign" && (!s.foreign || s.followsUp && reads)
	has := map[string]int{"view": 1, "speak": 2, "admin": 3, "cookie": 2}[token]
	if token == "cookie" && (d.upgrade || !reads) && p.kind == "none" {
		has = 0
	}
	switch {
	case h.name == "":
		return 400
	case !h.ours:
		return 403
	case d.everyone:
		return d.status
	case !trusted:
		return 403
	case asks && d.need > 0 && has == 0:
		return 401
	case asks && has < d.need:
		return 403
	}
	return d.status
}

// rawClient sends requests as they are written, on one connection as long as it
// stays open.
type rawClient struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
}

func (c *rawClient) ask(t *testing.T, request, method string) (*http.Response, string) {
	t.Helper()
	for again := false; ; again = true {
		if c.conn == nil {
			conn, err := net.Dial("tcp", c.address)
			if err != nil {
				t.Fatal(err)
			}
			c.conn, c.in, again = conn, bufio.NewReader(conn), true
		}
		c.conn.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(c.conn, request)
		response, err := http.ReadResponse(c.in, &http.Request{Method: method})
		if err != nil && !again {
			c.close() // the server had closed it
			continue
		}
		if err != nil {
			t.Fatalf("%v after\n%s", err, request)
		}
		if response.StatusCode == http.StatusSwitchingProtocols {
			c.close()
			return response, ""
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatalf("%v after\n%s", err, request)
		}
		if response.Close {
			c.close()
		}
		return response, string(body)
	}
}

func (c *rawClient) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// written collects a log.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// logged has the server log everything into w.
func logged(w io.Writer) func(*Options) {
	return func(opt *Options) {
		opt.Log = slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

func TestEveryRequestIsJudgedAsTheRuleSays(t *testing.T) {
	for _, asks := range []bool{true, false} {
		t.Run(map[bool]string{true: "with tokens", false: "open"}[asks], func(t *testing.T) {
			askEverything(t, asks)
		})
	}
}

func askEverything(t *testing.T, asks bool) {
	tokens := map[string]string{"wrong": access.New(access.Admin), "view": access.New(access.View), "speak": access.New(access.Speak), "admin": access.New(access.Admin)}
	known := access.NewTokens([]string{tokens["view"], tokens["speak"], tokens["admin"]})
	tokens["cookie"], _, _ = known.Session(tokens["speak"], time.Hour)
	var log written
	opt := Options{Metrics: metrics.New(), Rules: Rules{Hosts: []string{"captions.example", "proxy.example:8443"}, Origins: []string{"https://page.example"}}}
	if asks {
		opt.Tokens = known
	}
	r := run(t, opt, logged(&log))
	client := &rawClient{address: r.Addr().String()}
	defer client.close()
	n, wrong := 0, 0
	for number := range len(matrixHosts) * len(matrixPages) * len(matrixSites) * len(matrixTokens) * len(matrixDoors) {
		rest := number
		pick := func(of int) int { i := rest % of; rest /= of; return i }
		d, token := matrixDoors[pick(len(matrixDoors))], matrixTokens[pick(len(matrixTokens))]
		s, p, h := matrixSites[pick(len(matrixSites))], matrixPages[pick(len(matrixPages))], matrixHosts[pick(len(matrixHosts))]
		if number%matrixStep() != 0 {
			continue
		}
		n++
		response, body := client.ask(t, requestOf(r, h, p, s, d, token, tokens[token]), d.method)
		if want := expected(h, p, s, d, token, asks); response.StatusCode != want {
			if wrong++; wrong < 20 {
				t.Errorf("Host %q, page %q, site %q, token %s, %s %s: %s %q, want %d", h.name, p.origins, s.headers, token, d.method, d.path, response.Status, body, want)
			}
		}
		if h.ours && response.Header.Get("X-Content-Type-Options") != "nosniff" && response.StatusCode != 101 {
			t.Errorf("%s %s: %s without the headers of every answer", d.method, d.path, response.Status)
		}
	}
	t.Logf("%d requests, %d answered otherwise than the rule says", n, wrong)
	for name, token := range tokens {
		if strings.Contains(log.String(), token) {
			t.Errorf("the log holds the %s token", name)
		}
	}
}

// matrixStep leaves most of the cells out where time is short. It shares no factor
// with the lengths of the lists, so that every pair still meets.
func matrixStep() int {
	if testing.Short() {
		return 131
	}
	return 13
}

// requestOf is a request in bytes.
func requestOf(r *running, h matrixHost, p matrixPage, s matrixSite, d matrixDoor, kind, token string) string {
	_, port, _ := net.SplitHostPort(r.Addr().String())
	host := strings.ReplaceAll(h.name, "PORT", port)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", d.method, d.path)
	if host != "" {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	b.WriteString(strings.ReplaceAll(p.origins, "HOST", host) + s.headers)
	switch kind {
	case "none":
	case "cookie":
		fmt.Fprintf(&b, "Cookie: a=b; %s=%s\r\n", access.Cookie, token)
	default:
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if d.upgrade {
		b.WriteString("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
	}
	if d.method != "GET" && d.method != "HEAD" {
		b.WriteString("Content-Length: 0\r\n")
	}
	return b.String() + "\r\n"
}

// What is no request, or too much of one, does not come to a door.
func TestMalformedRequests(t *testing.T) {
	r := run(t, Options{Rules: Rules{HTTP: HTTPLimits{BodyTime: 100 * time.Millisecond}}})
	at := r.Addr().String()
	for name, tt := range map[string]struct {
		request string
		status  int
	}{
		"no host":          {"GET / HTTP/1.1\r\n\r\n", 400},
		"two hosts":        {"GET / HTTP/1.1\r\nHost: " + at + "\r\nHost: " + at + "\r\n\r\n", 400},
		"space in host":    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		"old, no host":     {"GET / HTTP/1.0\r\n\r\n", 403},
		"absolute":         {"GET http://evil.example/ HTTP/1.1\r\nHost: " + at + "\r\n\r\n", 403},
		"large header":     {"GET / HTTP/1.1\r\nHost: " + at + "\r\nX: " + strings.Repeat("x", 32<<10) + "\r\n\r\n", 431},
		"large body":       {"POST /v1/session HTTP/1.1\r\nHost: " + at + "\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n", 413},
		"endless body":     {"POST /v1/session HTTP/1.1\r\nHost: " + at + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" + strings.Repeat(" ", 0x20000) + "\r\n", 413},
		"bad chunk":        {"POST /v1/session HTTP/1.1\r\nHost: " + at + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		"trace":            {"TRACE / HTTP/1.1\r\nHost: " + at + "\r\n\r\n", 405},
		"connect":          {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", 403},
		"connect to us":    {"CONNECT " + at + " HTTP/1.1\r\nHost: " + at + "\r\n\r\n", 405},
		"dots":             {"GET /../../etc/passwd HTTP/1.1\r\nHost: " + at + "\r\n\r\n", 307},
		"hidden dots":      {"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: " + at + "\r\n\r\n", 404},
		"backslashes":      {"GET /..\\..\\etc\\passwd HTTP/1.1\r\nHost: " + at + "\r\n\r\n", 404},
		"nul":              {"GET /%00 HTTP/1.1\r\nHost: " + at + "\r\n\r\n", 404},
		"version":          {"GET / HTTP/3.0\r\nHost: " + at + "\r\n\r\n", 505},
		"another protocol": {"SSH-2.0-x\r\n\r\n", 400},
	} {
		client := &rawClient{address: at}
		response, body := client.ask(t, tt.request, "GET")
		client.close()
		if response.StatusCode != tt.status || strings.Contains(body, "root:") {
			t.Errorf("%s: %s %q, want %d", name, response.Status, body, tt.status)
		}
	}
}

func TestWhatDoesNotComeIsNotWaitedForLong(t *testing.T) {
	r := run(t, Options{Rules: Rules{HTTP: HTTPLimits{HeaderTime: 50 * time.Millisecond, BodyTime: 50 * time.Millisecond}}})
	for _, begin := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", "POST / HTTP/1.1\r\nHost: " + r.Addr().String() + "\r\nContent-Length: 9\r\n\r\n", "POST /v1/session HTTP/1.1\r\nHost: " + r.Addr().String() + "\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"} {
		conn, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, begin)
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.ReadAll(conn); err != nil {
			t.Errorf("after %q: %v", begin, err)
		}
		conn.Close()
	}
}
