package feed

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sotto/transport/room"
)

// spoken is a room on a real server in which some was said, whose stream is ahead of
// the clock so that nobody has to wait for it.
func spoken(t *testing.T) (h *hall, ahead *atomic.Int64, said string) {
	t.Helper()
	ahead = new(atomic.Int64)
	h = openHall(t, &Handler{now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }}, room.Options{})
	for i, text := range []string{
		"Good morning, ladies and gentlemen.", "If <b>it</b> rains & snows tomorrow --> we will stay at home, and read what others have written about it before us.", "早上好。 Thank you very much.",
	} {
		spell(t, h.voice, i, time.Duration(i+1)*5*time.Second, 4*time.Second, text, true)
		said += " " + text
	}
	return h, ahead, said[1:]
}

func TestFFmpegPlaysTheStream(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not here; install it to have another program play the stream")
	}
	h, ahead, said := spoken(t)
	h.voice.Leave()
	ahead.Store(int64(5 * time.Minute))
	play := func(name string, arguments ...string) string {
		cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-i", h.url + "hls/" + name}, arguments...)...)
		var says strings.Builder
		cmd.Stderr = &says
		out, err := cmd.Output()
		if err != nil || says.Len() > 0 {
			t.Errorf("%s: %v, %s", name, err, says.String())
		}
		return strings.ReplaceAll(string(out), "\r", "")
	}
	var got []string
	last := ""
	for block := range strings.SplitSeq(strings.TrimSpace(play("en/index.m3u8", "-f", "srt", "-")), "\n\n") {
		lines := strings.Split(block, "\n")
		if cue := strings.Join(lines[1:], " "); len(lines) > 2 && cue != last { // one that crosses a border comes twice
			got, last = append(got, lines[2:]...), cue
		}
	}
	if text := strings.Join(got, " "); text != said {
		t.Errorf("ffmpeg shows\n%q\nof\n%q", text, said)
	}
	if sound := play("master.m3u8", "-t", "8", "-f", "s16le", "-"); len(sound) != 8*32000*2 || strings.Trim(sound, "\x00") != "" {
		t.Errorf("ffmpeg plays %d bytes of the master's sound", len(sound))
	}
}

// shown is what a player has.
type shown struct {
	Cues []struct {
		At   float64 // Unix ms
		Text string
	}
	Errors  []string // after which nothing plays
	Seconds float64  // that were played
	Ended   bool     // the playlist has its end
}

func (s *shown) text() string {
	var all []string
	for _, c := range s.Cues {
		all = append(all, strings.Fields(c.Text)...)
	}
	return strings.Join(all, " ")
}

// hlsJS opens a page with hls.js in a browser, and returns what it tells.
func (h *hall) hlsJS() <-chan shown {
	h.t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		h.t.Skip("chromium is not here; install it to have a browser play the stream")
	}
	file, err := exec.Command("node", "-p", "require.resolve('hls.js/dist/hls.min.js')").Output()
	if err != nil {
		h.t.Skipf("node has no hls.js (%v): npm install hls.js, and name its node_modules in NODE_PATH", err)
	}
	news := make(chan shown)
	h.mux.HandleFunc("GET /hls.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, strings.TrimSpace(string(file))) })
	h.mux.HandleFunc("GET /player", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/player.html") })
	h.mux.HandleFunc("POST /shown", func(w http.ResponseWriter, r *http.Request) {
		var s shown
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &s); err != nil {
			h.t.Errorf("%v in %s", err, body)
		}
		select {
		case news <- s:
		case <-h.t.Context().Done():
		}
	})
	page := strings.Replace(h.url, "/rooms/hall/", "/player", 1)
	cmd := exec.CommandContext(h.t.Context(), "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--disable-background-networking",
		"--autoplay-policy=no-user-gesture-required", "--user-data-dir="+h.t.TempDir(), page)
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return news
}

// firstCue is when the first cue of the stream begins, in Unix ms of today.
func (h *hall) firstCue() float64 {
	h.t.Helper()
	for _, line := range strings.Fields(h.whole("hls/en/index.m3u8")) {
		if !strings.HasSuffix(line, ".vtt") {
			continue
		}
		if cue := cueForm.FindStringSubmatch(h.whole("hls/en/" + line)); cue != nil {
			at, err := time.Parse("2006-01-02 15:04:05.000", time.Now().UTC().Format("2006-01-02 ")+cue[1][:12])
			if err != nil {
				h.t.Fatal(err)
			}
			return float64(at.UnixMilli())
		}
	}
	h.t.Fatal("the stream has no cue")
	return 0
}

// until waits for a player to show something.
func until(t *testing.T, news <-chan shown, what string, ok func(*shown) bool) (last shown) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		select {
		case last = <-news:
			if ok(&last) {
				return last
			}
		case <-deadline:
			t.Fatalf("%s is not shown within a minute, but %+v", what, last)
		}
	}
}

// hls.js in a browser shows what is said while it plays, and to its end.
func TestHLSJSPlaysTheStream(t *testing.T) {
	h, ahead, said := spoken(t)
	ahead.Store(int64(20 * time.Second))
	news := h.hlsJS()
	until(t, news, "sound", func(s *shown) bool { return s.Seconds > 0 })
	spell(t, h.voice, 3, 20*time.Second, time.Second, "And one more.", true)
	ahead.Add(int64(12 * time.Second))
	got := until(t, news, "what was said while it played", func(s *shown) bool { return strings.HasSuffix(s.text(), "And one more.") })
	if want := said + " And one more."; got.text() != want {
		t.Errorf("it shows\n%q\nof\n%q", got.text(), want)
	}
	if len(got.Errors) > 0 {
		t.Errorf("it says %q", got.Errors)
	}
	if at := h.firstCue(); math.Abs(got.Cues[0].At-at) > 20 {
		t.Errorf("it shows its first cue at %.0f ms, the stream does at %.0f", got.Cues[0].At, at)
	}
	h.voice.Leave()
	ahead.Add(int64(2 * time.Minute))
	until(t, news, "the end", func(s *shown) bool { return s.Ended })
}
