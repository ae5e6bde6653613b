package feed

import (
	"bufio"
	"context"
	"encoding/json"
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
	return &hall{h, t, server.URL + "/rooms/hall/", r, voice}
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

// got is one server-sent event.
type got struct{ name, id, text string }

// stream reads server-sent events as a browser does.
type stream struct {
	t        *testing.T
	in       *bufio.Reader
	last     string // id
	comments int
}

func (h *hall) stream(path string, header ...string) *stream {
	h.t.Helper()
	response := h.get(path, header...)
	if kind := response.Header.Get("Content-Type"); response.StatusCode != 200 || kind != "text/event-stream" {
		h.t.Fatalf("%s %s", response.Status, kind)
	}
	return &stream{t: h.t, in: bufio.NewReader(response.Body)}
}

// next returns the next event; its text is that of the data, or of the screen.
func (s *stream) next() (e got) {
	s.t.Helper()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return got{name: err.Error()}
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case line == "\n" && e.name != "":
			return e
		case line == "\n":
			e = got{} // an id alone
		case field == "id":
			s.last, e.id = value, value
		case field == "event":
			e.name = value
		case field == "data":
			e.text = s.text(value)
		case strings.HasPrefix(line, ":"):
			s.comments++
		}
	}
}

func (s *stream) text(data string) string {
	var m struct {
		Type, Text string
		Segments   []struct{ Text string }
		Tails      []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(data), &m); err != nil || m.Type == "" {
		s.t.Errorf("data %q: %v", data, err)
	}
	for _, g := range append(m.Segments, m.Tails...) {
		m.Text += "|" + g.Text
	}
	return m.Text
}

func (s *stream) want(all ...string) {
	s.t.Helper()
	for _, want := range all {
		e := s.next()
		if got := e.name + e.text; got != want {
			s.t.Errorf("got %q, want %q", got, want)
		}
		if stays := e.name != "tail" && e.name != "reset"; stays != (e.id != "") && e.name != "EOF" {
			s.t.Errorf("%s has id %q", e.name, e.id)
		}
	}
}

func TestEventsComeAsTheyAreSaid(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "en", "good morning", "", true)
	h.say(1, "en", "the", " train", false)
	s := h.stream("events")
	s.want("screen| good morning| the| train")
	h.say(1, "en", "train", "", false)
	s.want("words train")
	h.say(1, "en", "", " leaves", false)
	s.want("tail leaves")
	h.say(1, "en", "leaves", "", true)
	s.want("words leaves", "end")
	h.voice.Gap(second, second, "behind")
	s.want("gap")
	h.voice.Leave()
	s.want("left")
	h.Rooms.Close()
	s.want("EOF")
}

func TestAReaderComesAgainWithoutAGap(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	s := h.stream("events")
	s.want("screen")
	h.say(0, "en", "one", "", false)
	s.want("words one")
	h.say(0, "en", "two", "", false)
	h.say(0, "en", "three", " fo", false)
	s = h.stream("events", "Last-Event-ID", s.last)
	s.want("words two", "words three", "tail fo")
}

// A reader of one language that was sent nothing of another still gets on.
func TestAnIDPassesOverWhatIsLeftOut(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "fr", "un", " de", false)
	s := h.stream("events?lang=en")
	s.want("screen")
	before := s.last
	h.say(0, "fr", "deux", "", false)
	h.say(0, "en", "two", "", false)
	s.want("words two")
	h.say(0, "fr", "trois", "", false)
	h.say(0, "en", "", " three", false)
	s.want("tail three")
	if s.last == before || s.last != fmt.Sprintf("%s-5", strings.Split(before, "-")[0]) {
		t.Errorf("the id is %s behind event 5", s.last)
	}
}

func TestAGapIsSaid(t *testing.T) {
	for name, id := range map[string]func(epoch string) string{
		"no id":           func(string) string { return "x" },
		"another epoch":   func(string) string { return "1-1" },
		"never shown":     func(epoch string) string { return epoch + "-999" },
		"no longer held":  func(epoch string) string { return epoch + "-1" },
		"an endless one":  func(epoch string) string { return epoch + "-" + strings.Repeat("9", 999) },
		"a negative one":  func(epoch string) string { return epoch + "--1" },
		"three of them":   func(epoch string) string { return epoch + "-1-1" },
		"a strange digit": func(epoch string) string { return epoch + "-١" },
	} {
		t.Run(name, func(t *testing.T) {
			h := openHall(t, &Handler{}, room.Options{Events: 3})
			for _, w := range strings.Fields("a b c d e") {
				h.say(0, "en", w, "", false)
			}
			first := h.stream("events")
			first.want("screen| a b c d e")
			s := h.stream("events", "Last-Event-ID", id(strings.Split(first.last, "-")[0]))
			s.want("reset", "screen| a b c d e")
		})
	}
}

func TestForgottenTextResetsWhoReads(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "en", "secret", "", true)
	s := h.stream("events")
	s.want("screen| secret")
	h.room.Forget()
	s.want("reset", "screen")
	h.say(1, "en", "open", "", false)
	s.want("words open")
	if text := h.whole("captions.txt"); text != "[en] open\n" {
		t.Errorf("the text is %q", text)
	}
	h.Rooms.Forget("hall")
	s.want("EOF")
}

func TestFiles(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "en", "good morning.", "", false)
	h.say(0, "fr", "bonjour", "", true)
	h.say(0, "en", "<all>\x1b[2J", "", true)
	h.say(1, "en", "the train", " leaves", false)
	tests := map[string]string{
		"captions.txt":         "[fr] bonjour\n[en] good morning. <all> [2J\n[en] the train\n",
		"captions.txt?lang=en": "good morning. <all> [2J\nthe train\n",
		"captions.txt?lang=de": "",
		"captions.srt?lang=en": "1\n00:00:00,000 --> 00:00:01,000\ngood morning.\n\n2\n00:00:01,000 --> 00:00:02,000\n<all>\x1b[2J\n\n3\n00:00:04,000 --> 00:00:06,000\nthe train\n\n",
		"captions.vtt?lang=fr": "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nbonjour\n\n",
		"captions.vtt?lang=de": "WEBVTT\n\n",
	}
	for path, want := range tests {
		if got := h.whole(path); got != want {
			t.Errorf("%s:\n%q, want\n%q", path, got, want)
		}
	}
	var kinds, texts []string
	for line := range strings.Lines(h.whole("captions.jsonl?lang=en")) {
		var m struct {
			Type, Text string
			Seq        uint64
			Durable    bool
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.Seq == 0 || m.Durable {
			t.Errorf("line %q: %v", line, err)
		}
		kinds, texts = append(kinds, m.Type), append(texts, m.Text)
	}
	if got := strings.Join(kinds, " "); got != "joined words words end words" || strings.Join(texts, "") != " good morning. <all>\x1b[2J the train" {
		t.Errorf("lines of %s with %q", got, texts)
	}
}

func TestTextIsFollowed(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "en", "good", "", false)
	in := bufio.NewReader(h.get("captions.txt?lang=en&follow=1").Body)
	read := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	read("good")
	h.say(0, "en", "morning", " all", false)
	read(" morning")
	h.say(0, "en", "", "", true)
	read("\n")
	h.say(1, "en", "a", "", false)
	read("a")
	h.Rooms.Close()
	read("\n")
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("then %q, %v", rest, err)
	}
}

// Times of a room count from its first voice, also those of a second one.
func TestSubtitlesOfTwoVoices(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "en", "first", "", true)
	time.Sleep(1100 * time.Millisecond)
	var err error
	if h.voice, err = h.room.Join(""); err != nil {
		t.Fatal(err)
	}
	h.say(0, "en", "second", "", true)
	got := h.whole("captions.srt?lang=en")
	if !strings.Contains(got, "2\n00:00:01,1") && !strings.Contains(got, "2\n00:00:01,2") && !strings.Contains(got, "2\n00:00:01,3") {
		t.Errorf("the second voice is not 1.1 s behind the first:\n%s", got)
	}
}

func TestWhatIsRefused(t *testing.T) {
	h := openHall(t, &Handler{Most: 2, CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") != "http://evil.example" }}, room.Options{})
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
		for h.readers.Load() > 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if ids, _ := h.Rooms.IDs(); len(ids) != 1 {
		t.Errorf("reading made rooms: %v", ids)
	}
}

func TestOneReaderTooMany(t *testing.T) {
	h := openHall(t, &Handler{Most: 1}, room.Options{})
	first := h.get("events")
	if r := h.get("captions.txt"); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("a second reader: %s", r.Status)
	}
	first.Body.Close()
	for h.readers.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	if r := h.get("captions.txt"); r.StatusCode != 200 {
		t.Errorf("its place is not given back: %s", r.Status)
	}
}

func TestSilenceHasComments(t *testing.T) {
	h := openHall(t, &Handler{KeepAlive: 20 * time.Millisecond}, room.Options{})
	s := h.stream("events")
	s.want("screen")
	time.Sleep(200 * time.Millisecond)
	h.say(0, "en", "a", "", false)
	s.want("words a")
	if s.comments < 2 {
		t.Errorf("%d comments in 10 times their pause", s.comments)
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
	for h.readers.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	word := strings.Repeat("x", 8000)
	for begun := time.Now(); h.readers.Load() > 0; time.Sleep(time.Millisecond) {
		h.say(0, "en", word+" "+word+" "+word, "", false)
		if time.Since(begun) > 20*time.Second {
			t.Fatal("it is still served")
		}
	}
}
