package feed

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sotto/transport/room"
)

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
		Drafts     []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(data), &m); err != nil || m.Type == "" {
		s.t.Errorf("data %q: %v", data, err)
	}
	for _, g := range append(m.Segments, m.Drafts...) {
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
		if stays := e.name != "draft" && e.name != "reset"; stays != (e.id != "") && e.name != "EOF" {
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
	s.want("commit train")
	h.say(1, "en", "", " leaves", false)
	s.want("draft leaves")
	h.say(1, "en", "leaves", "", true)
	s.want("commit leaves", "end")
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
	s.want("commit one")
	h.say(0, "en", "two", "", false)
	h.say(0, "en", "three", " fo", false)
	s = h.stream("events", "Last-Event-ID", s.last)
	s.want("commit two", "commit three", "draft fo")
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
	s.want("commit two")
	h.say(0, "fr", "trois", "", false)
	h.say(0, "en", "", " three", false)
	s.want("draft three")
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
	s.want("commit open")
	if text := h.whole("captions.txt"); text != "[en] open\n" {
		t.Errorf("the text is %q", text)
	}
	h.Rooms.Forget("hall")
	s.want("EOF")
}

func TestSilenceHasComments(t *testing.T) {
	h := openHall(t, &Handler{KeepAlive: 20 * time.Millisecond}, room.Options{})
	s := h.stream("events")
	s.want("screen")
	time.Sleep(200 * time.Millisecond)
	h.say(0, "en", "a", "", false)
	s.want("commit a")
	if s.comments < 2 {
		t.Errorf("%d comments in 10 times their pause", s.comments)
	}
}
