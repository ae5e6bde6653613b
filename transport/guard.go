package transport

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"sotto/transport/access"
)

// call is a request on its way to a door.
type call struct {
	*http.Request
	pattern string // of the door; "": there is none
	open    bool   // to every page and everyone
	grant   access.Grant
}

// refusal is why a request does not come to its door.
type refusal struct {
	status        int
	code, message string
	retry         int // seconds after which to come again; 0: not for waiting
}

// guard lets a request through to its door, or answers it. The order matters: a
// wrong name is a rebound one whatever page it is from, and a page that is not
// ours is not told whether its token is good.
func (s *Server) guard(doors *doors) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		c := &call{Request: r}
		defer s.reportFault(c)
		_, c.pattern = doors.Handler(r)
		c.open = doors.open[c.pattern]
		for _, check := range []func(*call) *refusal{turnedAway, s.knownHost, s.knownPage, s.mayEnter, s.smallBody} {
			if no := check(c); no != nil {
				s.answer(w, c, no)
				return
			}
		}
		if !ownBody(c.pattern) && r.ContentLength != 0 {
			s.bound(w, r)
		}
		doors.ServeHTTP(w, r.WithContext(access.With(r.Context(), c.grant)))
	})
}

// reportFault logs a fault of ours, which ends this request's connection.
func (s *Server) reportFault(c *call) {
	if p := recover(); p != nil && p != http.ErrAbortHandler {
		s.options.Log.Error("request failed", "door", c.pattern, "error", fmt.Sprint(p), "stack", string(debug.Stack()))
		panic(http.ErrAbortHandler)
	}
}

// secure tells browsers what an answer of ours may do: nothing but what the page
// needs, for nobody but the page.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// mayEnter asks for the token that a door needs.
func (s *Server) mayEnter(c *call) *refusal {
	c.grant = access.Everything
	if s.options.Tokens == nil {
		return nil
	}
	var known bool
	c.grant, known = s.options.Tokens.GrantOf(c.Request)
	need := roleFor(c.pattern)
	switch {
	case c.open || need == access.Anyone:
	case !known:
		return &refusal{http.StatusUnauthorized, "token_missing", "the token is missing or not valid; programs send it as Authorization: Bearer, pages are opened by a link with it; get a new one from the owner", 0}
	case !c.grant.Allows(need, ""):
		return &refusal{http.StatusForbidden, "token_role", fmt.Sprintf("a %s token is not enough here, this takes one to %s", c.grant.Role, need), 0}
	case !c.grant.Allows(need, roomOf(c.URL.Path)):
		return &refusal{http.StatusNotFound, "room", "there is no such room, or your token is not for it", 0}
	}
	return nil
}

// roomOf is the room that a path names, "" for none.
func roomOf(path string) string {
	for _, before := range []string{"/rooms/", "/whip/"} {
		if rest, found := strings.CutPrefix(path, before); found {
			id, _, _ := strings.Cut(rest, "/")
			return id
		}
	}
	return ""
}

// bound gives a body a size, and a time to come. Where a door does not read it, the
// server does.
func (s *Server) bound(w http.ResponseWriter, r *http.Request) {
	limits, control := s.rules.Load().HTTP, http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(limits.BodyTime))
	r.Body = http.MaxBytesReader(w, &timedBody{r.Body, control}, int64(limits.Body))
}

// timedBody takes the deadline away behind the body's end. A door may answer for
// longer.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (s *Server) smallBody(c *call) *refusal {
	if limit := s.rules.Load().HTTP.Body; c.ContentLength > int64(limit) && !ownBody(c.pattern) {
		return &refusal{http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("the body is larger than %d bytes", limit), 0}
	}
	return nil
}

// answer refuses. Below /v1 it does so in the form that clients of OpenAI's read.
func (s *Server) answer(w http.ResponseWriter, c *call, no *refusal) {
	s.options.Log.Debug("request refused", "door", c.pattern, "status", no.status, "code", no.code)
	h := w.Header()
	if c.ContentLength != 0 { // the server waits for the body before it answers
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.rules.Load().HTTP.BodyTime))
	}
	if no.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(no.retry))
	}
	if no.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="sotto"`)
	}
	if turnedAway(c) != nil {
		h.Set("Connection", "close")
	}
	h.Set("Cache-Control", "no-store")
	if !strings.HasPrefix(c.URL.Path, "/v1/") {
		http.Error(w, no.message, no.status)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"message": no.message, "type": "invalid_request_error", "param": nil, "code": no.code,
	}})
}
