package feed

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"sotto"
	"sotto/audio"
	"sotto/transport/room"
)

// station is a handler that is asked without a network, for rooms of a virtual time.
type station struct {
	t testing.TB
	*Handler
	mux *http.ServeMux
}

func openStation(t testing.TB, rooms *room.Store) *station {
	s := &station{t, &Handler{Rooms: rooms, Log: slog.New(slog.DiscardHandler)}, http.NewServeMux()}
	s.Mount(s.mux)
	return s
}

// get returns a file of the stream; "" where there is none.
func (s *station) get(name string) string {
	s.t.Helper()
	answer := httptest.NewRecorder()
	s.mux.ServeHTTP(answer, httptest.NewRequest("GET", "/rooms/hall/hls/"+name, nil))
	if answer.Code == http.StatusNotFound {
		return ""
	}
	if answer.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", name, answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// listed returns the numbers of a playlist's segments.
func (s *station) listed(language string) (numbers []int64) {
	s.t.Helper()
	for line := range strings.Lines(s.get(language + "/index.m3u8")) {
		if n, ok := segmentNumber(strings.TrimSpace(line), ".vtt"); ok {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// viewer plays a language: it fetches every segment when it is listed.
type viewer struct {
	*station
	language string
	last     int64
	segments map[string]string
	text     strings.Builder
	seen     map[string]bool
}

func (s *station) view(language string) *viewer {
	return &viewer{station: s, language: language, segments: make(map[string]string), seen: make(map[string]bool)}
}

var cueForm = regexp.MustCompile(`(?m)^(\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3})\n((?:.+\n)+)`)

func (v *viewer) look() {
	v.t.Helper()
	for _, n := range v.listed(v.language) {
		name := fmt.Sprintf("%s/%d.vtt", v.language, n)
		before := v.segments[name]
		if before != "" && (n+v.last)%8 != 0 { // it looks at some of them again
			continue
		}
		now := v.get(name)
		switch {
		case before != "" && now != before:
			v.t.Fatalf("%s was\n%s\nand is\n%s", name, before, now)
		case before != "":
			continue
		case v.last != 0 && n != v.last+1:
			v.t.Fatalf("segment %d follows %d", n, v.last)
		}
		v.last, v.segments[name] = n, now
		if head := fmt.Sprintf("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:", mpegts(n)); !strings.HasPrefix(now, head) {
			v.t.Fatalf("%s begins %.80q", name, now)
		}
		for _, c := range cueForm.FindAllStringSubmatch(now, -1) {
			if !v.seen[c[0]] {
				v.text.WriteString(" " + c[2])
			}
			v.seen[c[0]] = true
		}
	}
}

func (v *viewer) words() string { return strings.Join(strings.Fields(v.text.String()), " ") }

func hallOf(t testing.TB, s *room.Store) *room.Room {
	t.Helper()
	r, err := s.Room("hall")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// spell says words that were heard in the last part of a voice's sound.
func spell(t testing.TB, v *room.Voice, segment int, heard, long time.Duration, text string, end bool) {
	t.Helper()
	at := func(d time.Duration) audio.Position { return audio.Position(d * audio.RateHz / time.Second) }
	c := sotto.Caption{Segment: segment, Language: "en", Heard: at(heard), End: end}
	fields := strings.Fields(text)
	for i, w := range fields {
		from := heard - long + long*time.Duration(i)/time.Duration(len(fields))
		c.Words = append(c.Words, sotto.Word{Text: " " + w, Start: at(from), End: at(from + long/time.Duration(len(fields)))})
	}
	if err := v.Caption(c); err != nil {
		t.Fatal(err)
	}
}

func memory(t testing.TB) *room.Store {
	t.Helper()
	s, err := room.OpenStore("", 1, room.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is midnight of 1 January 2000
		rooms := memory(t)
		defer rooms.Close()
		s := openStation(t, rooms)
		hall := hallOf(t, rooms)
		if got := s.get("master.m3u8") + s.get("en/index.m3u8"); got != "" {
			t.Errorf("an empty room has\n%s", got)
		}
		v, err := hall.Join("")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		spell(t, v, 0, 5*time.Second, 4*time.Second, "Good <morning> to you all", true) // 1 to 5 s
		want := "#EXTM3U\n#EXT-X-VERSION:3\n" +
			"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,URI=\"en/index.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=4000,CODECS=\"mp4a.40.2\",SUBTITLES=\"captions\"\nsilence/index.m3u8\n"
		if got := s.get("master.m3u8"); got != want {
			t.Errorf("the master is\n%s", got)
		}
		first := time.Now().UnixMilli() / segmentMs
		first-- // the room began 6 s ago
		if got := s.listed("en"); !slices.Equal(got, []int64{first - 3, first - 2, first - 1}) {
			t.Errorf("before the first segment is over: %d, it is %d", got, first)
		}
		if got := s.get(fmt.Sprintf("en/%d.vtt", first)); got != "" {
			t.Errorf("a segment that is open is\n%s", got)
		}
		time.Sleep(6 * time.Second) // 12 s: the first two are closed
		want = fmt.Sprintf("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n"+
			"#EXT-X-PROGRAM-DATE-TIME:1999-12-31T23:59:48.000Z\n#EXTINF:4.000,\n%d.vtt\n", first-3, first-3)
		got := s.get("en/index.m3u8")
		if !strings.HasPrefix(got, want) || strings.Contains(got, "ENDLIST") || len(s.listed("en")) != 5 {
			t.Errorf("the playlist is\n%s\nand begins not with\n%s", got, want)
		}
		if other := s.get("silence/index.m3u8"); strings.ReplaceAll(other, ".aac", ".vtt") != got {
			t.Errorf("the playlist of silence is\n%s", other)
		}
		const cue = "00:00:01.000 --> 00:00:05.000\nGood &lt;morning&gt; to you all\n\n"
		for n, want := range map[int64]string{
			-3: "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:23:59:48.000\n\n",
			0:  "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:00:00:00.000\n\n" + cue,
			1:  "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:00:00:04.000\n\n" + cue,
		} {
			at := (first + n) * segmentMs * 90 % (1 << 33)
			if got := s.get(fmt.Sprintf("en/%d.vtt", first+n)); got != fmt.Sprintf(want, at) {
				t.Errorf("segment %d is\n%s\nwant\n%s", n, got, fmt.Sprintf(want, at))
			}
		}
		// A word that comes when its segment is closed is shown in the one that is open.
		spell(t, v, 1, 8*time.Second, time.Second, "Late.", true) // 7 to 8 s
		time.Sleep(4 * time.Second)
		if got := s.get(fmt.Sprintf("en/%d.vtt", first+2)); !strings.HasSuffix(got, "00:00:08.000 --> 00:00:09.000\nLate.\n\n") {
			t.Errorf("the late word's segment is\n%s", got)
		}
		for _, name := range []string{"en/0.vtt", "en/x.vtt", "en/1", "de/index.m3u8", fmt.Sprintf("de/%d.vtt", first), "silence/0.aac", "silence/x"} {
			if got := s.get(name); got != "" {
				t.Errorf("%s is\n%s", name, got)
			}
		}
		v.Leave()
		time.Sleep(5 * time.Minute)
		if got := s.get("en/index.m3u8"); !strings.HasSuffix(got, "#EXT-X-ENDLIST\n") || len(s.listed("en")) != 3+19 {
			t.Errorf("at the end: %d segments\n%s", len(s.listed("en")), got)
		}
		if _, err := hall.Join(""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := s.listed("en"); len(got) != window || got[window-1] != time.Now().UnixMilli()/segmentMs-2 {
			t.Errorf("after an hour: %d", got)
		}
		rooms.Forget("hall")
		hallOf(t, rooms)
		if got := s.get("en/index.m3u8"); got != "" || len(s.lives) != 1 {
			t.Errorf("when all is forgotten: %d streams\n%s", len(s.lives), got)
		}
	})
}

// utterance is some words, and when they come.
type utterance struct {
	text        string
	pause       time.Duration // before it
	late, long  time.Duration
	ends, looks bool // the segment; the viewer, after it
}

var anyUtterance = rapid.Custom(func(t *rapid.T) utterance {
	ms := func(name string, least, most int) time.Duration {
		return time.Duration(rapid.IntRange(least, most).Draw(t, name)) * time.Millisecond
	}
	return utterance{
		rapid.StringMatching(`[a-z]{1,9}( [a-z]{1,9}){0,20}[.,]?`).Draw(t, "text"), ms("pause", 0, 9000),
		[]time.Duration{-3, 0, 1, 3, 9, 30}[rapid.IntRange(0, 5).Draw(t, "late")] * time.Second, ms("long", 1, 6000),
		rapid.Bool().Draw(t, "ends"), rapid.Bool().Draw(t, "looks"),
	}
})

// Whatever is said and when, a viewer gets all of it, and no segment changes.
func TestNothingIsLostInTheStream(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all, said, got, end := rapid.SliceOfN(anyUtterance, 1, 40).Draw(rt, "all"), "", "", ""
		synctest.Test(t, func(t *testing.T) {
			rooms := memory(t)
			defer rooms.Close()
			s, hall := openStation(t, rooms), hallOf(t, rooms)
			v, err := hall.Join("")
			if err != nil {
				t.Fatal(err)
			}
			began, viewer, segment := time.Now(), s.view("en"), 0
			for _, u := range all {
				time.Sleep(u.pause)
				spell(t, v, segment, max(0, time.Since(began)-u.late), u.long, u.text, u.ends)
				if said += " " + u.text; u.ends {
					segment++
				}
				if u.looks {
					viewer.look()
				}
			}
			v.Leave()
			for range 30 {
				time.Sleep(13 * time.Second)
				viewer.look()
			}
			got, end = viewer.words(), s.get("en/index.m3u8")
		})
		if got != said[1:] {
			rt.Fatalf("the viewer got\n%s\nof\n%s", got, said[1:])
		}
		if !strings.HasSuffix(end, "#EXT-X-ENDLIST\n") {
			rt.Fatalf("the stream does not end:\n%s", end)
		}
	})
}

// The stream follows from the events: another server with the same rooms gives the
// files that viewers have seen.
func TestTheStreamIsTheSameAfterARestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		open := func() (rooms *room.Store, done chan error) {
			rooms, err := room.OpenStore(dir, 1, room.Options{})
			if err != nil {
				t.Fatal(err)
			}
			done = make(chan error, 1)
			go func() { done <- rooms.Run(ctx) }()
			return rooms, done
		}
		rooms, done := open()
		hall := hallOf(t, rooms)
		one, _ := hall.Join("")
		two, _ := hall.Join("")
		began, viewer := time.Now(), openStation(t, rooms).view("en")
		for i := range 60 {
			time.Sleep(2700 * time.Millisecond)
			spell(t, []*room.Voice{one, two}[i%2], i/3, time.Since(began)-time.Duration(i%7)*time.Second, 2*time.Second, fmt.Sprintf("one more of %d sentences is said,", i), i%3 == 2)
			time.Sleep(time.Duration(i) * time.Millisecond)
			viewer.look()
		}
		if err := rooms.Close(); err != nil || len(viewer.segments) < 40 {
			t.Fatal(err, len(viewer.segments))
		}
		rooms, again := open()
		s := openStation(t, rooms)
		hallOf(t, rooms)
		for name, want := range viewer.segments {
			if got := s.get(name); got != want {
				t.Errorf("%s is\n%s\nand was\n%s", name, got, want)
			}
		}
		cancel()
		for _, done := range []chan error{done, again} {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		rooms.Close()
	})
}

// While events wait for the disk no segment is closed: they belong into it.
func TestASegmentWaitsForTheDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		rooms, err := room.OpenStore(dir, 1, room.Options{}) // nobody runs it
		if err != nil {
			t.Fatal(err)
		}
		defer rooms.Close()
		hall, s := hallOf(t, rooms), openStation(t, rooms)
		v, err := hall.Join("")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		spell(t, v, 0, 2*time.Second, time.Second, "seen", false) // for too long: events are shown unsaved
		time.Sleep(time.Second)
		spell(t, v, 0, 3*time.Second, time.Second, "waits", false)
		if got := s.listed("en"); len(got) != lead {
			t.Errorf("listed: %d", got)
		}
		time.Sleep(10 * time.Second)
		if got := s.listed("en"); len(got) != lead {
			t.Errorf("listed although a word waits: %d", got)
		}
		spell(t, v, 0, 3*time.Second, time.Second, "late", false)
		if got := s.get(fmt.Sprintf("en/%d.vtt", s.listed("en")[lead])); !strings.HasSuffix(got, "seen waits\n\n") {
			t.Errorf("the first segment is\n%s", got)
		}
	})
}

func TestSilenceIsSound(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not here; install it to have another program hear the silence")
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-i", "-", "-f", "s16le", "-")
	var says strings.Builder
	cmd.Stdin, cmd.Stderr = bytes.NewReader(silent(1<<40)), &says
	out, err := cmd.Output()
	if err != nil || says.Len() > 0 || len(bytes.Trim(out, "\x00")) > 0 || len(out) != 2*32*segmentMs {
		t.Errorf("%v, %s, %d bytes", err, says.String(), len(out))
	}
}
