package deepgram

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/audio/ogg"
	"sotto/models/pocket"
	"sotto/transport/doortest"
	"sotto/transport/line"
	"sotto/transport/voice"
)

// checkRanges holds what the API promises of every stream: final ranges follow each
// other, what is not final begins behind them, and words lie in their range.
func checkRanges(t *testing.T, all []reply) {
	t.Helper()
	const slack = 0.0011 // two roundings to a millisecond
	at := 0.0
	for _, r := range all {
		if r.Type != "Results" {
			continue
		}
		if math.Abs(r.Start-at) > slack || r.Duration < 0 {
			t.Errorf("a range begins at %v and lasts %v, where the final ones end at %v", r.Start, r.Duration, at)
		}
		end, last := r.Start+r.Duration, r.Start
		for _, w := range r.Channel.Alternatives[0].Words {
			if w.Start < last-slack || w.End < w.Start || w.End > end+slack || w.Punctuated == "" {
				t.Errorf("word %+v in %v to %v", w, r.Start, end)
			}
			last = w.Start
		}
		if r.IsFinal {
			at = end
		}
	}
}

func TestAVoiceIsWrittenDown(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	for _, tt := range []struct {
		query, want string
		slice       int
	}{
		{usual + "&language=es-419&punctuate=true&model=nova-3&endpointing=300", doortest.Spanish, 999},
		{usual + "&language=multi&target_language=en", doortest.English, 3200},
	} {
		t.Run(tt.want[:8], func(t *testing.T) {
			sound := doortest.S16(doortest.Clip(t, 0))
			c := d.dial(t, tt.query)
			c.speak(sound, tt.slice)
			c.say("CloseStream")
			all, end := c.rest()
			if got := text(all); got != tt.want || end.Code != websocket.CloseNormalClosure {
				t.Errorf("%q, closed with %v", got, end)
			}
			checkRanges(t, all)
			pauses := 0
			for _, r := range all {
				if r.Type == "Results" && !r.IsFinal {
					t.Errorf("a draft that nobody wanted: %+v", r)
				}
				if r.SpeechFinal {
					pauses++
				}
			}
			if pauses != 7 {
				t.Errorf("%d pauses", pauses)
			}
			last := all[len(all)-1]
			sum := sha256.Sum256(sound)
			if last.Type != "Metadata" || last.SHA256 != hex.EncodeToString(sum[:]) || math.Abs(last.Duration-22.39) > 0.05 || last.RequestID == "" || last.Channels != 1 {
				t.Errorf("the end says %+v", last)
			}
		})
	}
}

// An engine that is behind makes no drafts, so the sound comes slower until it is
// not.
func TestDraftsComeWhenTheyAreWanted(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	for pace := 4 * time.Millisecond; ; pace *= 3 { // for 40 ms of sound
		drafts := drafts(t, d, pace)
		if len(drafts) >= 3 && slices.ContainsFunc(drafts, func(s string) bool { return strings.HasPrefix(s, "El avión") }) {
			return
		}
		if pace > 40*time.Millisecond {
			t.Fatalf("drafts %q", drafts)
		}
	}
}

func drafts(t *testing.T, d *door, pace time.Duration) (texts []string) {
	t.Helper()
	c := d.dial(t, usual+"&interim_results=true")
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for sound := doortest.S16(doortest.Clip(t, 5.2)); len(sound) > 0; sound = sound[1280:] {
		<-tick.C
		c.speak(sound[:1280], 1280)
	}
	c.say("CloseStream")
	all, _ := c.rest()
	checkRanges(t, all)
	for _, r := range all {
		if r.Type == "Results" && !r.IsFinal {
			texts = append(texts, r.text())
		}
	}
	return texts
}

func TestWordsHaveTheirTimes(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, usual)
	c.speak(doortest.S16(doortest.Clip(t, 2.4)), 640)
	c.say("CloseStream")
	all, _ := c.rest()
	words := all[0].Channel.Alternatives[0].Words
	if len(words) != 3 || words[0].Word != "buenos" || words[2].Word != "elena" || words[2].Punctuated != "Elena." {
		t.Fatalf("words %+v", words)
	}
	if words[0].Start < 0.4 || words[2].End > 1.9 || words[1].Confidence <= 0 || words[1].Confidence > 1 {
		t.Errorf("words %+v", words)
	}
}

// twoSentences are over at 5.2 s.
const twoSentences = "Buenos días, Elena. El avión a París sale mañana a las 12:20."

func TestEveryEncodingIsHeard(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	samples := doortest.Clip(t, 5.8)
	var half, twice []float32 // at 8 kHz, and in two channels
	for i := range samples {
		if i%2 == 1 {
			half = append(half, (samples[i]+samples[i-1])/2)
		}
		twice = append(twice, samples[i], samples[i])
	}
	for query, sound := range map[string][]byte{
		"?encoding=linear32&sample_rate=16000":            doortest.F32(samples),
		"?encoding=linear16&sample_rate=16000&channels=2": doortest.S16(twice),
		"?encoding=mulaw&sample_rate=8000":                toLaw(half, "mulaw"),
		"?encoding=alaw":                                  toLaw(half, "alaw"),
	} {
		c := d.dial(t, query)
		c.speak(sound, 1001) // messages end where they like
		c.say("CloseStream")
		all, _ := c.rest()
		if got := text(all); got != twoSentences {
			t.Errorf("%s: %q", query, got)
		}
	}
}

func TestPacketsOfOpusAreHeard(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, "?encoding=opus&sample_rate=48000&channels=1")
	packets := ogg.NewReader(bytes.NewReader(pocket.Demo))
	for i := range 2 + 290 { // headers, then 5.8 s
		p, err := packets.Next()
		if err != nil {
			t.Fatal(err)
		}
		if i >= 2 {
			c.WriteMessage(websocket.BinaryMessage, p.Data)
		}
	}
	c.say("CloseStream")
	if all, _ := c.rest(); text(all) != twoSentences {
		t.Errorf("%q", text(all))
	}
}

// toLaw writes each sample as the nearest that the law has.
func toLaw(samples []float32, law string) (out []byte) {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	sound, _ := voice.NewSound(law, 16000, 1)
	sound.Frames(all[:])
	_, levels := sound.Rest()
	for _, x := range samples {
		best := 0
		for i, level := range levels {
			if math.Abs(float64(level-x)) < math.Abs(float64(levels[best]-x)) {
				best = i
			}
		}
		out = append(out, byte(best))
	}
	return out
}

func TestFinalizeIsAnswered(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, usual)
	c.say("Finalize") // with nothing to say
	if r, _ := c.next(); !r.FromFinalize || !r.IsFinal || r.text() != "" || r.Duration != 0 {
		t.Errorf("answered with %+v", r)
	}
	c.speak(doortest.S16(doortest.Clip(t, 1.8)), 1280) // the pause is not over
	c.say("Finalize")
	var all []reply
	for len(all) == 0 || !all[len(all)-1].FromFinalize {
		r, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	c.speak(doortest.S16(doortest.Clip(t, 5.8))[2*28800:], 1280) // goes on behind it
	c.say("CloseStream")
	rest, _ := c.rest()
	all = append(all, rest...)
	if got := text(all); !strings.HasPrefix(got, "Buenos días, Elena. El avión a París") {
		t.Errorf("%q", got)
	}
	if slices.ContainsFunc(rest, func(r reply) bool { return r.FromFinalize }) {
		t.Error("what came later is from Finalize too")
	}
}

func TestEventsComeWhenTheyAreWanted(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, usual+"&vad_events=true&interim_results=true&utterance_end_ms=1000")
	c.speak(doortest.S16(append(doortest.Clip(t, 1.8), doortest.Silence(2.5)...)), 1280)
	c.say("CloseStream")
	all, _ := c.rest()
	if got := types(all); !slices.Equal(got, []string{"SpeechStarted", "Results", "UtteranceEnd", "Metadata"}) {
		t.Fatalf("%v", got)
	}
	if at := all[0].Timestamp; at < 0.3 || at > 0.8 {
		t.Errorf("speech starts at %v", at)
	}
	var words []word
	for _, r := range all {
		if r.IsFinal {
			words = append(words, r.Channel.Alternatives[0].Words...)
		}
	}
	if end := all[len(all)-2].LastWordEnd; len(words) != 3 || words[2].End != end {
		t.Errorf("the utterance ends at %v, the words are %+v", end, words)
	}
}

func TestStrangeMessagesAreAnswered(t *testing.T) {
	d := openDoor(t, doortest.Polyglot(t, "../..", 1))
	c := d.dial(t, usual+"&language=en")
	for _, message := range []string{"KeepAlive", `[1]`, `{"type":7}`, `{"type":"Stop"}`} {
		c.WriteMessage(websocket.TextMessage, []byte(message))
		if r, _ := c.next(); r.Type != "Error" || r.Variant != "SchemaError" || r.Message != message {
			t.Errorf("%s is answered with %+v", message, r)
		}
	}
	c.say("Configure")
	if r, _ := c.next(); r.Type != "ConfigureFailure" || r.Code != "CONFIGURE_KEYTERMS_NOT_SUPPORTED" || r.RequestID == "" {
		t.Errorf("%+v", r)
	}
	c.WriteMessage(websocket.BinaryMessage, nil)
	if all, end := c.rest(); end.Code != websocket.CloseNormalClosure || len(all) != 1 {
		t.Errorf("an empty message ends with %v behind %v", end, types(all))
	}
}

func TestMessagesThatNobodySends(t *testing.T) {
	d := openDoor(t, doortest.Polyglot(t, "../..", 1), func(o *Options) {
		o.Limits = func() line.Limits { return line.Limits{Text: 100, Binary: 1000} }
	})
	for _, tt := range []struct {
		kind int
		data string
		code int
	}{
		{websocket.TextMessage, strings.Repeat(" ", 101), websocket.CloseMessageTooBig},
		{websocket.BinaryMessage, strings.Repeat(" ", 1001), websocket.CloseMessageTooBig},
		{websocket.TextMessage, "\xff", websocket.CloseInvalidFramePayloadData},
	} {
		c := d.dial(t, usual+"&language=en")
		c.WriteMessage(tt.kind, []byte(tt.data))
		if _, end := c.rest(); end.Code != tt.code {
			t.Errorf("%q ends with %v, want %d", tt.data[:1], end, tt.code)
		}
	}
}
