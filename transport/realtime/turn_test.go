package realtime

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"sotto/transport/doortest"
)

const (
	transcriptions = sessions + "?intent=transcription"

	appendToTurn  = "input_audio_buffer.append"
	commitTurn    = `{"type":"input_audio_buffer.commit"}`
	clearTurn     = `{"type":"input_audio_buffer.clear"}`
	withoutTurns  = `{"type":"session.update","session":{"type":"transcription","audio":{"input":{"turn_detection":null}}}}`
	itemDeltas    = "conversation.item.input_audio_transcription.delta"
	itemCompletes = "conversation.item.input_audio_transcription.completed"
)

// of keeps the events of a kind.
func of(all []said, kind string) (some []said) {
	for _, e := range all {
		if e.Type == kind {
			some = append(some, e)
		}
	}
	return some
}

func TestTurnsAreFound(t *testing.T) {
	c := openDoor(t, doortest.Pocket(t, 1)).dial(t, transcriptions)
	c.speak(appendToTurn, clip(t, 9.2), 4800)
	var all []said
	for len(of(all, itemCompletes)) < 3 {
		all = append(all, c.next())
	}
	started, stopped, committed, completed := of(all, "input_audio_buffer.speech_started"), of(all, "input_audio_buffer.speech_stopped"), of(all, "input_audio_buffer.committed"), of(all, itemCompletes)
	spoken := [][2]int64{{500, 1500}, {2500, 5200}, {6100, 8400}}
	texts := []string{"Buenos días, Elena.", "El avión a París sale mañana a las 12:20.", "Si llueve mañana, nos quedaremos en casa."}
	for i, s := range started {
		at := fmt.Sprintf("turn %d: ", i)
		if s.Start > spoken[i][0] || s.Start < spoken[i][0]-500 || stopped[i].End < spoken[i][1] || stopped[i].End > spoken[i][1]+800 {
			t.Error(at, s.raw, stopped[i].raw)
		}
		if stopped[i].Item != s.Item || committed[i].Item != s.Item || completed[i].Item != s.Item {
			t.Error(at, stopped[i].raw, committed[i].raw, completed[i].raw)
		}
		if before := committed[i].Before; i == 0 && before != nil || i > 0 && *before != started[i-1].Item {
			t.Error(at, committed[i].raw)
		}
		if seconds := float64(stopped[i].End-s.Start) / 1000; completed[i].Usage.Seconds != seconds || completed[i].Usage.Type != "duration" {
			t.Errorf("%s%v s, want %v", at, completed[i].Usage, seconds)
		}
		own := slices.DeleteFunc(of(all, itemDeltas), func(e said) bool { return e.Item != s.Item })
		if completed[i].Text != texts[i] || text(own, itemDeltas) != texts[i] {
			t.Errorf("%s%q from %v", at, completed[i].Text, own)
		}
	}
	if added := of(all, "conversation.item.added"); len(added) != 3 || len(started) != 3 {
		t.Errorf("%d started, %d added", len(started), len(added))
	}
}

func TestTheClientEndsTurns(t *testing.T) {
	c := openDoor(t, doortest.Pocket(t, 1)).dial(t, transcriptions+"&target_language=en")
	c.say(withoutTurns)
	c.until("session.updated")
	c.say(commitTurn)
	if e := c.next(); e.Error.Code != "input_audio_buffer_commit_empty" {
		t.Errorf("nothing is committed with %s", e.raw)
	}
	sound := clip(t, 6)
	first, second := sound[:2*2*usualRate], sound[2*2*usualRate:]
	c.speak(appendToTurn, first, 9600)
	c.say(commitTurn)
	all := c.until(itemCompletes)
	if got := all[len(all)-1]; got.Text != "Good morning, Elena." || got.Usage.Seconds < 1.9 || got.Usage.Seconds > 2 {
		t.Errorf("got %s", got.raw)
	}
	c.speak(appendToTurn, first, 9600)
	c.say(clearTurn)
	c.speak(appendToTurn, second, 9600)
	c.say(commitTurn)
	all = append(all, c.until(itemCompletes)...)
	got, committed := all[len(all)-1], of(all, "input_audio_buffer.committed")
	if got.Text != "The plane to Paris leaves tomorrow at 12:20." || got.Item != committed[1].Item || *committed[1].Before != committed[0].Item || got.Item == committed[0].Item {
		t.Errorf("got %s", got.raw)
	}
	if len(of(all, "input_audio_buffer.cleared")) != 1 || len(of(all, "input_audio_buffer.speech_started")) != 0 {
		t.Error("it was not cleared, or turns were found")
	}
}

// What is said in the last turn is completed when the server stops.
func TestTheLastTurnIsCompletedWhenTheServerStops(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, transcriptions)
	c.speak(appendToTurn, clip(t, 1.6), 9600)
	c.say(`{"type":"nothing"}`)
	c.until("error") // all has been heard
	d.stop()
	all, code := c.rest()
	completed := of(all, itemCompletes)
	if len(completed) != 1 || !strings.HasPrefix(completed[0].Text, "Buenos días") || len(of(all, "input_audio_buffer.committed")) != 1 || code != websocket.CloseServiceRestart {
		t.Errorf("%d %v", code, all)
	}
}

// Clients of before there were several kinds of sessions have other events.
func TestTheBetaIsSpoken(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	dialer := websocket.Dialer{Subprotocols: []string{"realtime", "openai-insecure-api-key.none", "openai-beta.realtime-v1"}}
	socket, response, err := dialer.Dial(d.url(transcriptions), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	c := &client{t, socket}
	if e := c.next(); e.Type != "transcription_session.created" || response.Header.Get("Sec-WebSocket-Protocol") != "realtime" {
		t.Errorf("first event %s, subprotocol %v", e.raw, response.Header)
	}
	c.say(`{"type":"transcription_session.update","session":{"input_audio_format":"pcm16","input_audio_transcription":{"model":"gpt-4o-transcribe","language":"es"},"turn_detection":{"type":"server_vad","threshold":0.4}}}`)
	if e := c.next(); e.Type != "transcription_session.updated" || !strings.Contains(e.raw, `"threshold":0.4`) {
		t.Errorf("got %s", e.raw)
	}
	c.speak(appendToTurn, clip(t, 2.4), 9600)
	if all := c.until(itemCompletes); len(of(all, "conversation.item.created")) != 1 || all[len(all)-1].Text != "Buenos días, Elena." {
		t.Errorf("got %v", all)
	}
}
