package realtime

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/doortest"
	"sotto/transport/line"
)

func withLimits(l line.Limits) func(*Options) {
	return func(opt *Options) { opt.Limits = func() line.Limits { return l } }
}

// empty waits until every session is over.
func (d *door) empty(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if d.Wait(ctx); ctx.Err() != nil {
		t.Fatal("a session goes on")
	}
}

func TestSessionsEndThatAreNoGood(t *testing.T) {
	tests := []struct {
		name, code string
		limits     line.Limits
		do         func(*client)
		close      int
	}{
		{"idle", "session_idle", line.Limits{Idle: 50 * time.Millisecond}, func(*client) {}, 4404},
		{"idle behind sound", "session_idle", line.Limits{Idle: 50 * time.Millisecond}, func(c *client) { c.speak(appendToTranslation, babble(0.2), 4800) }, 4404},
		{"a message too long", "message_too_big", line.Limits{Text: 1000}, func(c *client) { c.say(strings.Repeat("x", 1001)) }, websocket.CloseMessageTooBig},
		{"no UTF-8", "invalid_message", line.Limits{}, func(c *client) { c.say("{\"type\":\"\xff\"}") }, websocket.CloseInvalidFramePayloadData},
		{"sound too long", "message_too_big", line.Limits{}, func(c *client) { c.speak(appendToTranslation, silence(17), 1<<20) }, websocket.CloseMessageTooBig},
	}
	engine := doortest.Toy(t, "../..", 1)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := openDoor(t, engine, withLimits(tt.limits)).dial(t, translations)
			tt.do(c)
			all, code := c.rest()
			errors := of(all, "error")
			if len(errors) != 1 || errors[0].Error.Code != tt.code || all[len(all)-1].Type != "session.closed" || code != tt.close {
				t.Errorf("%d %v", code, all)
			}
		})
	}
}

func TestFullServers(t *testing.T) {
	d := openDoor(t, doortest.Toy(t, "../..", 1))
	first, second := d.dial(t, translations), d.dial(t, translations)
	first.speak(appendToTranslation, babble(0.2), 4800)
	first.say(toLanguage("en"))
	first.until("session.updated")
	second.speak(appendToTranslation, babble(0.2), 9600)
	all, code := second.rest()
	if len(all) != 2 || all[0].Error.Type != "rate_limit_error" || all[0].Error.Code != "rate_limit_exceeded" || code != websocket.CloseTryAgainLater {
		t.Errorf("%d %v", code, all)
	}
	first.say(closeSession)
	if _, code := first.rest(); code != websocket.CloseNormalClosure {
		t.Errorf("the first ended with %d", code)
	}

	d.empty(t)
	for range maxSessions {
		d.Enter()
	}
	d.refuses(t, "too_many_sessions")
	for range maxSessions {
		d.Leave()
	}
	d.Close()
	d.refuses(t, "server_stopping")
}

// refuses wants a connection to be refused before it is one.
func (d *door) refuses(t *testing.T, code string) {
	t.Helper()
	_, response, err := websocket.DefaultDialer.Dial(d.url(translations), nil)
	if err == nil {
		t.Fatal("it is let in")
	}
	var body struct{ Error struct{ Type, Code string } }
	json.NewDecoder(response.Body).Decode(&body)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "5" || body.Error.Code != code {
		t.Errorf("%s %v", response.Status, body)
	}
}

func TestTheServerStops(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 2))
	speaking, silent := d.dial(t, translations), d.dial(t, translations)
	speaking.speak(appendToTranslation, clip(t, 1.9), 9600)
	speaking.say(`{"type":"nothing"}`)
	heard := speaking.until("error")
	d.stop()
	for _, c := range []*client{speaking, silent} {
		all, code := c.rest()
		if last := all[len(all)-1]; last.Type != "session.closed" || code != websocket.CloseServiceRestart {
			t.Errorf("%d %v", code, all)
		}
		heard = append(heard, all...)
	}
	if got := text(heard, outputDelta); got != "Good morning, Elena." {
		t.Errorf("the last words are %q", got)
	}
}

// A client that does not read is let go, and its seat is free again.
func TestAClientThatDoesNotRead(t *testing.T) {
	engine := doortest.Toy(t, "../..", 1)
	d := openDoor(t, engine, withLimits(line.Limits{Write: 100 * time.Millisecond}))
	c := d.dial(t, transcriptions)
	c.speak(appendToTurn, babble(0.2), 4800)
	long := `{"type":"session.update","session":{"audio":{"input":{"transcription":{"prompt":"` + strings.Repeat("x", 1<<16) + `"}}}}}`
	for {
		c.socket.SetWriteDeadline(time.Now().Add(time.Second))
		if c.socket.WriteMessage(websocket.TextMessage, []byte(long)) != nil {
			break
		}
	}
	d.empty(t)
	again := d.dial(t, translations)
	again.speak(appendToTranslation, babble(0.1), 4800)
	again.say(closeSession)
	if all, code := again.rest(); code != websocket.CloseNormalClosure {
		t.Errorf("%d %v", code, all)
	}
}

// A client that vanishes leaves its seat.
func TestAClientThatVanishes(t *testing.T) {
	d := openDoor(t, doortest.Toy(t, "../..", 1))
	for range 3 {
		c := d.dial(t, translations)
		c.speak(appendToTranslation, babble(1), 9600)
		c.socket.NetConn().Close()
		d.empty(t)
	}
}

func TestModelsAndPages(t *testing.T) {
	d := openDoor(t, doortest.Toy(t, "../..", 1))
	for _, name := range []string{"tts-1", "gpt-4o", "gpt-4o-transcribe-diarize", strings.Repeat("x", 200)} {
		c := d.dial(t, sessions+"?model="+name)
		all, code := c.rest()
		if all[0].Error.Code != "model_not_found" || code != websocket.ClosePolicyViolation || len(all[0].raw) > 500 {
			t.Errorf("%s: %d %v", name, code, all)
		}
	}
	for query, kind := range map[string]string{
		"": transcription, "?model=gpt-realtime-translate": translation, "?intent=transcription&model=gpt-realtime-translate": transcription,
		"?model=gpt-realtime-whisper": transcription, "/translations?model=whisper-1": translation, "?model=" + d.model(): transcription,
	} {
		c := d.dial(t, sessions+query)
		c.say(`{"type":"session.update","session":{"type":"` + kind + `"}}`)
		if e := c.next(); e.Type != "session.updated" {
			t.Errorf("%s: %s", query, e.raw)
		}
	}
	header := http.Header{"Origin": {"http://elsewhere.example"}}
	if _, response, err := websocket.DefaultDialer.Dial(d.url(sessions), header); err == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("a page of elsewhere is let in: %v", err)
	}
}
