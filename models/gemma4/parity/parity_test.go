// Package parity compares both towers, stage by stage, with what Hugging Face
// transformers computed. golden.py wrote the goldens; MODEL.md says what each
// stage is.
package parity

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sotto/audio"
	"sotto/decoder"
	"sotto/encoder"
	"sotto/encoder/mel"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// The bars. Rows of soft tokens and hidden states are measured by the length of
// the difference over the length of the golden's row.
var (
	melBar    = absolute(1e-4)
	hiddenBar = relative(1e-5)
	logitBar  = absolute(2e-3)
)

var freshDir = flag.String("fresh", "", "folder that golden.py --config-seed N --out FOLDER wrote")

func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d goldens, want at least 8; %v", len(files), err)
	}
	sound := readSound(t, "testdata/speech.wav")
	for _, file := range files {
		base := strings.TrimSuffix(file, ".json")
		t.Run(filepath.Base(base), func(t *testing.T) {
			g := readGolden(t, base)
			g.hidden = hiddenBar
			dir := t.TempDir()
			writeCheckpoint(t, dir, g)
			check(t, g, dir, sound)
		})
	}
}

// TestFresh compares with a checkpoint that transformers has just made.
func TestFresh(t *testing.T) {
	if *freshDir == "" {
		t.Skip("no -fresh FOLDER")
	}
	g := readGolden(t, filepath.Join(*freshDir, "golden"))
	g.hidden = hiddenBar
	check(t, g, *freshDir, readSound(t, filepath.Join(*freshDir, "sound.wav")))
}

func check(t *testing.T, g *golden, dir string, sound []float32) {
	m, err := gemma4.OpenWeights(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	team := kernel.NewTeam(1)
	hear, err := encoder.New(&m.Config.Audio, &m.Audio, team)
	if err != nil {
		t.Fatal(err)
	}
	var tokens []float32
	for i, c := range g.Clips {
		clip := sound[c.At : c.At+c.Samples]
		checkMel(t, g, i, clip)
		if got := checkSound(t, g, i, hear, clip); i == 0 {
			tokens = got
		}
	}
	read, err := decoder.New(&m.Config.Text, &m.Config.Tokens, &m.Text, team)
	if err != nil {
		t.Fatal(err)
	}
	checkText(t, g, &m.Config, read, tokens)
}

func checkMel(t *testing.T, g *golden, clip int, samples []float32) {
	rows := mel.Rows(samples)
	if len(rows) != g.Clips[clip].Mel {
		t.Fatalf("clip %d: %d mel rows, want %d", clip, len(rows), g.Clips[clip].Mel)
	}
	got := stage{}
	for i := range rows {
		got.keep(i, mel.Bins, rows[i][:])
	}
	g.compare(t, fmt.Sprintf("%d.mel", clip), got, melBar, always)
}

// checkSound streams a clip through the audio tower and returns its tokens.
func checkSound(t *testing.T, g *golden, clip int, e *encoder.Encoder, samples []float32) []float32 {
	stages := map[string]stage{}
	s := e.NewStream()
	frame := 0
	s.Observe(func(name string, row []float32) {
		if rest, ok := strings.CutPrefix(name, "layer."); ok {
			name = "audio.layer." + rest
		}
		if stages[name] == nil {
			stages[name] = stage{}
		}
		stages[name].keep(frame, len(row), row)
	})
	var tokens []float32
	token := make([]float32, e.Dims())
	for ; len(samples) > audio.FrameLen; samples = samples[audio.FrameLen:] {
		s.Step(token, []audio.Frame{audio.Frame(samples)})
		tokens = append(tokens, token...)
		frame++
	}
	if s.Flush(token, samples) {
		tokens = append(tokens, token...)
	}
	if got := len(tokens) / e.Dims(); got != g.Clips[clip].Tokens {
		t.Fatalf("clip %d: %d tokens, want %d", clip, got, g.Clips[clip].Tokens)
	}
	for name, got := range stages {
		g.compare(t, fmt.Sprintf("%d.%s", clip, name), got, g.hidden, always)
	}
	return tokens
}

// checkText sends the prompt through the decoder in the same parts as a session
// does, and then lets it write.
func checkText(t *testing.T, g *golden, c *gemma4.Config, d *decoder.Decoder, tokens []float32) {
	h := c.Text.HiddenSize
	first := slices.Index(g.Prompt, c.Tokens.AudioSoft)
	behind := first + len(tokens)/h
	s := d.NewStream(len(g.Prompt)+len(g.Greedy), 1)
	w := watch(t, s)
	logits := stage{}
	w.call(0, first, func() error {
		all, err := s.LogitsAll(g.Prompt[:first])
		logits.keep(0, c.Text.VocabSize, all)
		return err
	})
	for at := first; at < behind; at += chunk { // a chunk at a time, to know which rows are seen
		n := min(chunk, behind-at)
		w.call(at, n, func() error { return s.AppendAudio(tokens[(at-first)*h : (at-first+n)*h]) })
	}
	w.call(behind, len(g.Prompt)-behind, func() error {
		all, err := s.LogitsAll(g.Prompt[behind:])
		logits.keep(behind, c.Text.VocabSize, all)
		return err
	})
	isText := func(row int) bool { return row < first || row >= behind }
	for name, got := range w.stages {
		need := isText // sound leaves the network early
		if name == "embed" {
			need = always
		}
		g.compare(t, name, got, g.hidden, need)
	}
	if want := c.Text.Layers() + 3; len(w.stages) != want {
		t.Errorf("%d stages of the decoder seen, want %d", len(w.stages), want)
	}
	g.compare(t, "logits", logits, logitBar, isText)
	s.Observe(nil)
	checkGreedy(t, g, s, logits[len(g.Prompt)-1])
}

func checkGreedy(t *testing.T, g *golden, s *decoder.Stream, logits []float32) {
	for i, want := range g.Greedy {
		got := argmax(logits)
		if got != want {
			t.Fatalf("greedy id %d is %d, want %d", i, got, want)
		}
		var err error
		if logits, err = s.Logits([]int{got}); err != nil {
			t.Fatal(err)
		}
	}
}

func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// chunk is at most what the decoder sends through the network together.
const chunk = 16

// watcher collects the stages of a decoder stream call by call.
type watcher struct {
	t      *testing.T
	stages map[string]stage
	end    int // one past the last position of the call
	n      int // positions of the call
}

func watch(t *testing.T, s *decoder.Stream) *watcher {
	w := &watcher{t: t, stages: map[string]stage{}}
	width := 0
	s.Observe(func(name string, rows []float32) {
		if name == "embed" {
			width = len(rows) / w.n
		}
		if w.stages[name] == nil {
			w.stages[name] = stage{}
		}
		if name == "ple" { // as many rows as went on, of a width of its own
			w.stages[name].keep(w.end-w.n, len(rows)/w.n, rows)
			return
		}
		w.stages[name].keep(w.end-len(rows)/width, width, rows)
	})
	return w
}

// call runs f, which sends n positions from at on through the network.
func (w *watcher) call(at, n int, f func() error) {
	w.t.Helper()
	w.end, w.n = at+n, n
	if err := f(); err != nil {
		w.t.Fatal(err)
	}
}
