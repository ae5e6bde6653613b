package realtime

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"sotto/transport/doortest"
)

const (
	appendToTranslation = "session.input_audio_buffer.append"
	outputDelta         = "session.output_transcript.delta"
	inputDelta          = "session.input_transcript.delta"
	closeSession        = `{"type":"session.close"}`
)

func toLanguage(code string) string {
	return `{"type":"session.update","session":{"audio":{"output":{"language":"` + code + `"}}}}`
}

func TestSoundOfAnySizeIsTranslated(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	sound := clip(t, 3)
	for _, size := range []int{4801, 1 << 19} {
		c := d.dial(t, translations)
		c.say(`{"type":"session.input_audio_buffer.append","audio":""}`)
		c.speak(appendToTranslation, sound, size)
		c.say(closeSession)
		all, code := c.rest()
		if got := text(all, outputDelta); got != "Good morning, Elena." || text(all, inputDelta) != "" {
			t.Errorf("in pieces of %d: %q", size, got)
		}
		if last := all[len(all)-1]; last.Type != "session.closed" || code != websocket.CloseNormalClosure {
			t.Errorf("it ended with %s and %d", last.raw, code)
		}
		ids := make(map[string]bool)
		for _, e := range all {
			ids[e.EventID] = true
		}
		if len(ids) != len(all) {
			t.Errorf("%d names of %d events", len(ids), len(all))
		}
	}
}

func TestTheLanguageChangesWhileTheVoiceGoesOn(t *testing.T) {
	c := openDoor(t, doortest.Pocket(t, 1)).dial(t, translations)
	sound := clip(t, 6)
	c.say(toLanguage("de"))
	c.until("session.updated")
	c.speak(appendToTranslation, sound[:2*usualRate*2], 9600)
	for text := ""; text != "Guten Morgen, Elena."; {
		text += c.next().Delta
	}
	c.say(toLanguage("fr"))
	c.speak(appendToTranslation, sound[2*usualRate*2:], 9600)
	c.say(closeSession)
	all, _ := c.rest()
	if got := text(all, outputDelta); !strings.HasPrefix(got, " L'avion") || !strings.HasSuffix(got, "20.") {
		t.Errorf("got %q", got)
	}
}

// A translation into the language that is spoken is its transcript, twice if the
// transcript is wanted too.
func TestTheSameLanguage(t *testing.T) {
	c := openDoor(t, doortest.Pocket(t, 1)).dial(t, translations+"?target_language=es")
	c.say(`{"type":"session.update","session":{"audio":{"input":{"transcription":{"model":"x"}}}}}`)
	c.speak(appendToTranslation, clip(t, 2.2), 9600)
	c.say(closeSession)
	all, _ := c.rest()
	const want = "Buenos días, Elena."
	if out, in := text(all, outputDelta), text(all, inputDelta); out != want || in != want {
		t.Errorf("got %q and %q", out, in)
	}
}

// What is spoken is said in the address, in the session, or by the server's owner.
func TestSomebodySaysWhatIsSpoken(t *testing.T) {
	sound := babble(0.3)
	engine := doortest.Toy(t, "../..", 1)
	profile := &engine.Model().Config.Profile
	profile.Sources, profile.Targets = nil, nil
	d, usual := openDoor(t, engine), openDoor(t, engine, func(opt *Options) { opt.Source = "es" })
	for name, open := range map[string]func() *client{
		"address": func() *client { return d.dial(t, translations+"?source=es") },
		"session": func() *client {
			c := d.dial(t, translations)
			c.say(`{"type":"session.update","session":{"audio":{"input":{"language":"es-MX"}}}}`)
			return c
		},
		"owner": func() *client { return usual.dial(t, translations) },
	} {
		c := open()
		c.speak(appendToTranslation, sound, 9600)
		c.say(closeSession)
		if all, code := c.rest(); code != websocket.CloseNormalClosure {
			t.Errorf("%s: %d %v", name, code, all)
		}
	}
	c := d.dial(t, translations)
	c.speak(appendToTranslation, sound, len(sound))
	all, code := c.rest()
	if code != websocket.ClosePolicyViolation || all[0].Error.Code != missing || all[0].Error.Param != "session.audio.input.language" {
		t.Errorf("nobody: %d %v", code, all)
	}
}

func TestWhatWasSpokenCannotChange(t *testing.T) {
	engine := doortest.Toy(t, "../..", 1)
	engine.Model().Config.Profile.Sources, engine.Model().Config.Profile.Targets = nil, nil
	c := openDoor(t, engine).dial(t, translations+"?source=es")
	c.speak(appendToTranslation, babble(0.1), 9600)
	c.say(`{"type":"session.update","session":{"audio":{"input":{"language":"fr"}}}}`)
	if e := c.next(); e.Error.Code != "invalid_value" || e.Error.Param != "session.audio.input" {
		t.Errorf("got %s", e.raw)
	}
	c.say(toLanguage("de")) // the engine remembers its languages
	if e := c.next(); e.Error.Code != "invalid_value" || e.Error.Param != "session.audio.output.language" {
		t.Errorf("got %s", e.raw)
	}
	c.say(toLanguage("es"))
	c.until("session.updated")
}

// A voice is read by others too, also when its own client has gone without a word.
func TestARoomReadsAlong(t *testing.T) {
	rooms, withRooms := withRooms(t)
	d := openDoor(t, doortest.Pocket(t, 1), withRooms)
	c := d.dial(t, translations+"?room=hall")
	sound := clip(t, 2.2)
	c.speak(appendToTranslation, sound, len(sound))
	c.socket.NetConn().Close()
	d.empty(t)
	r, err := rooms.Room("hall")
	if err != nil {
		t.Fatal(err)
	}
	doortest.Await(t, "the room reads it to its end", func() bool {
		s, _ := r.Screen()
		return len(s.Segments) == 1 && s.Segments[0].Text() == "Good morning, Elena." && s.Segments[0].Ended
	})
	bad := d.dial(t, translations+"?room=No+Room")
	bad.speak(appendToTranslation, sound, len(sound))
	if all, code := bad.rest(); code != websocket.ClosePolicyViolation || all[0].Error.Param != "room" {
		t.Errorf("%d %v", code, all)
	}
}
