package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"sotto/transport/access"
	"sotto/transport/strictjson"
)

// session exchanges a page's token for a cookie that scripts cannot read. Whoever
// may do more already keeps that: who speaks may open the readers' link.
func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Token string `json:"token"`
	}
	if no := read(r, &asked); no != nil {
		s.answer(w, &call{Request: r, pattern: r.Pattern}, no)
		return
	}
	grant, ok := access.Everything, true
	if tokens := s.options.Tokens; tokens != nil {
		var text string
		if text, grant, ok = tokens.Session(asked.Token, s.rules.Load().HTTP.Session); ok && !exceeds(access.Of(r.Context()), grant) {
			s.setCookie(w, r, text, grant.Expires)
		}
	}
	if !ok {
		s.answer(w, &call{Request: r, pattern: r.Pattern}, &refusal{http.StatusUnauthorized, "token_missing", "the token is not valid any more; get a new link from the owner", 0})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"role": grant.Role.String(), "room": grant.Room})
}

// exceeds reports whether what somebody has is more than what a token gives.
func exceeds(has, given access.Grant) bool {
	return has.Role > given.Role && has.Allows(given.Role, given.Room)
}

// setCookie is for TLS alone where the page came by it: from us, or from a proxy,
// which its browser says in Origin.
func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, text string, expires time.Time) {
	secure := s.Secure() || strings.HasPrefix(r.Header.Get("Origin"), "https://")
	http.SetCookie(w, &http.Cookie{
		Name: access.Cookie, Value: text, Path: "/", Expires: expires,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	})
}

// read reads the JSON object that a request consists of.
func read(r *http.Request, into any) *refusal {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, "content_type", "the content type must be application/json", 0}
	}
	data, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &refusal{http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("the body is larger than %d bytes", large.Limit), 0}
	case err != nil:
		return &refusal{http.StatusBadRequest, "body", "the body did not come to its end", 0}
	}
	if err := strictjson.Unmarshal(data, into); err != nil {
		return &refusal{http.StatusBadRequest, "json", err.Error(), 0}
	}
	return nil
}
