package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto"
	"sotto/audio/intake"
	"sotto/transport/doortest"
)

// seatTaken says whether the door's one seat is taken.
func seatTaken(t *testing.T, d *door) bool {
	t.Helper()
	session, err := d.Engine.Open((&request{source: "es", target: "es"}).options())
	if err == nil {
		session.Close()
	}
	return errors.Is(err, sotto.ErrFull)
}

func TestAFullServerSaysWhenToComeAgain(t *testing.T) {
	d := openToy(t, Options{})
	session, err := d.Engine.Open((&request{source: "es", target: "es"}).options())
	if err != nil {
		t.Fatal(err)
	}
	form := fields{"model", model, "file", babble(1)}
	for _, why := range []string{"every seat", "too many recordings"} {
		if why == "too many recordings" {
			d.active.Add(maxRequests)
		}
		response, reply := d.send(t, translations, form)
		message, kind, _, code := refusal(t, reply)
		retry, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		if response.StatusCode != 429 || retry < 5 || retry > 10 || kind != "requests" || code != "rate_limit_exceeded" || !strings.Contains(message, why) {
			t.Errorf("%s, Retry-After %d, %s", response.Status, retry, reply)
		}
	}
	d.active.Add(-maxRequests)
	session.Close()
	if response, reply := d.send(t, translations, form); response.StatusCode != 200 {
		t.Errorf("with a free seat: %s %s", response.Status, reply)
	}
}

func TestAClientThatGoesAwayIsNotHeard(t *testing.T) {
	var log logged
	d := openToy(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, stream := range []string{"false", "true"} {
		body, kind := fields{"file", babble(300), "model", model, "stream", stream}.encode(t)
		ctx, leave := context.WithCancel(t.Context())
		in, out := io.Pipe()
		request, _ := http.NewRequestWithContext(ctx, "POST", d.URL+transcriptions, in)
		request.Header.Set("Content-Type", kind)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if response, err := d.Client().Do(request); err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}()
		out.Write(body[:len(body)/2])
		doortest.Await(t, "the recording is sent", func() bool { return len(d.left(t)) == 1 })
		out.Write(body[len(body)/2:])
		out.Close()
		if runtime.GOOS != "windows" {
			doortest.Await(t, "nothing lies on the disk while it is heard", func() bool { return len(d.left(t)) == 0 })
		}
		leave()
		<-gone
		doortest.Await(t, "the request is over", func() bool { return d.active.Load() == 0 })
		if said := log.take(); !strings.Contains(said, "complete=false") || strings.Contains(said, "complete=true") {
			t.Errorf("stream %s: the log says %q", stream, said)
		}
		if seatTaken(t, d) {
			t.Error("the seat is kept")
		}
	}
}

// logged keeps a log.
type logged struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.Write(p)
}

func (l *logged) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.said.Reset()
	return l.said.String()
}

// While it is sent, the recording is its owner's alone; a client that leaves then
// leaves nothing.
func TestUploadsArePrivate(t *testing.T) {
	d := openToy(t, Options{})
	in, out := io.Pipe()
	body, kind := fields{"model", model, "file", babble(3)}.encode(t)
	request, _ := http.NewRequest("POST", d.URL+transcriptions, in)
	request.Header.Set("Content-Type", kind)
	gone := make(chan struct{})
	go func() { defer close(gone); d.Client().Do(request) }()
	out.Write(body[:len(body)/2])
	doortest.Await(t, "a file is being written", func() bool { return len(d.left(t)) == 1 })
	info, err := d.left(t)[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	out.CloseWithError(errors.New("the client leaves"))
	<-gone
	doortest.Await(t, "the file is gone", func() bool { return len(d.left(t)) == 0 })
	doortest.Await(t, "the request is over", func() bool { return d.active.Load() == 0 })
}

func TestLongRecordingsAreRefused(t *testing.T) {
	d := openToy(t, Options{})
	d.maxSound = 2 * time.Second
	response, reply := d.send(t, transcriptions, fields{"model", model, "file", babble(3)})
	if message, _, param, _ := refusal(t, reply); response.StatusCode != 400 || param != "file" || !strings.Contains(message, "longer than 2 seconds") {
		t.Errorf("%s %s", response.Status, reply)
	}
	if seatTaken(t, d) {
		t.Error("the seat is kept")
	}
}

// damaged is a recording that breaks off with an error.
type damaged struct {
	intake.Source
	left int // samples
}

func (s *damaged) Read(dst []float32) (int, error) {
	if s.left <= 0 {
		return 0, &intake.Error{Name: "file", What: "is damaged"}
	}
	n, err := s.Source.Read(dst)
	s.left -= n
	return n, err
}

// What breaks in the middle is an error also where the reply has begun.
func TestDamageInTheMiddle(t *testing.T) {
	d := openToy(t, Options{})
	for _, stream := range []bool{false, true} {
		source, err := intake.Open(t.Context(), strings.NewReader(babble(3)), "file")
		if err != nil {
			t.Fatal(err)
		}
		q := &request{source: "es", target: "es", format: "json", stream: stream}
		session, err := d.Engine.Open(q.options())
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", transcriptions, nil)
		p := d.answer(w, r, q, session, &damaged{source, 32000}, d.opt.Log)
		said := w.Body.String()
		if stream {
			events := strings.Split(strings.TrimSuffix(said, "\n\n"), "\n\n")
			said = strings.TrimPrefix(events[len(events)-1], "data: ")
		} else if p != nil && said == "" {
			again := httptest.NewRecorder()
			p.write(again)
			said = again.Body.String()
		}
		if message, _, param, _ := refusal(t, said); param != "file" || !strings.Contains(message, "is damaged") {
			t.Errorf("stream %v: %q", stream, said)
		}
		if seatTaken(t, d) {
			t.Error("the seat is kept")
		}
	}
}

// Recordings that come at once are heard one after the other, and leave a seat for
// a live voice.
func TestManyAtOnce(t *testing.T) {
	d := openPocket(t, Options{})
	form := fields{"model", model, "file", string(pocket3s(t))}
	live, err := d.Engine.Open(sotto.SessionOptions{Source: "es", Targets: []string{"en"}})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			if response, reply := d.send(t, translations, form); reply != "{\"text\":\"Good morning, Elena.\"}\n" {
				t.Errorf("%s %q", response.Status, reply)
			}
		})
	}
	clients.Wait()
}

func TestARecordingWaitsForThoseBeforeAndNotForEver(t *testing.T) {
	d := openToy(t, Options{})
	form := fields{"model", model, "file", babble(1)}
	d.turn <- struct{}{} // as another recording does
	d.patience = 50 * time.Millisecond
	response, reply := d.send(t, translations, form)
	if _, kind, _, code := refusal(t, reply); response.StatusCode != 503 || response.Header.Get("Retry-After") != "30" || kind != "server_error" || code != "recordings_waiting" {
		t.Errorf("%s, Retry-After %q, %s", response.Status, response.Header.Get("Retry-After"), reply)
	}
	d.patience = time.Minute
	done := make(chan struct{})
	go func() {
		defer close(done)
		if response, reply := d.send(t, translations, form); response.StatusCode != 200 {
			t.Errorf("%s %s", response.Status, reply)
		}
	}()
	doortest.Await(t, "it has been received", func() bool { return len(d.left(t)) == 1 })
	<-d.turn
	<-done
	if len(d.turn) != 0 {
		t.Error("the turn is kept")
	}
}

// What is the machine's fault is told to its log, not to the client.
func TestNoPlaceForUploads(t *testing.T) {
	var log logged
	d := openToy(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	d.opt.Folder += "/nowhere"
	response, reply := d.send(t, transcriptions, fields{"model", model, "file", babble(1)})
	_, kind, _, code := refusal(t, reply)
	if response.StatusCode != 500 || kind != "server_error" || code != "internal_error" || strings.Contains(reply, "nowhere") {
		t.Errorf("%s %s", response.Status, reply)
	}
	if said := log.take(); !strings.Contains(said, "nowhere") || !strings.Contains(said, response.Header.Get("X-Request-Id")) {
		t.Errorf("the log says %q", said)
	}
}
