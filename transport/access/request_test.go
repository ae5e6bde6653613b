package access

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestWhereATokenMayBe(t *testing.T) {
	for _, tt := range []struct {
		header, value, want string
	}{
		{"Authorization", "Bearer abc", "abc"},
		{"Authorization", "bearer abc ", "abc"},
		{"Authorization", "Token abc", "abc"},
		{"Authorization", "Basic abc", ""},
		{"Authorization", "abc", ""},
		{"Authorization", "Bearer", ""},
		{"Sec-WebSocket-Protocol", "sotto.v1, sotto.token.abc", "abc"},
		{"Sec-WebSocket-Protocol", "sotto.token.abc,sotto.v1", "abc"},
		{"Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.abc, openai-beta.realtime-v1", "abc"},
		{"Sec-WebSocket-Protocol", "token, abc", "abc"},
		{"Sec-WebSocket-Protocol", "bearer,abc", "abc"},
		{"Sec-WebSocket-Protocol", "token", ""},
		{"Sec-WebSocket-Protocol", "sotto.v1", ""},
		{"Cookie", "sotto_session=abc", ""},
		{"X-Token", "abc", ""},
	} {
		r := httptest.NewRequest("GET", "/v1/stream?token=query&access_token=query", nil)
		r.Header.Set(tt.header, tt.value)
		if got := TokenOf(r); got != tt.want {
			t.Errorf("%s: %s gives %q, want %q", tt.header, tt.value, got, tt.want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Sec-Websocket-Protocol"] = []string{"sotto.v1", "sotto.token.abc"} // two lines of one header
	if got := TokenOf(r); got != "abc" {
		t.Errorf("on a second line: %q", got)
	}
}

func TestWhatARequestGives(t *testing.T) {
	speak, view := New(Speak), New(View)
	tokens := NewTokens([]string{speak, view})
	session, _, _ := tokens.Session(view, time.Hour)
	for name, tt := range map[string]struct {
		header http.Header
		want   Role
		method string // "": GET
	}{
		"nothing":                     {http.Header{}, Anyone, ""},
		"a token":                     {http.Header{"Authorization": {"Bearer " + speak}}, Speak, ""},
		"a wrong token":               {http.Header{"Authorization": {"Bearer " + speak[1:]}}, Anyone, ""},
		"a session":                   {http.Header{"Cookie": {Cookie + "=" + session}}, View, ""},
		"a stale session and a good":  {http.Header{"Cookie": {Cookie + "=x; " + Cookie + "=" + session}}, View, ""},
		"a token in the cookie":       {http.Header{"Cookie": {Cookie + "=" + speak}}, Anyone, ""},
		"a token before a session":    {http.Header{"Authorization": {"Bearer " + speak}, "Cookie": {Cookie + "=" + session}}, Speak, ""},
		"a wrong token and a session": {http.Header{"Authorization": {"Bearer x"}, "Cookie": {Cookie + "=" + session}}, Anyone, ""},
		"a page's socket":             {http.Header{"Upgrade": {"websocket"}, "Origin": {"http://a"}, "Cookie": {Cookie + "=" + session}}, View, ""},
		"a change by no page":         {http.Header{"Cookie": {Cookie + "=" + session}}, Anyone, "DELETE"},
		"a socket of no page":         {http.Header{"Upgrade": {"websocket"}, "Cookie": {Cookie + "=" + session}}, Anyone, ""},
	} {
		r := httptest.NewRequest(cmp.Or(tt.method, "GET"), "/", nil)
		r.Header = tt.header
		if g, ok := tokens.GrantOf(r); g.Role != tt.want || ok != (tt.want != Anyone) {
			t.Errorf("%s: %+v, %v", name, g, ok)
		}
	}
}

func TestAGrantGoesWithItsRequest(t *testing.T) {
	g := Grant{Role: Speak, Room: "hall"}
	if got := Of(With(t.Context(), g)); got != g {
		t.Errorf("%+v", got)
	}
	if got := Of(t.Context()); got.Allows(View, "") {
		t.Errorf("nobody was asked, and it gives %+v", got)
	}
}
