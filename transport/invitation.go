package transport

import (
	"encoding/json"
	"net/http"
	"time"

	"sotto/transport/access"
	"sotto/transport/room"
)

// Invite makes a token to read a room with, which is good for as long as a session
// of the page. Where nobody is asked for one, it is "".
func (s *Server) Invite(room string) string {
	token, _ := s.invite(room, access.Everything)
	return token
}

// invite makes the token for somebody, who cannot let others in for longer than
// what he came with.
func (s *Server) invite(room string, by access.Grant) (token string, expires time.Time) {
	if s.options.Tokens == nil {
		return "", time.Time{}
	}
	return s.options.Tokens.Mint(access.View, room, atMost(s.rules.Load().HTTP.Session, by))
}

// atMost shortens a time to what is left of a grant.
func atMost(ttl time.Duration, grant access.Grant) time.Duration {
	if grant.Expires.IsZero() {
		return ttl
	}
	return min(ttl, time.Until(grant.Expires))
}

// invitation gives who speaks in a room the token that its readers' link ends in.
func (s *Server) invitation(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("room")
	if !room.ValidID(id) {
		s.answer(w, &call{Request: r, pattern: r.Pattern}, &refusal{http.StatusBadRequest, "room", "a room is named by 1 to 64 of a-z, 0-9 and '-'", 0})
		return
	}
	var given struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires,omitzero"`
	}
	given.Token, given.Expires = s.invite(id, access.Of(r.Context()))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(given)
}
