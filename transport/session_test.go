package transport

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/access"
	"sotto/transport/room"
)

// post sends a body to /v1/session.
func (r *running) post(t *testing.T, kind, body string) (*http.Response, string) {
	t.Helper()
	client := &rawClient{address: r.Addr().String()}
	defer client.close()
	request, err := http.NewRequest("POST", "http://"+r.Addr().String()+"/v1/session", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	var raw strings.Builder
	request.Write(&raw)
	return client.ask(t, raw.String(), "POST")
}

func TestATokenIsExchangedForACookie(t *testing.T) {
	speak := access.New(access.Speak)
	r := run(t, Options{Tokens: access.NewTokens([]string{speak})})
	response, body := r.post(t, "application/json; charset=utf-8", `{"token":"`+speak+`"}`)
	cookies := response.Cookies()
	if response.StatusCode != 200 || strings.TrimSpace(body) != `{"role":"speak","room":""}` || len(cookies) != 1 {
		t.Fatalf("%s %s %v", response.Status, body, cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure || strings.Contains(c.String(), speak[12:]) {
		t.Errorf("the cookie is %s", c)
	}
	if left := time.Until(c.Expires); left < 11*time.Hour || left > 12*time.Hour {
		t.Errorf("it is good for %v", left)
	}
	models, _ := r.ask(t, "GET", "/v1/models", func(r *http.Request) { r.AddCookie(c) })
	if models.StatusCode != 200 {
		t.Errorf("with the cookie: %s", models.Status)
	}
}

func TestExchangesThatAreRefused(t *testing.T) {
	speak := access.New(access.Speak)
	r := run(t, Options{Tokens: access.NewTokens([]string{speak})})
	good := `{"token":"` + speak + `"}`
	for _, tt := range []struct {
		kind, body string
		status     int
		says       string
	}{
		{"application/json", `{"token":"` + access.New(access.Speak) + `"}`, 401, "get a new link"},
		{"application/json", `{}`, 401, "get a new link"},
		{"text/plain", good, 415, "must be application/json"},
		{"application/x-www-form-urlencoded", "token=" + speak, 415, "must be application/json"},
		{"", good, 415, "must be application/json"},
		{"application/json", good + "{}", 400, "after top-level value"},
		{"application/json", `{"token":"x","token":"` + speak + `"}`, 400, `field \"token\": given twice`},
		{"application/json", `{"Token":"` + speak + `"}`, 400, `field \"Token\": written \"token\"`},
		{"application/json", `{"token":"` + speak + `","role":"admin"}`, 400, `field \"role\": unknown`},
		{"application/json", "", 400, "not JSON"},
		{"application/json", `{"token":"` + strings.Repeat("x", 70000) + `"}`, 413, "larger than 65536 bytes"},
	} {
		response, body := r.post(t, tt.kind, tt.body)
		var problem struct {
			Error struct{ Message, Code string }
		}
		if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Error.Code == "" {
			t.Errorf("%q: %v", body, err)
		}
		if response.StatusCode != tt.status || !strings.Contains(body, tt.says) || len(response.Cookies()) != 0 {
			t.Errorf("%s %.60q: %s %s, want %d and %q", tt.kind, tt.body, response.Status, body, tt.status, tt.says)
		}
		if strings.Contains(body, speak) {
			t.Errorf("the answer repeats the token: %s", body)
		}
	}
}

// Whoever speaks may open the readers' link in the same browser and speaks on.
func TestALesserTokenDoesNotTakeAway(t *testing.T) {
	speak := access.New(access.Speak)
	tokens := access.NewTokens([]string{speak})
	r := run(t, Options{Tokens: tokens})
	hall, _ := tokens.Mint(access.View, "hall", time.Hour)
	for _, tt := range []struct {
		has, given string
		kept       bool
	}{{speak, hall, true}, {hall, speak, false}, {hall, hall, false}, {"", hall, false}} {
		response, body := r.ask(t, "POST", "/v1/session", func(q *http.Request) {
			q.Header.Set("Content-Type", "application/json")
			q.Header.Set("Origin", "http://"+r.Addr().String())
			if cookie, _, ok := tokens.Session(tt.has, time.Hour); ok {
				q.AddCookie(&http.Cookie{Name: access.Cookie, Value: cookie})
			}
			q.Body = io.NopCloser(strings.NewReader(`{"token":"` + tt.given + `"}`))
			q.ContentLength = int64(len(tt.given) + len(`{"token":""}`))
		})
		if response.StatusCode != 200 || (len(response.Cookies()) == 0) != tt.kept {
			t.Errorf("%.6s comes to %.6s: %s %s %v", tt.given, tt.has, response.Status, body, response.Cookies())
		}
	}
}

// A browser that came by TLS to a proxy does not send the cookie without it.
func TestBehindAProxyWithTLSTheCookieIsForTLSAlone(t *testing.T) {
	speak := access.New(access.Speak)
	r := run(t, Options{Tokens: access.NewTokens([]string{speak}), Rules: Rules{Hosts: []string{"captions.example"}}})
	for scheme, secure := range map[string]bool{"https": true, "http": false} {
		response, body := r.ask(t, "POST", "/v1/session", func(q *http.Request) {
			q.Host = "captions.example"
			q.Header.Set("Content-Type", "application/json")
			q.Header.Set("Origin", scheme+"://captions.example")
			q.Body, q.ContentLength = io.NopCloser(strings.NewReader(`{"token":"`+speak+`"}`)), int64(len(speak)+len(`{"token":""}`))
		})
		if c := response.Cookies(); response.StatusCode != 200 || len(c) != 1 || c[0].Secure != secure {
			t.Errorf("%s: %s %s %v", scheme, response.Status, body, c)
		}
	}
}

// Where nobody is asked, a link with a token works as well.
func TestAnOpenServerTakesAnyToken(t *testing.T) {
	response, body := run(t, Options{}).post(t, "application/json", `{"token":"sotto_speak_x"}`)
	if response.StatusCode != 200 || strings.TrimSpace(body) != `{"role":"admin","room":""}` || len(response.Cookies()) != 0 {
		t.Errorf("%s %s", response.Status, body)
	}
}

// Whoever has a token for a room cannot find out which others there are.
func TestAForbiddenRoomIsLikeNone(t *testing.T) {
	rooms, err := room.OpenStore("", MaxRooms, room.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"hall", "cellar"} {
		if _, err := rooms.Room(id); err != nil {
			t.Fatal(err)
		}
	}
	tokens := access.NewTokens(nil)
	secret, _ := tokens.Mint(access.View, "hall", time.Hour)
	r := run(t, Options{Tokens: tokens, Rooms: rooms})
	answer := func(path string) string {
		response, body := r.ask(t, "GET", path, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) })
		response.Header.Del("Date")
		var b strings.Builder
		response.Header.Write(&b)
		return response.Status + "\n" + b.String() + body
	}
	if own := answer("/rooms/hall/captions.txt"); !strings.HasPrefix(own, "200") {
		t.Errorf("its own room: %s", own)
	}
	for _, file := range []string{"/events", "/captions.txt", "/captions.srt?lang=en", "/nothing"} {
		if there, none := answer("/rooms/cellar"+file), answer("/rooms/attic"+file); there != none || !strings.HasPrefix(there, "404") {
			t.Errorf("a room that is there is answered with\n%s\none that is not with\n%s", there, none)
		}
	}
	if voice := answer("/v1/models"); !strings.HasPrefix(voice, "403") {
		t.Errorf("it speaks: %s", voice)
	}
}

// Doors learn who came in.
func TestTheGrantGoesToTheDoor(t *testing.T) {
	tokens := access.NewTokens(nil)
	secret, _ := tokens.Mint(access.Speak, "hall", time.Hour)
	server, model := open(t, Options{Tokens: tokens})
	defer model.Close()
	defer server.gate.Close()
	d := server.routes()
	got := make(chan access.Grant, 1)
	d.HandleFunc("GET /v1/probe", func(_ http.ResponseWriter, r *http.Request) { got <- access.Of(r.Context()) })
	d.HandleFunc("GET /forgotten", func(http.ResponseWriter, *http.Request) { t.Error("a door that has no role is open") })
	for path, want := range map[string]int{"/v1/probe": 200, "/forgotten": 403} {
		w, request := httptest.NewRecorder(), httptest.NewRequest("GET", path, nil)
		request.Host = server.Addr().String()
		request.Header.Set("Authorization", "Bearer "+secret)
		server.guard(d).ServeHTTP(w, request)
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if g := <-got; g.Role != access.Speak || g.Room != "hall" {
		t.Errorf("the door learns %+v", g)
	}
}

// A token for one room opens voices in that room alone.
func TestAVoiceSpeaksInTheRoomOfItsToken(t *testing.T) {
	tokens := access.NewTokens(nil)
	token, _ := tokens.Mint(access.Speak, "hall", time.Hour)
	r := run(t, Options{Tokens: tokens}, pocketVoice(t))
	if w, body := r.ask(t, "POST", "/v1/audio/transcriptions", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+token) }); w.StatusCode != http.StatusForbidden {
		t.Errorf("a recording, which is in no room: %s %s", w.Status, body)
	}
	for room, want := range map[string]string{"hall": "started", "other": "error", "": "error"} {
		socket, _, err := websocket.DefaultDialer.Dial(r.door(), http.Header{"Sec-WebSocket-Protocol": {"sotto.v1, sotto.token." + token}})
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		next(t, socket) // hello
		socket.WriteJSON(map[string]any{"type": "start", "source": "es", "targets": []string{"en"}, "room": room})
		if kind, code, _ := next(t, socket); kind != want || kind == "error" && code != "role" || socket.Subprotocol() != "sotto.v1" {
			t.Errorf("room %s: %s %s over %q", room, kind, code, socket.Subprotocol())
		}
	}
}
