package transport

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"sotto/transport/access"
)

// invited asks for an invitation and returns what came.
func (r *running) invited(t *testing.T, room, token string) (status int, given struct {
	Token   string
	Expires time.Time
}) {
	t.Helper()
	response, body := r.ask(t, "POST", "/rooms/"+room+"/invitation", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+token) })
	if response.StatusCode == 200 {
		if err := json.Unmarshal([]byte(body), &given); err != nil || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v, %v", body, err, response.Header)
		}
	}
	return response.StatusCode, given
}

// Who speaks lets others read the one room, for as long as a session and no longer
// than he may speak himself.
func TestAnInvitationIsForOneRoomAndAWhile(t *testing.T) {
	speak := access.New(access.Speak)
	tokens := access.NewTokens([]string{speak})
	r := run(t, Options{Tokens: tokens})
	status, given := r.invited(t, "hall", speak)
	grant, ok := tokens.Check(given.Token)
	if status != 200 || !ok || grant.Role != access.View || grant.Room != "hall" {
		t.Fatalf("%d, %+v gives %+v", status, given, grant)
	}
	if left := time.Until(given.Expires); left < 11*time.Hour || left > 12*time.Hour || !given.Expires.Equal(grant.Expires.Round(0)) {
		t.Errorf("it is good for %v", left)
	}
	short, _ := tokens.Mint(access.Speak, "hall", time.Minute)
	if _, given = r.invited(t, "hall", short); given.Token == "" || time.Until(given.Expires) > time.Minute {
		t.Errorf("who may speak for a minute invites for %v", time.Until(given.Expires))
	}
	view, _ := tokens.Mint(access.View, "hall", time.Hour)
	for _, tt := range []struct {
		room, token string
		want        int
	}{{"hall", view, 403}, {"hall", "", 401}, {"cellar", short, 404}, {"Hall!", speak, 400}} {
		if status, _ := r.invited(t, tt.room, tt.token); status != tt.want {
			t.Errorf("%s: %d, want %d", tt.room, status, tt.want)
		}
	}
}

func TestWhereNobodyIsAskedAnInvitationIsEmpty(t *testing.T) {
	r := run(t, Options{})
	if status, given := r.invited(t, "hall", ""); status != 200 || given.Token != "" || !given.Expires.IsZero() || r.Invite("hall") != "" {
		t.Errorf("%d %+v", status, given)
	}
}
