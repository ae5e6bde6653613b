package whip

import (
	"encoding/binary"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/audio"
	"sotto/audio/opus"
)

// A real browser publishes a microphone and a camera, and reads its captions from
// the data channel.
func TestChromium(t *testing.T) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: apt-get install chromium")
	}
	inRealTime(t)
	b := &browser{told: make(map[string][]string)}
	h := build(t, func(o *Options) { o.CheckOrigin = func(*http.Request) bool { return true } })
	h.mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/publish.html") })
	h.mux.HandleFunc("POST /told/{what}", b.take)
	sound := filepath.Join(t.TempDir(), "sound.wav")
	if err := os.WriteFile(sound, wav(t), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--disable-background-networking", "--no-first-run", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
		"--use-file-for-fake-audio-capture="+sound+"%noloop", h.url+"/page?video")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	defer func() {
		if t.Failed() {
			t.Logf("the page told %q; the log is\n%s", b.all(""), h.log)
		}
	}()
	h.within(40*time.Second, "the page shows the sentence", func() bool {
		return strings.Contains(b.all("message"), "morning") || b.all("error") != ""
	})
	if b.all("error") != "" || !strings.Contains(b.all("state"), "connected") {
		t.Error("the page failed")
	}
}

// browser is what a page has told.
type browser struct {
	mu   sync.Mutex
	told map[string][]string
}

func (b *browser) take(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[r.PathValue("what")] = append(b.told[r.PathValue("what")], string(text))
}

// all joins what was told of a kind, "" of every kind.
func (b *browser) all(what string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for kind, texts := range b.told {
		if what == "" || kind == what {
			all = append(all, texts...)
		}
	}
	return strings.Join(all, "\n")
}

// wav returns the first sentence of the clip and a pause, for a microphone.
func wav(t *testing.T) []byte {
	d, err := opus.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	for _, p := range clip(t)[:oneSentence] {
		samples, _ := d.Decode(p)
		for _, v := range samples {
			data = binary.LittleEndian.AppendUint16(data, uint16(int16(v*32767)))
		}
	}
	data = append(data, make([]byte, 2*2*audio.RateHz)...)
	head := []byte("RIFF....WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00....\x00\x7d\x00\x00\x02\x00\x10\x00data....")
	binary.LittleEndian.PutUint32(head[4:], uint32(36+len(data)))
	binary.LittleEndian.PutUint32(head[24:], audio.RateHz)
	binary.LittleEndian.PutUint32(head[40:], uint32(len(data)))
	return append(head, data...)
}
