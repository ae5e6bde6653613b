package sotto

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"sotto/audio"
	"sotto/audio/intake"
	"sotto/decoder/policy"
	"sotto/models/pocket"
)

// recording is one stream of models/pocket/testset/streams.
type recording struct {
	ID, Audio, Kind string
	References      map[string]string
	Sentences       []struct {
		StartMs int64 `json:"start_ms"`
		EndMs   int64 `json:"end_ms"`
	}
	samples []float32
}

// recordings returns the streams of a kind, "speech" or "none".
func recordings(t testing.TB, kind string) []recording {
	t.Helper()
	const folder = "models/pocket/testset/streams/"
	manifest, err := os.ReadFile(folder + "manifest.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []recording
	for text := range strings.Lines(string(manifest)) {
		var r recording
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		if r.Kind == kind && !(testing.Short() && len(all) > 1) {
			r.samples = soundOf(t, folder+r.Audio)
			all = append(all, r)
		}
	}
	return all
}

func soundOf(t testing.TB, name string) []float32 {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	source, err := intake.Open(t.Context(), f, name)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var samples []float32
	buf := make([]float32, 4096)
	for {
		n, err := source.Read(buf)
		samples = append(samples, buf[:n]...)
		if err == io.EOF {
			return samples
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func pocketEngine(t testing.TB, change ...func(*policy.Table)) *Engine {
	t.Helper()
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	table, err := policy.ReadTable(bytes.NewReader(pocket.Policy))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&table)
	}
	return engineOf(t, m, EngineOptions{Policy: table})
}

// paced takes every step, as a voice does that is never behind.
func paced(targets ...string) SessionOptions {
	return SessionOptions{Source: "es", Targets: targets, EveryStep: true}
}

// Text comes while people speak, and it is what they say.
func TestStreamsAreTranslatedWhileTheyAreSpoken(t *testing.T) {
	e := pocketEngine(t)
	var early, words int
	for _, r := range recordings(t, "speech") {
		all, _ := hear(t, e, paced("es", "en"), r.samples)
		text := make(map[string]string)
		for _, l := range lines(t, all) {
			text[l.Language] += " " + l.Text
		}
		for language, got := range text {
			wrong := wordErrors(strings.Fields(r.References[language]), strings.Fields(got))
			t.Logf("%s %s: %.1f %% of words wrong", r.ID, language, 100*wrong)
			if wrong > 0.2 {
				t.Errorf("%s, %s: %.0f %% of the words are wrong:\n%s\nwant\n %s", r.ID, language, 100*wrong, got, r.References[language])
			}
		}
		for _, c := range all {
			for _, w := range c.Words {
				words++
				if r.speaking(w.End.Millis(), c.Heard.Millis()) {
					early++
				}
			}
		}
	}
	if early < words/3 {
		t.Errorf("%d of %d words came before their sentence was over", early, words)
	}
}

// speaking reports that the sentence to which a word at one time belongs goes on
// at another, in ms.
func (r *recording) speaking(word, now int64) bool {
	for _, s := range r.Sentences {
		if word <= s.EndMs+200 {
			return now < s.EndMs
		}
	}
	return false
}

// Windows far shorter than speech without pauses lose no words and double none,
// whatever the policy: gated, or behind all the time.
func TestCutsLoseNothing(t *testing.T) {
	const gap = 100 // ms between sentences
	e := pocketEngine(t, func(p *policy.Table) { p.Window = 5 })
	r := recordings(t, "speech")[1]
	var sound []float32
	for _, s := range r.Sentences {
		sound = append(sound, r.samples[s.StartMs*second/1000:(s.EndMs+gap)*second/1000]...)
	}
	for name, p := range map[string]policy.Policy{"gated": nil, "at pauses": policy.AtPause{}} {
		opt := paced("es")
		opt.Policy = p
		all, stats := hear(t, e, opt, sound)
		var text string
		for _, l := range lines(t, all) {
			text += " " + l.Text
		}
		wrong := wordErrors(strings.Fields(r.References["es"]), strings.Fields(text))
		t.Logf("%s: %d cuts, %.1f %% of the words wrong", name, stats.Cuts, 100*wrong)
		if wrong > 0.2 || stats.Cuts < 3 {
			t.Errorf("%s: %d cuts, %.0f %% of the words wrong:\n%s\nwant\n %s", name, stats.Cuts, 100*wrong, text, r.References["es"])
		}
	}
}

// wordErrors is the edit distance over the length of what was wanted.
func wordErrors(want, got []string) float64 {
	row := make([]int, len(got)+1)
	for j := range row {
		row[j] = j
	}
	for i, w := range want {
		diagonal := row[0]
		row[0] = i + 1
		for j, g := range got {
			cost := diagonal
			if w != g {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return float64(row[len(got)]) / float64(len(want))
}

func TestNoSpeechGivesNoText(t *testing.T) {
	e := pocketEngine(t)
	for _, r := range recordings(t, "none") {
		if all, _ := hear(t, e, paced("es", "en", "fr", "de"), r.samples); len(all) != 0 {
			t.Errorf("%s: %+v", r.ID, all)
		}
	}
}

// The same sound gives the same words at the same places of the voice, however it
// is sliced and wherever it stops coming for a while.
func TestAnySlicingGivesTheSameWords(t *testing.T) {
	e := pocketEngine(t)
	opt := paced("en")
	slicings := 50
	if testing.Short() {
		slicings = 3
	}
	for i, r := range recordings(t, "speech") {
		sound := r.samples[i*second : (i+6)*second+123]
		want, _ := hear(t, e, opt, sound)
		if n := len(lines(t, want)); n < 2 {
			t.Fatalf("%s: %d lines", r.ID, n)
		}
		rng := rand.New(rand.NewPCG(1, uint64(i)))
		for range slicings {
			s, err := e.Open(opt)
			if err != nil {
				t.Fatal(err)
			}
			got, err := collect(t.Context(), s, func() { stutter(t, s, sound, rng) })
			if err != nil || !reflect.DeepEqual(staying(got), staying(want)) {
				t.Fatalf("%s: got %+v, %v, want %+v", r.ID, got, err, want)
			}
		}
	}
}

// stutter speaks in random slices. Now and then it waits until everything before
// has been heard.
func stutter(t *testing.T, s *Session, sound []float32, rng *rand.Rand) {
	var framer audio.Framer
	pushed := int64(0)
	for len(sound) > 0 {
		n := min(len(sound), 1+rng.IntN(20000))
		framer.Write(sound[:n])
		sound = sound[n:]
		for f, ok := framer.Next(); ok; f, ok = framer.Next() {
			if s.Push(t.Context(), f) != nil {
				return
			}
			pushed++
		}
		for rng.IntN(3) == 0 && s.Stats().Frames < pushed && t.Context().Err() == nil {
			runtime.Gosched()
		}
	}
	s.Finish(framer.Rest())
}

// Targets come and go while the voice goes on; one that stays does not notice.
func TestTargetsChangeInMidStream(t *testing.T) {
	e := pocketEngine(t)
	sound := recordings(t, "speech")[0].samples[:8*second]
	s, err := e.Open(paced("en", "fr"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetTargets(t.Context(), []string{"xx"}); err == nil {
		t.Error("an unknown language was taken")
	}
	changed := make(chan error, 1)
	var all []Caption
	ran := make(chan error, 1)
	go func() { ran <- s.Run(t.Context()) }()
	go speak(t.Context(), s, [][]float32{sound})
	for {
		c, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, c); len(all) == 3 {
			go func() { changed <- s.SetTargets(t.Context(), []string{"en", "de"}) }()
		}
	}
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	lines(t, all)
	words := make(map[string]int)
	for _, c := range all {
		words[c.Language] += len(c.Words)
	}
	if words["en"] == 0 || words["de"] == 0 {
		t.Errorf("words by language %v", words)
	}
}

// An hour costs what a minute costs, in positions that go through the decoder and
// in what is remembered.
func TestWorkIsConstantForHours(t *testing.T) {
	e := pocketEngine(t)
	sound := recordings(t, "speech")[0].samples
	s, err := e.Open(paced("en"))
	if err != nil {
		t.Fatal(err)
	}
	loops := 12
	if testing.Short() {
		loops = 3
	}
	var slices [][]float32
	for range loops {
		slices = append(slices, sound)
	}
	type cost struct{ positions, bytes int64 }
	var costs []cost
	ran := make(chan error, 1)
	go func() { ran <- s.Run(t.Context()) }()
	go speak(t.Context(), s, slices)
	for {
		c, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if int(c.Heard) > len(costs)*len(sound)+len(sound) {
			stats := s.Stats()
			costs = append(costs, cost{stats.Positions, stats.Bytes})
		}
	}
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	t.Log(costs)
	first := costs[1].positions - costs[0].positions
	last := costs[len(costs)-1].positions - costs[len(costs)-2].positions
	if float64(last) > 1.05*float64(first) || costs[len(costs)-1].bytes > costs[1].bytes {
		t.Errorf("positions and bytes after each round: %s", fmt.Sprint(costs))
	}
}
