package feed

import (
	"os"
	"strings"
	"testing"

	"sotto"
	"sotto/audio"
	"sotto/transport/room"
)

// The golden messages of rooms are those of package wire's folder; the page's tests
// read them too.
func TestMessagesOfRoomsEqualGolden(t *testing.T) {
	const epoch = 5231478901234567
	event := func(kind room.Kind, change func(e *room.Event)) any {
		e := &room.Event{Kind: kind, Epoch: epoch, Seq: 12, Time: 1764065000123, Voice: 1, Heard: 87 * audio.FrameLen}
		if change != nil {
			change(e)
		}
		return messageOf(e, true)
	}
	draft := draftOf(&room.Tail{Voice: 1, Segment: 3, Language: "en", Text: " at noon.", Heard: 87 * audio.FrameLen})
	v := new(visit)
	for name, message := range map[string]any{
		"commit": event(room.Said, func(e *room.Event) {
			e.Segment, e.Language = 3, "en"
			e.Words = []sotto.Word{{Text: " train", Start: 60 * audio.FrameLen, End: 73 * audio.FrameLen, Evidence: 0.871}}
		}),
		"end":    event(room.Ended, func(e *room.Event) { e.Segment, e.Language = 3, "en" }),
		"joined": event(room.Joined, func(e *room.Event) { e.Note = "Elena" }),
		"left":   event(room.Left, func(e *room.Event) { e.Note = "the server stopped" }),
		"gap":    event(room.Gap, func(e *room.Event) { e.Lost, e.Note = audio.RateHz, "not sent" }),
		"draft":  draft,
		"screen": v.screenOf(&room.Screen{
			Segments: []room.Segment{{Voice: 1, Segment: 3, Language: "en", Words: []sotto.Word{{Text: "The"}, {Text: " train"}}}},
			Tails:    []room.Tail{{Voice: 1, Segment: 3, Language: "en", Text: " at noon.", Heard: 87 * audio.FrameLen}},
			Durable:  true,
		}, room.Cursor{Epoch: epoch, Seq: 12}),
		"reset":  reset{"reset", "the room was forgotten"},
		"passed": passed{"passed", epoch, 12},
	} {
		file := "../wire/testdata/room/" + name + ".json"
		if os.Getenv("UPDATE_GOLDEN") != "" {
			os.WriteFile(file, append(encode(message), '\n'), 0o666)
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(encode(message)); got != strings.TrimSpace(string(want)) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}
