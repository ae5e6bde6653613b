package realtime

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	maxBody = 64 << 10 // bytes of a request for a key
	maxKeys = 1000     // whose sessions are remembered

	keyLife             = 600.0 // seconds, unless the client says
	leastLife, mostLife = 10.0, 7200.0

	bodyTimeout = 10 * time.Second

	keyPrefix = "openai-insecure-api-key."
)

// keys remember the sessions that keys were made for, until they expire.
type keys struct {
	mu   sync.Mutex
	made map[string]made
}

type made struct {
	config  config
	expires time.Time
}

// add remembers a key. When there are too many, those that expired go, else any
// one: its session then begins with the defaults.
func (k *keys) add(secret string, m made) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.made == nil {
		k.made = make(map[string]made)
	}
	if len(k.made) >= maxKeys {
		k.forget(time.Now())
	}
	k.made[secret] = m
}

func (k *keys) forget(now time.Time) {
	for secret, m := range k.made {
		if now.After(m.expires) {
			delete(k.made, secret)
		}
	}
	for secret := range k.made {
		if len(k.made) < maxKeys {
			return
		}
		delete(k.made, secret)
	}
}

// config is what a session of a kind begins with.
func (k *keys) config(secret, kind string) config {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m, ok := k.made[secret]; ok && m.config.kind == kind && time.Now().Before(m.expires) {
		return m.config
	}
	return newConfig(kind)
}

// keyOf returns the key that a client comes with.
func keyOf(r *http.Request) string {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key
	}
	offered := offers(r, func(p string) bool { return strings.HasPrefix(p, keyPrefix) })
	return strings.TrimPrefix(offered, keyPrefix)
}

// wish is what a request for a key says.
type wish struct {
	config config
	label  label
	ttl    time.Duration
}

// newSecret makes a key to a session, and says how that would begin.
func (h *Handler) newSecret(w http.ResponseWriter, r *http.Request) {
	body, f := readBody(w, r)
	var asked wish
	if f == nil {
		asked, f = h.wish(r, body)
	}
	secret, expires, f := h.mint(r.Context(), asked, f)
	if f != nil {
		refuseSecret(w, f)
		return
	}
	writeJSON(w, http.StatusOK, shape{"value": secret, "expires_at": expires.Unix(), "session": asked.config.session(asked.label)})
}

func (h *Handler) wish(r *http.Request, body node) (wish, *fault) {
	session := body.at("session")
	life, anchor := keyLife, ""
	body.at("expires_after").at("seconds").number(&life, leastLife, mostLife)
	body.at("expires_after").at("anchor").text(&anchor)
	if anchor != "" && anchor != "created_at" {
		body.at("expires_after").at("anchor").refuse("%.32q is not created_at", anchor)
	}
	kind, model := transcription, h.model()
	if strings.HasPrefix(r.URL.Path, translations) {
		kind = translation
	}
	session.at("model").text(&model)
	return h.fulfil(kind, model, life, session)
}

// fulfil checks what the session would be.
func (h *Handler) fulfil(kind, model string, life float64, session node) (wish, *fault) {
	asked := wish{newConfig(kind), newLabel(model, time.Now()), time.Duration(life) * time.Second}
	if f := asked.config.read(session); f != nil {
		return asked, f
	}
	if f := h.checkModel(model); f != nil {
		return asked, f
	}
	return asked, h.check(&asked.config)
}

// newBetaSecret is newSecret as it was before there were several kinds of
// sessions.
func (h *Handler) newBetaSecret(w http.ResponseWriter, r *http.Request) {
	body, f := readBody(w, r)
	var asked wish
	if f == nil {
		life := keyLife
		body.at("client_secret").at("expires_at").at("seconds").number(&life, leastLife, mostLife)
		asked, f = h.fulfil(transcription, h.model(), life, body)
	}
	secret, expires, f := h.mint(r.Context(), asked, f)
	if f != nil {
		refuseSecret(w, f)
		return
	}
	session := asked.config.beta(asked.label)
	session["client_secret"] = shape{"value": secret, "expires_at": expires.Unix()}
	writeJSON(w, http.StatusOK, session)
}

// mint makes a key, unless there was a fault before, and remembers what for.
func (h *Handler) mint(ctx context.Context, asked wish, before *fault) (secret string, expires time.Time, f *fault) {
	if before != nil {
		return "", time.Time{}, before
	}
	secret, expires = newID("ek"), time.Now().Add(asked.ttl)
	if h.opt.Mint != nil {
		var err error
		if secret, expires, err = h.opt.Mint(ctx, asked.ttl); err != nil {
			h.opt.Log.Error("no key could be made", "error", err)
			return "", time.Time{}, failed("internal_error", "no key could be made; the server's log says why")
		}
	}
	h.keys.add(secret, made{asked.config, expires})
	return secret, expires, nil
}

func refuseSecret(w http.ResponseWriter, f *fault) {
	status := http.StatusBadRequest
	if f.Type == "server_error" {
		status = http.StatusInternalServerError
	}
	f.answer(w, status, 0)
}

// readBody reads a request's JSON; none is an empty object.
func readBody(w http.ResponseWriter, r *http.Request) (node, *fault) {
	conn := http.NewResponseController(w)
	conn.SetReadDeadline(time.Now().Add(bodyTimeout)) // not every connection has one
	defer conn.SetReadDeadline(time.Time{})
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	switch {
	case err != nil:
		return node{}, invalid("", "invalid_body", "the body cannot be read, or is longer than %d bytes", maxBody)
	case len(data) == 0:
		data = []byte("{}")
	}
	return parse(data)
}
