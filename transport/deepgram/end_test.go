package deepgram

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/doortest"
	"sotto/transport/line"
)

func TestRefusals(t *testing.T) {
	toy, pocket := openDoor(t, doortest.Polyglot(t, "../..", 1)), openDoor(t, doortest.Pocket(t, 1))
	for _, tt := range []struct {
		door         *door
		query, about string
	}{
		{pocket, "", "encoding"},
		{pocket, "?encoding=speex&sample_rate=16000", "encoding"},
		{pocket, "?encoding=linear16", "sample_rate"},
		{pocket, "?encoding=linear16&sample_rate=7999", "sample_rate"},
		{pocket, usual + "&channels=3", "channels"},
		{pocket, usual + "&interim_results=yes", "interim_results"},
		{pocket, usual + "&utterance_end_ms=999", "utterance_end_ms"},
		{pocket, usual + "&multichannel=true&channels=2", "multichannel"},
		{pocket, usual + "&diarize=true", "diarize"},
		{pocket, usual + "&callback=http://127.0.0.1", "callback"},
		{pocket, usual + "&language=ja", "ja"},
		{pocket, usual + "&target_language=ja", "ja"},
		{pocket, usual + "&latency=never", "latency"},
		{pocket, usual + "&room=Not+one", "room"},
		{toy, usual, "language"},
	} {
		status, body, header := tt.door.refusedWith(t, tt.query, nil)
		if status != http.StatusBadRequest || body["err_code"] != "INVALID_QUERY_PARAMETER" || !strings.Contains(body["err_msg"], tt.about) {
			t.Errorf("%s is refused with %d %v", tt.query, status, body)
		}
		if header.Get("dg-request-id") == "" || header.Get("dg-request-id") != body["request_id"] || header.Get("dg-error") == "" {
			t.Errorf("%s: header %v", tt.query, header)
		}
	}
}

func TestOneTooMany(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	first := d.dial(t, usual)
	status, body, header := d.refusedWith(t, usual, nil)
	if status != http.StatusTooManyRequests || body["err_code"] != "TOO_MANY_REQUESTS" || header.Get("Retry-After") == "" {
		t.Errorf("%d %v %v", status, body, header)
	}
	first.say("CloseStream")
	first.rest()
	d.dial(t, usual) // its seat is free now
}

func TestPagesOfOthersAndServersThatAreNotReady(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	if status, _, _ := d.refusedWith(t, usual, http.Header{"Origin": {"http://evil.example"}}); status != http.StatusForbidden {
		t.Errorf("a page is told %d", status)
	}
	d = openDoor(t, nil, func(o *Options) { o.Ready = func() bool { return false } })
	if status, body, _ := d.refusedWith(t, usual, nil); status != http.StatusServiceUnavailable || body["err_code"] != "SERVICE_UNAVAILABLE" {
		t.Errorf("%d %v", status, body)
	}
	response, err := http.Get(d.server.URL + "/v1/listen")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if d.Close(); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d", response.StatusCode)
	}
}

func TestAKeyForOneRoom(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1), func(o *Options) {
		o.MayEnter = func(_ *http.Request, room string) bool { return room == "hall" }
	})
	if status, body, _ := d.refusedWith(t, usual+"&room=other", nil); status != http.StatusBadRequest || !strings.Contains(body["err_msg"], "room") {
		t.Errorf("%d %v", status, body)
	}
	d.dial(t, usual+"&room=hall")
}

// A browser can send its key in no other way, and wants the protocol back.
func TestAKeyAmongSubprotocols(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	dialer := websocket.Dialer{Subprotocols: []string{"token", "secret"}}
	conn, _, err := dialer.Dial(d.url()+"/v1/listen"+usual, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if conn.Subprotocol() != "token" {
		t.Errorf("subprotocol %q", conn.Subprotocol())
	}
}

func TestWhoSaysNothingIsClosed(t *testing.T) {
	d := openDoor(t, doortest.Polyglot(t, "../..", 1), func(o *Options) {
		o.Limits = func() line.Limits { return line.Limits{Idle: 300 * time.Millisecond} }
	})
	c := d.dial(t, usual+"&language=en")
	for range 5 { // more than the limit in all
		time.Sleep(100 * time.Millisecond)
		c.say("KeepAlive")
	}
	all, end := c.rest()
	if end.Code != websocket.CloseInternalServerErr || !strings.HasPrefix(end.Text, "NET-0001") || len(all) != 1 || all[0].Type != "Metadata" {
		t.Errorf("%v behind %v", end, types(all))
	}
	if idle != 10*time.Second {
		t.Error("Deepgram waits 10 s")
	}
}

func TestAStoppingServerSaysWhatItHasHeard(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, usual)
	c.speak(doortest.S16(doortest.Clip(t, 1.5)), 1280)
	c.say("Finalize") // its answer says that all was heard
	if _, err := c.next(); err != nil {
		t.Fatal(err)
	}
	c.speak(doortest.S16(doortest.Clip(t, 5.0))[2*32000:], 1280)
	c.say("Finalize")
	for r, err := c.next(); !r.FromFinalize; r, err = c.next() {
		if err != nil {
			t.Fatal(err)
		}
	}
	d.stop()
	all, end := c.rest()
	if end.Code != websocket.CloseServiceRestart || all[len(all)-1].Type != "Metadata" {
		t.Errorf("%v behind %v", end, types(all))
	}
	d.Close()
	if d.Enter() == nil {
		t.Error("a closed door lets in")
	}
}

func TestAClientThatGoesLeavesItsSeat(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	for _, room := range []string{"", "&room=hall"} {
		c := d.dial(t, usual+room)
		c.speak(doortest.S16(doortest.Clip(t, 1.5)), 1280)
		c.Conn.Close()
		d.Wait(context.Background())
	}
	d.dial(t, usual)
}
