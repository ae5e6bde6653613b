package ws

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/doortest"
	"sotto/transport/wire"
)

func TestLimitsAreThoseOfTheHandler(t *testing.T) {
	limits := Limits{Text: 1000, Binary: 2000, Start: 3 * time.Second, Idle: 4 * time.Second}
	engine := doortest.Toy(t, "../..", 1)
	for name, tt := range map[string]struct {
		do      func(*client)
		after   time.Duration
		message string
	}{
		"text":   {func(c *client) { c.send(websocket.TextMessage, make([]byte, 1001)) }, 0, "longer than 1000 bytes"},
		"binary": {func(c *client) { c.begin("en").send(websocket.BinaryMessage, make([]byte, 2002)) }, 0, "longer than 2000 bytes"},
		"start":  {func(*client) {}, 3 * time.Second, "within 3 seconds"},
		"idle":   {func(c *client) { c.begin("en") }, 4 * time.Second, "for 4 seconds"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := openPiped(t, engine)
			d.Handler.Limits = func() Limits { return limits }
			c := d.dial(t)
			began := time.Now()
			tt.do(c)
			_, last, _ := c.end()
			if waited := time.Since(began); waited != tt.after || !strings.Contains(last.Message, tt.message) {
				t.Errorf("%s: after %v %+v, want %q after %v", name, waited, last, tt.message, tt.after)
			}
			c.socket.Close()
			d.close()
		})
	}
}

func TestLatencyIsTheHandlersWhenStartIsSilent(t *testing.T) {
	d := openDoor(t, 1)
	d.Hall.Latency = "never"
	for latency, want := range map[string]string{"": "error", "fast": "started"} {
		c := d.dial(t)
		c.say(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Latency: latency})
		if m := c.next(); m.Type != want {
			t.Errorf("latency %q is answered with %+v, want %s", latency, m, want)
		}
		c.socket.Close()
	}
}

func TestAVoiceThatIsNotDoneInTimeIsToldSo(t *testing.T) {
	d := openDoorOf(t, doortest.Pocket(t, 1))
	d.Drain = time.Nanosecond
	c := d.dial(t).begin("en")
	c.speak(clip(t, 1.5))
	c.next() // it has begun to hear
	d.stop()
	_, last, code := c.end()
	if last.Code != "stopping" || !strings.Contains(last.Message, "too late") || code != websocket.CloseServiceRestart {
		t.Errorf("it ends with %+v and %d", last, code)
	}
	d.Wait(t.Context())
}

func TestAClosedDoorLetsNobodyIn(t *testing.T) {
	d := openDoor(t, 2)
	c := d.dial(t).begin("en")
	d.Close()
	r := request(t, d.url, nil)
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("answered with %s", r.Status)
	}
	c.say(wire.Stop{Type: "stop"})
	if _, last, code := c.end(); last.Type != "ended" || code != 1000 {
		t.Errorf("the voice that is there ends with %+v and %d", last, code)
	}
}
