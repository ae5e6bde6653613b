package feed

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sotto/transport/room"
)

// problem is a request that gets no answer, and why.
type problem struct {
	status int
	why    string
}

func (p *problem) Error() string { return p.why }

func bad(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// answer serves what is sent at once.
func (h *Handler) answer(make func(v *visit) (kind string, body []byte, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, status, why := h.admit(r)
		if status != http.StatusOK {
			refuse(w, status, why)
			return
		}
		defer v.leave()
		kind, body, err := make(v)
		var p *problem
		switch {
		case errors.As(err, &p):
			refuse(w, p.status, p.why)
			return
		case err != nil:
			h.Log.Warn("room cannot be read", "room", r.PathValue("id"), "error", err)
			refuse(w, http.StatusServiceUnavailable, "the room cannot be read now; the server's log has more")
			return
		}
		header(w.Header(), r, kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		control := http.NewResponseController(w)
		control.SetWriteDeadline(time.Now().Add(cmp.Or(h.Patience, patience)))
		w.Write(body)
		if control.Flush() == nil {
			control.SetWriteDeadline(time.Time{})
		}
	}
}

const asJSON = "application/json"

// roomState is a room in numbers.
type roomState struct {
	ID        string   `json:"id"`
	Epoch     uint64   `json:"epoch"`
	Seq       uint64   `json:"seq"` // of the last event
	Durable   bool     `json:"durable"`
	FailingMs int64    `json:"failing_since_ms,omitempty"` // Unix ms since when nothing can be saved
	Voices    int      `json:"voices"`
	Readers   int      `json:"readers"`
	Languages []string `json:"languages"`
}

func state(v *visit) (kind string, body []byte, err error) {
	stats, at := v.room.Stats(), v.room.Follow().Cursor()
	s := roomState{
		ID: v.request.PathValue("id"), Epoch: at.Epoch, Seq: at.Seq, Durable: v.room.Durable(),
		Voices: stats.Voices, Readers: stats.Readers, Languages: append([]string{}, v.room.Languages()...),
	}
	if !stats.Failing.IsZero() {
		s.FailingMs = stats.Failing.UnixMilli()
	}
	return asJSON, encode(s), nil
}

// page is a stretch of history.
type page struct {
	Events []json.RawMessage `json:"events"`
	Before uint64            `json:"before,omitempty"` // asks for the page before this one; 0: there is none
}

const (
	somePage = 100 // events of a page
	mostPage = 500
)

func history(v *visit) (kind string, body []byte, err error) {
	before, n := uint64(1<<53), uint64(somePage)
	query := v.request.URL.Query()
	for name, at := range map[string]*uint64{"before": &before, "n": &n} {
		if text := query.Get(name); text != "" {
			if *at, err = strconv.ParseUint(text, 10, 53); err != nil || *at == 0 {
				return "", nil, bad("%s is %.32q, want a whole number from 1 on", name, text)
			}
		}
	}
	if n > mostPage {
		return "", nil, bad("n is %d, and a page has at most %d events", n, mostPage)
	}
	saved := v.room.Stats().Saved
	p, err := v.room.Page(before, int(n))
	if err != nil {
		return "", nil, err
	}
	out := page{Events: []json.RawMessage{}}
	if p.More && len(p.Events) > 0 {
		out.Before = p.Events[0].Seq
	}
	for i := range p.Events {
		if e := &p.Events[i]; v.wants(e.Language) {
			out.Events = append(out.Events, encoded(e, e.Seq <= saved))
		}
	}
	return asJSON, encode(out), nil
}

// Forget removes a room with all that was said in it. Whoever mounts it elsewhere says
// who may.
func (h *Handler) Forget(w http.ResponseWriter, r *http.Request) {
	status, why := h.check(r)
	id := r.PathValue("id")
	if status == http.StatusOK {
		status, why = h.forget(id)
	}
	if status != http.StatusOK {
		refuse(w, status, why)
		return
	}
	header(w.Header(), r, "text/plain")
	w.WriteHeader(http.StatusNoContent)
}

func (h *Handler) forget(id string) (status int, why string) {
	if _, err := h.Rooms.Find(id); errors.Is(err, room.ErrNone) {
		return http.StatusNotFound, fmt.Sprintf("there is no room %.64q", id)
	}
	if err := h.Rooms.Forget(id); err != nil {
		h.Log.Error("room cannot be forgotten", "room", id, "error", err)
		return http.StatusInternalServerError, "not all of the room could be removed; the server's log has more"
	}
	h.Log.Info("room forgotten", "room", id)
	return http.StatusOK, ""
}
