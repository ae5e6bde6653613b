package whip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"sotto/transport/voice"
	"sotto/transport/wire"
)

const (
	offerType = "application/sdp"
	trickle   = "application/trickle-ice-sdpfrag"
	gathering = 2 * time.Second // for our own addresses to be found
)

// Mount adds the addresses.
func (d *Door) Mount(mux *http.ServeMux) {
	const endpoint, resource = "/whip/{room}", "/whip/{room}/{id}"
	for pattern, serve := range map[string]func(w http.ResponseWriter, r *http.Request) *refusal{
		"POST " + endpoint: d.publish, "PATCH " + resource: d.patch, "DELETE " + resource: d.remove,
		"OPTIONS " + endpoint: d.options, "OPTIONS " + resource: d.options,
		"GET " + endpoint: d.nothing, "GET " + resource: d.nothing,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			why := badOrigin
			if d.admits(w, r) {
				why = serve(w, r)
			}
			if why != nil {
				d.opt.Log.Info("whip refused", "method", r.Method, "why", why.Code, "status", why.status)
				why.write(w)
			}
		})
	}
}

// admits lets pages that may publish read the answers.
func (d *Door) admits(w http.ResponseWriter, r *http.Request) bool {
	if !d.opt.CheckOrigin(r) {
		return false
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After")
		h.Add("Vary", "Origin")
	}
	return true
}

// options tells a page what it may send, and every client what is published here.
func (d *Door) options(w http.ResponseWriter, r *http.Request) *refusal {
	h := w.Header()
	if r.PathValue("id") == "" {
		h.Set("Accept-Post", offerType)
	} else {
		h.Set("Accept-Patch", trickle)
	}
	if r.Header.Get("Origin") != "" {
		h.Set("Access-Control-Allow-Methods", "POST, PATCH, DELETE, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
		h.Set("Access-Control-Max-Age", "3600")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (d *Door) nothing(http.ResponseWriter, *http.Request) *refusal { return noMethod }

// publish answers an offer and begins its voice.
func (d *Door) publish(w http.ResponseWriter, r *http.Request) *refusal {
	if !d.opt.Ready() {
		return unready
	}
	opt, why := voiceOptions(r)
	if why != nil {
		return why
	}
	body, why := readBody(w, r, offerType)
	if why != nil {
		return why
	}
	offer, why := readOffer(body)
	if why != nil {
		return why
	}
	if opt.Source == "" {
		if known := d.opt.Hall.Engine.Model().Config.Profile.Sources; len(known) == 1 {
			opt.Source = known[0]
		}
	}
	v, err := d.opt.Hall.Open(opt)
	if err != nil {
		return ofVoice(err)
	}
	s := d.newSession(opt.Room, v)
	entered := false
	defer func() {
		if !entered { // also when the library panics
			s.abandon()
		}
	}()
	answer, err := s.answer(r.Context(), offer)
	if err == nil {
		if entered = d.enter(s); !entered {
			err = errStopping
		}
	}
	if err != nil {
		return d.failed(err)
	}
	go s.run(d.life)
	h := w.Header()
	h.Set("Content-Type", offerType)
	h.Set("Location", "/whip/"+s.room+"/"+s.id)
	h.Set("ETag", s.tag)
	h.Set("Link", fmt.Sprintf(`</rooms/%s/events>; rel="alternate"; type="text/event-stream"`, s.room))
	w.WriteHeader(http.StatusCreated)
	io.WriteString(w, answer)
	return nil
}

// failed explains an offer that was checked and yet has no answer.
func (d *Door) failed(err error) *refusal {
	if errors.Is(err, errStopping) {
		return unready
	}
	d.opt.Log.Warn("whip offer cannot be answered", "error", err)
	return badOffer("the offer cannot be answered")
}

// abandon lets go what a session has that is not run.
func (s *session) abandon() {
	if s.peer != nil {
		s.peer.Close()
	}
	s.voice.Close()
	s.voice.Leave()
}

// answer opens the connection and describes it.
func (s *session) answer(ctx context.Context, offer string) (string, error) {
	s.door.mu.Lock()
	api, config := s.door.api, s.door.config
	s.door.mu.Unlock()
	if api == nil {
		return "", errStopping
	}
	peer, err := api.NewPeerConnection(config)
	if err != nil {
		return "", err
	}
	s.peer = peer
	if strings.Contains(offer, "m=application ") {
		s.captions = newChannel()
		s.say(s.hello())
		s.say(&wire.Started{Room: s.voice.Room()})
	}
	s.follow()
	if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := peer.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetLocalDescription(answer); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, gathering)
	defer cancel()
	select {
	case <-gathered:
		return steer(peer.LocalDescription().SDP, offer), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// hello is the channel's first message.
func (s *session) hello() wire.Message {
	model := s.door.opt.Hall.Engine.Model()
	profile := model.Config.Profile
	return &wire.Hello{
		Protocol: wire.Version, Server: "sotto", Model: model.Name, Description: profile.Description,
		Sources: profile.Sources, Targets: profile.Targets, Formats: []string{"opus"}, MaxTargets: voice.MaxTargets,
		IdleMs: s.door.opt.Idle.Milliseconds(), DurableRooms: s.voice.Room() != nil && s.voice.Room().Durable,
	}
}

// voiceOptions reads what the address says of the voice.
func voiceOptions(r *http.Request) (voice.Options, *refusal) {
	opt := voice.Options{Room: r.PathValue("room")}
	for key, values := range r.URL.Query() {
		value := values[0]
		var err error
		switch key {
		case "source":
			opt.Source = value
		case "targets":
			opt.Targets = strings.Split(value, ",")
		case "latency":
			opt.Latency = value
		case "name":
			opt.Name = value
		case "transcribe":
			opt.Transcribe, err = strconv.ParseBool(value)
		default:
			err = errors.New("unknown")
		}
		if err != nil || len(values) > 1 {
			return opt, refuse(http.StatusBadRequest, "query", "say source=es, targets=en,fr, latency=balanced, transcribe=1 or name=…, each once", "the address has %.32q with %.64q", key, value)
		}
	}
	return opt, nil
}

// readBody reads a body of a type, at most so long as an offer may be.
func readBody(w http.ResponseWriter, r *http.Request, want string) ([]byte, *refusal) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != want {
		return nil, refuse(http.StatusUnsupportedMediaType, "sdp", "send it as "+want, "the body is %.64q", r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOffer))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, refuse(http.StatusRequestEntityTooLarge, "sdp", "offer audio alone", "offer over 16 KiB")
	case err != nil:
		return nil, badOffer("the body has no end")
	}
	return body, nil
}

// patch takes candidates of a client that finds them late. An ICE-lite server
// has no use for them, so they are only checked to be for this session.
func (d *Door) patch(w http.ResponseWriter, r *http.Request) *refusal {
	s := d.find(r.PathValue("room"), r.PathValue("id"))
	if s == nil {
		return noSession
	}
	body, why := readBody(w, r, trickle)
	if why != nil {
		return why
	}
	switch match := r.Header.Get("If-Match"); {
	case match == "":
		return noMatch
	case match == "*" || s.restarts(string(body)):
		return noRestart
	case match != s.tag:
		return changed
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// restarts reports whether a fragment has other credentials than the session.
func (s *session) restarts(fragment string) bool {
	offer := s.peer.RemoteDescription()
	for line := range strings.Lines(fragment) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "a=ice-ufrag:") && (offer == nil || !strings.Contains(offer.SDP, line+"\r\n")) {
			return true
		}
	}
	return false
}

// remove ends a session.
func (d *Door) remove(w http.ResponseWriter, r *http.Request) *refusal {
	s := d.find(r.PathValue("room"), r.PathValue("id"))
	if s == nil {
		return noSession
	}
	s.end(errStopped)
	w.WriteHeader(http.StatusOK)
	return nil
}
