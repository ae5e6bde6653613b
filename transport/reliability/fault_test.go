package reliability

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/models/gemma4"
	"sotto/models/pocket"
	"sotto/transport"
)

// faulty has an engine whose next computation is a fault once it is armed.
func faulty(t testing.TB) (engine *sotto.Engine, armed *atomic.Bool) {
	t.Helper()
	model, err := gemma4.Open("../../models/gemma4/gemma4test/testdata/folder", "")
	if err != nil {
		t.Fatal(err)
	}
	armed = new(atomic.Bool)
	engine, err = sotto.NewEngine(model, sotto.EngineOptions{Burden: func(int, int) {
		if armed.Swap(false) {
			panic("a fault that was asked for")
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return engine, armed
}

// A fault in what one voice does ends that voice, which is told so; another goes on,
// and so does who reads either (F17).
func TestAFaultEndsItsVoiceAlone(t *testing.T) {
	engine, armed := faulty(t)
	h := openHost(t, "", transport.Options{Engine: engine})
	address := h.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sound := asBytes(demoFrames(t))
	var speaking sync.WaitGroup
	voices := []*speech{mustSpeak(t, address, "one", "en"), mustSpeak(t, address, "two", "en")}
	for _, s := range voices {
		speaking.Go(func() { s.say(ctx, sound) })
	}
	heard := func(s *speech) bool { return len(s.takeLate()) > 0 }
	for _, s := range voices {
		within(t, 10*second, "a voice is heard", func() bool { return heard(s) })
	}
	armed.Store(true)
	broken, well := voices[0], voices[1]
	select {
	case <-broken.done:
	case <-well.done:
		broken, well = well, broken
	}
	if broken.code != "internal" || broken.closed != websocket.CloseInternalServerErr {
		t.Errorf("the voice was closed with %q, %d", broken.code, broken.closed)
	}
	well.takeLate()
	within(t, 10*second, "the other is heard", func() bool { return heard(well) })
	if n := engine.Load().Voices; n != 1 {
		t.Errorf("%d voices have a seat", n)
	}
	cancel()
	speaking.Wait()
	armed.Store(true)
	if status, body := recording(t, address); status != 500 || strings.Contains(body, "goroutine") {
		t.Errorf("a recording is answered with %d %s", status, body)
	}
	if status, body := recording(t, address); status != 200 {
		t.Errorf("the next recording is answered with %d %s", status, body)
	}
}

// recording sends one for OpenAI's clients.
func recording(t testing.TB, address string) (status int, body string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	form.WriteField("model", "whisper-1")
	form.WriteField("language", "es")
	file, _ := form.CreateFormFile("file", "demo.ogg")
	file.Write(pocket.Demo)
	form.Close()
	response, err := http.Post("http://"+address+"/v1/audio/transcriptions", form.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(all)
}
