package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/audio"
	"sotto/audio/mic"
	"sotto/models/pocket"
	"sotto/transport/room"
	"sotto/transport/voice"
)

// heardPiece is what a fakeMic gives at a time.
type heardPiece struct {
	samples int
	value   float32
	lost    mic.Loss
}

// fakeMic gives pieces, then the end.
type fakeMic struct{ pieces []heardPiece }

func (m *fakeMic) Read(dst []float32) (int, mic.Loss, error) {
	if len(m.pieces) == 0 {
		return 0, mic.Loss{}, io.EOF
	}
	p := m.pieces[0]
	m.pieces = m.pieces[1:]
	for i := range dst[:p.samples] {
		dst[i] = p.value
	}
	return p.samples, p.lost, nil
}

// collect reads a source to its end.
func collect(t *testing.T, from source) (all []sound, end ending) {
	t.Helper()
	out, ended := make(chan sound), make(chan ending, 1)
	go func() { ended <- readSounds(t.Context(), from, out) }()
	for {
		select {
		case s := <-out:
			all = append(all, s)
		case end = <-ended:
			return all, end
		}
	}
}

func TestWhatIsMissingIsSilenceInItsPlace(t *testing.T) {
	lost := mic.Loss{Samples: 1600, Cause: "while it rained"}
	all, end := collect(t, &fakeMic{[]heardPiece{{640, 0.5, mic.Loss{}}, {320, 0.5, lost}, {640, 0.25, mic.Loss{}}}})
	if len(all) != 5 || len(end.rest) != 0 || end.err != nil {
		t.Fatalf("%d frames, rest %d, %v", len(all), len(end.rest), end.err)
	}
	for i, s := range all {
		if want := map[int]mic.Loss{3: lost}[i]; s.lost != want {
			t.Errorf("frame %d: lost %v, want %v", i, s.lost, want)
		}
	}
	if all[1].frame != (audio.Frame{}) || all[3].frame[319] != 0 || all[3].frame[320] != 0.5 || all[4].frame[0] != 0.25 {
		t.Error("the sound is not where it was")
	}
}

func TestAPauseOfAMicrophoneIsLeftOut(t *testing.T) {
	lost := mic.Loss{Samples: 640, Cause: "in the sound system"}
	g := newGate(&fakeMic{[]heardPiece{{640, 0.5, mic.Loss{}}, {640, 0.5, lost}, {640, 0.25, mic.Loss{}}}}, true)
	buf := make([]float32, 640)
	g.pause(true)
	g.source = pausing{g.source, g, 2}
	n, left, err := g.Read(buf)
	if want := (mic.Loss{Samples: 3 * 640, Cause: causePaused}); n != 640 || buf[0] != 0.25 || left != want || err != nil {
		t.Errorf("%d samples of %v, left out %v, %v; want %v", n, buf[0], left, err, want)
	}
	if g.position() != 4*640 {
		t.Errorf("at %d", g.position())
	}
}

// pausing ends a pause before the read after so many.
type pausing struct {
	source
	gate  *gate
	after int
}

func (p pausing) Read(dst []float32) (int, mic.Loss, error) {
	if len(p.source.(*fakeMic).pieces) == 3-p.after {
		p.gate.pause(false)
	}
	return p.source.Read(dst)
}

func TestAPauseOfAPipeReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(&fakeMic{[]heardPiece{{640, 0.5, mic.Loss{}}}}, false)
		g.pause(true)
		read := make(chan int, 1)
		go func() {
			n, lost, _ := g.Read(make([]float32, 640))
			read <- n + lost.Samples
		}()
		synctest.Wait()
		if g.position() != 0 {
			t.Error("it is read during the pause")
		}
		g.pause(false)
		if n := <-read; n != 640 {
			t.Errorf("%d samples after the pause", n)
		}
	})
}

func TestTheGaugeSaysWhatIsWrong(t *testing.T) {
	second := func(value float32) []float32 { return slices.Repeat([]float32{value}, audio.RateHz) }
	square := second(1)
	for i := range square {
		square[i] = float32(1 - i/8%2*2)
	}
	for name, c := range map[string]struct {
		sound [][]float32
		want  string
	}{
		"a voice":               {[][]float32{second(0.3)}, ""},
		"a short silence":       {[][]float32{second(0), second(0), second(0), second(0)}, ""},
		"a muted microphone":    {[][]float32{second(0), second(0), second(0), second(0), second(0)}, hintSilent},
		"an open one":           {[][]float32{second(0), second(0), second(0), second(0), {1e-5}, second(0)}, ""},
		"too loud":              {[][]float32{square}, hintClipped},
		"too loud, then a word": {[][]float32{square, second(0.3)[:100]}, hintClipped},
		"no longer too loud":    {[][]float32{square, second(0.3), second(0.3)}, ""},
		"one click":             {[][]float32{{1, -1, 1}, second(0.3)}, ""},
	} {
		var g gauge
		for _, samples := range c.sound {
			g.take(samples)
		}
		if got := g.hint(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	var g gauge
	for _, c := range []struct {
		value float32
		want  string
	}{{0, "[..........]"}, {0.001, "[..........]"}, {0.03, "[#####.....]"}, {1, "[##########]"}, {-1, "[##########]"}} {
		if g.take([]float32{c.value}); g.bar() != c.want {
			g.take([]float32{c.value})
			t.Errorf("%v: %s, want %s", c.value, g.bar(), c.want)
		}
	}
}

// Model text that would command a terminal is harmless on the screen, in notes and
// in the last line; languages have colours.
func TestTheScreenObeysNobody(t *testing.T) {
	var b strings.Builder
	p := &livePrinter{out: &b, width: func() int { return 40 }, languages: []string{"en", "fr"}, colours: true, text: map[string]string{}, tail: map[string]string{}}
	evil := "\x1b]0;title\a\x1b[2J\u009b31m\r\n"
	p.caption(tailed(said("en", "A"+evil), evil))
	p.note(evil)
	p.show("level " + strings.Repeat("long ", 20))
	p.caption(ended("en"))
	p.close()
	out := b.String()
	for _, bad := range []string{"\x1b]", "\x1b[2J", "\a", "\u009b"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q reaches the terminal in %q", bad, out)
		}
	}
	if !strings.Contains(out, "\x1b[36m[en] "+plain+"A") || strings.Contains(out, strings.Repeat("long ", 8)) {
		t.Errorf("got %q", out)
	}
}

// What was said is saved also when one decides late.
func TestSavingBeginsWithWhatWasSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	job := &listenJob{languages: []string{"en", "de"}, notices: make(chan string, 1), stderr: os.Stderr}
	s, p := newScreen(t, 120, "en", "de")
	talk := &talk{listenJob: job, gate: newGate(&fakeMic{}, true), out: p, screen: p}
	for _, c := range conversation[:4] {
		if err := talk.caption(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := talk.saveNow(); err != nil {
		t.Fatal(err)
	}
	for _, c := range conversation[4:] {
		talk.caption(c)
	}
	talk.caption(sotto.Caption{Lost: 1280, Cause: "in the sound system", Heard: 16000})
	if err := talk.close(io.EOF); err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string]string{"en": "The train leaves.", "de": "Der Zug"} {
		names, _ := filepath.Glob("sotto-*." + language + ".srt")
		if len(names) != 1 || !strings.Contains(string(read(t, names[0])), want) {
			t.Errorf("%s: %v", language, names)
		}
	}
	if shown := strings.Join(s.lines, "\n"); !strings.Contains(shown, "<[80 ms lost in the sound system]>") || !strings.Contains(shown, "[saved to sotto-") {
		t.Errorf("shown\n%s%s", shown, b.String())
	}
}

// At every moment a saved file is what it would be if the voice ended then, but for
// the end of the last line.
func TestASavedFileIsWholeAtEveryMoment(t *testing.T) {
	for _, name := range []string{"talk.srt", "talk.vtt", "talk.txt", "talk.jsonl"} {
		for _, languages := range [][]string{{"en"}, {"en", "de"}} {
			for n := range len(conversation) + 1 {
				grown := saveSome(t, name, languages, n, false)
				ended := saveSome(t, name, languages, n, true)
				for i := range grown {
					if strings.TrimSuffix(grown[i], "\n") != strings.TrimSuffix(ended[i], "\n") {
						t.Errorf("%s after %d captions:\n%s\nended:\n%s", name, n, grown[i], ended[i])
					}
				}
			}
		}
	}
}

// saveSome saves the first captions of the conversation and returns the files.
func saveSome(t *testing.T, name string, languages []string, n int, end bool) (texts []string) {
	t.Helper()
	s, err := newSaver(filepath.Join(t.TempDir(), name), languages)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range conversation[:n] {
		if err := s.caption(c); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, g := range s.files {
		names = append(names, g.file.Name())
	}
	if end {
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		texts = append(texts, string(read(t, name)))
	}
	if !end {
		s.close()
	}
	return texts
}

// A full disk is told once and tried again; the talk goes on.
func TestADiskThatIsFullDoesNotEndTheTalk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full on this machine")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "talk.txt"))
	if err != nil {
		t.Fatal(err)
	}
	g := &growing{file: full, languages: []string{"en"}}
	g.printer = savedAs("txt", g, g.languages)
	s, p := newScreen(t, 120, "en")
	talk := &talk{listenJob: &listenJob{notices: make(chan string, 1)}, gate: newGate(&fakeMic{}, true), out: p, screen: p, saver: &saver{[]*growing{g}}}
	talk.caption(said("en", "One"))
	talk.caption(said("en", " two"))
	g.file = file // there is room again
	talk.caption(said("en", " three."))
	if err := talk.close(io.EOF); err != nil {
		t.Error(err)
	}
	if got := string(read(t, file.Name())); got != "One two three.\n" {
		t.Errorf("saved %q", got)
	}
	shown := strings.Join(s.lines, "\n")
	if strings.Count(shown, "cannot save") != 1 || !strings.Contains(shown, "nothing is missing") {
		t.Errorf("shown\n%s", shown)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	end := readSounds(ctx, &fakeMic{[]heardPiece{{640, 0, mic.Loss{}}}}, make(chan sound))
	if end.err != context.Canceled {
		t.Errorf("got %v", end.err)
	}
}

// A microphone that lost sound: the voice goes on, the gap is on the screen and in
// the room, and times are those of the clock.
func TestALossIsToldToAllWhoRead(t *testing.T) {
	model, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	engine, err := sotto.NewEngine(model, sotto.EngineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rooms, err := room.OpenStore("", 1, room.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rooms.Close()
	hall := voice.Hall{Engine: engine, Rooms: rooms, Log: slog.New(slog.DiscardHandler)}
	options := voice.Options{Source: "es", Targets: []string{"en"}, Room: "mic"}
	v, err := hall.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	lost := mic.Loss{Samples: 3 * audio.RateHz, Cause: "while the microphone was gone"}
	sound := samples(t, sentence)
	c := cli.NewContext(nil, nil, nil)
	c.Context = t.Context()
	s, p := newScreen(t, 120, "en")
	talk := &talk{
		listenJob: &listenJob{c: c, languages: []string{"en"}, options: options, notices: make(chan string, 1)},
		voice:     v, gate: newGate(&spoken{[][]float32{sound, sound}, lost}, true), out: p, screen: p,
	}
	if err := talk.run(); err != nil {
		t.Fatal(err)
	}
	v.Leave()
	if shown := strings.Join(s.lines, "\n"); strings.Count(shown, "Who has prepared the important email?") != 2 || !strings.Contains(shown, "[3.0 s lost while the microphone was gone]") {
		t.Errorf("shown\n%s", shown)
	}
	r, err := rooms.Room("mic")
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.Page(1000, 1000)
	if err != nil {
		t.Fatal(err)
	}
	gaps, last := 0, audio.Position(0)
	for _, e := range page.Events {
		if e.Kind == room.Gap && e.Lost == 3*audio.RateHz && e.Note == lost.Cause {
			gaps++
		}
		for _, w := range e.Words {
			last = w.End
		}
	}
	if end := audio.Position(2*len(sound)) + 3*audio.RateHz; gaps != 1 || last < end-audio.RateHz || last > end {
		t.Errorf("%d gaps; the last word ends at %d of %d", gaps, last, end)
	}
}

// spoken is a microphone that lost something between its sounds.
type spoken struct {
	sounds [][]float32
	lost   mic.Loss
}

func (s *spoken) Read(dst []float32) (n int, lost mic.Loss, err error) {
	for len(s.sounds) > 0 && len(s.sounds[0]) == 0 {
		s.sounds, lost = s.sounds[1:], s.lost
	}
	if len(s.sounds) == 0 {
		return 0, mic.Loss{}, io.EOF
	}
	n = copy(dst, s.sounds[0])
	s.sounds[0] = s.sounds[0][n:]
	return n, lost, nil
}
