package feed

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"sotto/transport/room"
)

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
		"captions.srt?lang=en": "1\n00:00:00,000 --> 00:00:02,000\ngood morning.\n\n2\n00:00:02,000 --> 00:00:03,000\n‹all› [2J\n\n3\n00:00:04,000 --> 00:00:06,000\nthe train\n\n",
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
	if got := strings.Join(kinds, " "); got != "joined commit commit end commit" || strings.Join(texts, "") != " good morning. <all>\x1b[2J the train" {
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
