package transport

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/doortest"
	"sotto/transport/room"
)

// pocketVoice has the engine write what the clip means.
func pocketVoice(t *testing.T) func(*Options) {
	t.Helper()
	engine := doortest.Pocket(t, 2)
	return func(opt *Options) { opt.Engine = engine }
}

// kept has the rooms in a folder.
func kept(t *testing.T, dir string) func(*Options) {
	t.Helper()
	rooms, err := room.OpenStore(dir, MaxRooms, room.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return func(opt *Options) { opt.Rooms = rooms }
}

// clip is the first seconds of the bundled Spanish voice, as s16le.
func clip(t *testing.T, seconds float64) []byte {
	t.Helper()
	return doortest.S16(doortest.Clip(t, seconds))
}

// speakInto speaks a clip in a room, from start to ended, and returns the English text.
func (r *running) speakInto(t *testing.T, id string, sound []byte, room string) (text string) {
	t.Helper()
	socket := r.dial(t)
	defer socket.Close()
	next(t, socket) // hello
	socket.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"start","source":"es","targets":["en"],"room":%q}`, id))
	if _, data, err := socket.ReadMessage(); err != nil || !strings.HasPrefix(string(data), `{"type":"started",`) || !strings.HasSuffix(string(data), room+"}") {
		t.Fatalf("start is answered with %s, %v, want %s", data, err, room)
	}
	go func() {
		for ; len(sound) > 0; sound = sound[min(1280, len(sound)):] {
			socket.WriteMessage(websocket.BinaryMessage, sound[:min(1280, len(sound))])
			time.Sleep(10 * time.Millisecond) // four times as fast as people: time for tails
		}
		socket.WriteMessage(websocket.TextMessage, []byte(`{"type":"stop"}`))
	}()
	for {
		var m struct{ Type, Text string }
		if err := socket.ReadJSON(&m); err != nil || m.Type == "error" {
			t.Fatalf("the voice ended with %+v, %v", m, err)
		}
		switch m.Type {
		case "commit":
			text += m.Text
		case "end":
			text += "\n"
		case "ended":
			return strings.TrimPrefix(strings.ReplaceAll(text, "\n ", "\n"), " ")
		}
	}
}

// follow opens a reader that stays.
func (r *running) follow(t *testing.T, path string) io.Reader {
	t.Helper()
	response, err := http.Get(fmt.Sprintf("http://%s/rooms/%s", r.Addr(), path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != 200 {
		t.Fatalf("%s: %s", path, response.Status)
	}
	return response.Body
}

func TestARoomIsReadWhileAVoiceSpeaks(t *testing.T) {
	dir, change := t.TempDir(), pocketVoice(t)
	r := run(t, Options{}, change, kept(t, dir))
	if response, _ := r.ask(t, "GET", "/rooms/hall/events", nil); response.StatusCode != 404 {
		t.Errorf("before any voice: %s", response.Status)
	}
	const started = `"room":{"id":"hall","durable":true}`
	first := r.speakInto(t, "hall", clip(t, 2), started)
	events := bufio.NewReader(r.follow(t, "hall/events?lang=en"))
	text := r.follow(t, "hall/captions.txt?lang=en&follow=1")
	want := first + r.speakInto(t, "hall", clip(t, 6), started)
	if strings.Count(want, "\n") < 2 { // three sentences, but a machine that is behind does not part them at short pauses
		t.Fatalf("the voices said %q, want two of them", want)
	}
	r.stop()
	if err := <-r.ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if got, err := io.ReadAll(text); err != nil || string(got) != want {
		t.Errorf("who followed the text got %q, %v, want %q", got, err, want)
	}
	all, err := io.ReadAll(events)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"screen", "joined", "commit", "end", "left"} {
		if !strings.Contains(string(all), "event: "+name+"\n") {
			t.Errorf("no %s among the events:\n%s", name, all)
		}
	}
	if strings.Contains(string(all), `"durable":false`) || strings.Contains(string(all), "event: reset") {
		t.Errorf("events were not saved, or lost:\n%s", all)
	}
	lines := strings.Split(string(all), "\n")
	id := ""
	for _, line := range lines {
		if after, ok := strings.CutPrefix(line, "id: "); ok && id == "" {
			id = after
		}
	}
	r.again(t, dir, change, id, want, strings.Count(string(all), "event: commit\n"))
}

// again starts the server once more: the text is there, and a reader goes on where
// it was.
func (*running) again(t *testing.T, dir string, change func(*Options), id, want string, words int) {
	t.Helper()
	r := run(t, Options{}, change, kept(t, dir))
	if _, got := r.ask(t, "GET", "/rooms/hall/captions.txt?lang=en", nil); got != want {
		t.Errorf("after a restart the text is %q, want %q", got, want)
	}
	request, err := http.NewRequest("GET", fmt.Sprintf("http://%s/rooms/hall/events", r.Addr()), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Last-Event-ID", id)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	r.stop()
	all, err := io.ReadAll(response.Body)
	if got := strings.Count(string(all), "event: commit\n"); err != nil || got != words || strings.Contains(string(all), "event: reset") {
		t.Errorf("behind %s came %d words, %v, want %d:\n%s", id, got, err, words, all)
	}
}

func TestARoomInMemoryIsNotDurable(t *testing.T) {
	r := run(t, Options{}, pocketVoice(t))
	r.speakInto(t, "a", nil, `"room":{"id":"a","durable":false}`)
}

// Who reads sees that a voice is gone also when it went without a word.
func TestAVoiceThatVanishesLeavesItsRoom(t *testing.T) {
	r := run(t, Options{})
	socket := r.dial(t)
	next(t, socket) // hello
	socket.WriteMessage(websocket.TextMessage, []byte(`{"type":"start","source":"es","targets":["en"],"room":"hall"}`))
	next(t, socket) // started
	lines := bufio.NewReader(r.follow(t, "hall/captions.jsonl?follow=1"))
	for _, want := range []string{"joined", "left"} {
		if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, `"type":"`+want+`"`) {
			t.Errorf("line %q, %v, want %s", line, err, want)
		}
		socket.NetConn().Close()
	}
}

func TestRoomsThatCannotBeAreRefused(t *testing.T) {
	rooms, err := room.OpenStore("", 1, room.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, Options{}, func(opt *Options) { opt.Rooms = rooms })
	long := strings.Repeat("a", 65)
	for i, tt := range []struct {
		id, code string
		closed   int
	}{
		{"Hall", "room", 4451}, {"../x", "room", 4451}, {"a b", "room", 4451}, {long, "room", 4451}, {"é", "room", 4451},
		{long[1:], "", 0}, {"another", "full", 1013}, {long[1:], "", 0},
	} {
		socket := r.dial(t)
		next(t, socket) // hello
		socket.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"start","source":"es","targets":["en"],"room":%q}`, tt.id))
		kind, code, _ := next(t, socket)
		if code != tt.code || (code == "") != (kind == "started") {
			t.Errorf("case %d, room %q is answered with %s %q, want %q", i, tt.id, kind, code, tt.code)
		}
		if _, _, closed := closing(t, socket, code); closed != tt.closed {
			t.Errorf("case %d, room %q closes with %d, want %d", i, tt.id, closed, tt.closed)
		}
		socket.Close()
	}
}

// closing reads the close code of a voice that was refused.
func closing(t *testing.T, socket *websocket.Conn, code string) (string, string, int) {
	t.Helper()
	if code == "" {
		return "", "", 0
	}
	return next(t, socket)
}
