package reliability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/audio"
)

// speech is a voice that speaks to a daemon as people do, a frame every 40 ms.
type speech struct {
	t    testing.TB
	conn *websocket.Conn

	mu      sync.Mutex      // guards the following
	sent    []time.Time     // each frame
	late    []time.Duration // sound, when it was heard
	words   []time.Duration // commits, behind the sound they end with
	lostMs  int
	texts   map[string]string
	heardMs int           // as far as it was told
	all     *atomic.Int64 // the same of several voices together; nil: nobody asks
	code    string        // of the error it ends with
	closed  int
	done    chan struct{}
}

// refused is how a voice was turned away.
type refused struct {
	Code    string
	RetryMs int64 `json:"retry_ms"`
}

func (r *refused) Error() string { return r.Code }

// speak opens a voice; its error may be a *refused.
func speak(t testing.TB, address, room string, targets ...string) (*speech, error) {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/v1/stream", nil)
	if err != nil {
		return nil, err
	}
	wanted, _ := json.Marshal(targets)
	err = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"start","source":"es","live":true,"targets":%s,"room":%q}`, wanted, room))
	for err == nil {
		var m struct {
			Type string
			refused
		}
		if err = conn.ReadJSON(&m); err == nil && m.Type == "error" {
			err = &m.refused
		} else if m.Type == "started" {
			s := &speech{t: t, conn: conn, texts: map[string]string{}, done: make(chan struct{})}
			go s.hear()
			return s, nil
		}
	}
	conn.Close()
	return nil, err
}

// mustSpeak opens a voice that is let in.
func mustSpeak(t testing.TB, address, room string, targets ...string) *speech {
	t.Helper()
	s, err := speak(t, address, room, targets...)
	// Where other programs take the machine, what a voice costs is too high for a while.
	for began := time.Now(); err != nil && strings.Contains(err.Error(), "full") && time.Since(began) < 20*time.Second; {
		time.Sleep(time.Second)
		s, err = speak(t, address, room, targets...)
	}
	if err != nil {
		t.Fatalf("a voice is not let in: %v", err)
	}
	t.Cleanup(s.vanish)
	return s
}

func (s *speech) vanish() { s.conn.Close(); <-s.done }

// hear reads what the server says until the end.
func (s *speech) hear() {
	defer close(s.done)
	for {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				s.closed = closed.Code
			}
			return
		}
		s.take(data, time.Now())
	}
}

func (s *speech) take(data []byte, now time.Time) {
	var m struct {
		Type, Language, Text, Code string
		HeardMs                    int `json:"heard_ms"`
		LostMs                     int `json:"lost_ms"`
		Words                      []struct {
			EndMs int `json:"end_ms"`
		}
	}
	if err := json.Unmarshal(data, &m); err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	since := func(ms int) time.Duration {
		return now.Sub(s.sent[max(0, min(len(s.sent), (ms+audio.FrameMilli-1)/audio.FrameMilli)-1)])
	}
	switch m.Type {
	case "heard":
		if s.all != nil {
			s.all.Add(int64(m.HeardMs - s.heardMs))
		}
		s.heardMs = m.HeardMs
		s.late = append(s.late, since(m.HeardMs))
	case "commit":
		s.texts[m.Language] += m.Text
		s.words = append(s.words, since(m.Words[len(m.Words)-1].EndMs))
	case "gap":
		s.lostMs += m.LostMs
	case "error":
		s.code = m.Code
	}
}

// say speaks frames in real time until they end, or until ctx does. Five times a
// second it asks to be told how far it was heard.
func (s *speech) say(ctx context.Context, frames [][]byte) {
	tick := time.NewTicker(audio.FrameMilli * time.Millisecond)
	defer tick.Stop()
	for i, f := range frames {
		select {
		case <-tick.C:
		case <-s.done:
			return
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		s.sent = append(s.sent, time.Now())
		s.mu.Unlock()
		if s.conn.WriteMessage(websocket.BinaryMessage, f) != nil {
			return
		}
		if i%5 == 4 {
			s.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"marker","id":"here"}`))
		}
	}
}

// stop ends the voice and waits for its last word.
func (s *speech) stop() {
	s.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"stop"}`))
	<-s.done
	s.conn.Close()
}

// open reports whether the voice goes on.
func (s *speech) open() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// lost is how much sound was lost, in ms.
func (s *speech) lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lostMs
}

// takeLate returns how late sound was heard since it was last asked.
func (s *speech) takeLate() (late []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	late, s.late = s.late, nil
	return late
}

// status asks a daemon for something and returns the answer's status; 0: none came.
func status(address, path string) int {
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + path)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

// within waits until something is so, and returns how long that took.
func within(t testing.TB, most time.Duration, what string, is func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !is() {
		if time.Since(began) > most {
			t.Fatalf("%s is not so within %v", what, most)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

// counted adds what is heard of the voice to what is heard of others.
func (s *speech) counted(all *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
}
