package feed

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sotto"
	"sotto/audio"
	"sotto/transport/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const second = audio.RateHz

// hall is a server with one room and one voice in it.
type hall struct {
	*Handler
	t     *testing.T
	url   string
	mux   *http.ServeMux
	room  *room.Room
	voice *room.Voice
}

func openHall(t *testing.T, h *Handler, opt room.Options) *hall {
	t.Helper()
	var err error
	if h.Rooms, err = room.OpenStore("", 10, opt); err != nil {
		t.Fatal(err)
	}
	h.Log = slog.New(slog.DiscardHandler)
	r, err := h.Rooms.Room("hall")
	if err != nil {
		t.Fatal(err)
	}
	voice, err := r.Join("")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	h.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(func() { h.Rooms.Close(); server.Close() })
	return &hall{h, t, server.URL + "/rooms/hall/", mux, r, voice}
}

// say commits words of a segment, one a second, and a tail.
func (h *hall) say(segment int, language, words, tail string, end bool) {
	h.t.Helper()
	c := sotto.Caption{Segment: segment, Language: language, Tail: tail, End: end, Heard: audio.Position(segment+1) * 4 * second}
	for i, w := range strings.Fields(words) {
		start := audio.Position(4*segment+i) * second
		c.Words = append(c.Words, sotto.Word{Text: " " + w, Start: start, End: start + second})
	}
	if err := h.voice.Caption(c); err != nil {
		h.t.Fatal(err)
	}
}

// get asks, and fails after 20 s.
func (h *hall) get(path string, header ...string) *http.Response {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	h.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { response.Body.Close() })
	return response
}

func (h *hall) whole(path string) string {
	h.t.Helper()
	body, err := io.ReadAll(h.get(path).Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(body)
}

func TestWhatIsRefused(t *testing.T) {
	h := openHall(t, &Handler{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") != "http://evil.example" }}, room.Options{Readers: 2})
	tests := []struct {
		path, origin string
		status       int
	}{
		{"events", "", 200},
		{"events", "http://good.example", 200},
		{"events", "http://evil.example", 403},
		{"captions.txt", "http://evil.example", 403},
		{"../none/events", "", 404},
		{"../HALL/events", "", 404},
		{"../%2e%2e/events", "", 404},
		{"../hall%2f/events", "", 404},
		{"captions.pdf", "", 404},
		{"captions.srt", "", 400},
		{"captions.vtt?lang=en&follow=1", "", 400},
	}
	for _, tt := range tests {
		header := []string{"Origin", tt.origin}
		if tt.origin == "" {
			header = nil
		}
		r := h.get(tt.path, header...)
		r.Body.Close()
		if r.StatusCode != tt.status || r.StatusCode == 200 && r.Header.Get("Access-Control-Allow-Origin") != tt.origin {
			t.Errorf("%s from %q: %s with %v, want %d", tt.path, tt.origin, r.Status, r.Header, tt.status)
		}
		for h.room.Stats().Readers > 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if r, err := http.Head(h.url + "events"); err != nil || r.StatusCode != 200 || h.room.Stats().Readers != 0 {
		t.Errorf("HEAD: %v, %v, and it stays", r, err)
	}
	if ids, _ := h.Rooms.IDs(); len(ids) != 1 {
		t.Errorf("reading made rooms: %v", ids)
	}
}

func TestOneReaderTooMany(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{Readers: 1})
	first := h.get("events")
	if r := h.get("captions.txt"); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("a second reader: %s", r.Status)
	}
	first.Body.Close()
	for h.room.Stats().Readers > 0 {
		time.Sleep(time.Millisecond)
	}
	if r := h.get("captions.txt"); r.StatusCode != 200 {
		t.Errorf("its place is not given back: %s", r.Status)
	}
}

func TestWhoDoesNotReadIsLetGo(t *testing.T) {
	h := openHall(t, &Handler{Patience: 50 * time.Millisecond}, room.Options{})
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/rooms/hall/"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /rooms/hall/events HTTP/1.1\r\nHost: a\r\n\r\n")
	for h.room.Stats().Readers == 0 {
		time.Sleep(time.Millisecond)
	}
	word := strings.Repeat("x", 8000)
	for begun := time.Now(); h.room.Stats().Readers > 0; time.Sleep(time.Millisecond) {
		h.say(0, "en", word+" "+word+" "+word, "", false)
		if time.Since(begun) > 20*time.Second {
			t.Fatal("it is still served")
		}
	}
}
