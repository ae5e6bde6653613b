package synthetic

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sotto/decoder"
	"sotto/decoder/prompt"
	"sotto/encoder"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// writeTiny writes a tiny pair into a folder of its own.
func writeTiny(t *testing.T, seed uint64) (text, mmproj string) {
	t.Helper()
	text, mmproj, err := Write(t.TempDir(), tiny(), seed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text, mmproj
}

func openTiny(t *testing.T) *gemma4.Model {
	t.Helper()
	text, _ := writeTiny(t, 1)
	m, err := gemma4.Open(text, "") // the mmproj is found by its name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestTheLoaderReadsTheShapeThatWasWritten(t *testing.T) {
	m := openTiny(t)
	want := tiny().Config
	want.Profile.Description = m.Config.Profile.Description
	if !reflect.DeepEqual(m.Config, want) {
		t.Errorf("loaded %+v\nwant %+v", m.Config, want)
	}
	if !strings.Contains(want.Profile.Description, "random weights") {
		t.Errorf("%q does not say what this is", want.Profile.Description)
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	read := func(seed uint64) []byte {
		text, mmproj := writeTiny(t, seed)
		a, err := os.ReadFile(text)
		b, err2 := os.ReadFile(mmproj)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return append(a, b...)
	}
	one := read(1)
	if !bytes.Equal(one, read(1)) {
		t.Error("two files of one seed differ")
	}
	if bytes.Equal(one, read(2)) {
		t.Error("two seeds give one file")
	}
}

// sound is noise, louder and softer by turns.
func sound(samples int) []float32 {
	r := newRandom(1, "sound")
	s := make([]float32, samples)
	for i := range s {
		s[i] = float32(0.1 * r.normal() * (1 + math.Sin(float64(i)/2000)))
	}
	return s
}

// TestWhatFlowsNeitherExplodesNorVanishes runs sound and a prompt through both
// towers and looks at every stage.
func TestWhatFlowsNeitherExplodesNorVanishes(t *testing.T) {
	m := openTiny(t)
	e, err := encoder.New(&m.Config.Audio, &m.Audio, kernel.NewTeam(1))
	if err != nil {
		t.Fatal(err)
	}
	tokens := e.Encode(sound(16000))
	if got := rms(tokens); got < 0.5 || got > 2 {
		t.Errorf("sound tokens have a root mean square of %.3f, want about 1", got)
	}
	d, err := decoder.New(&m.Config.Text, &m.Config.Tokens, &m.Text, kernel.NewTeam(1))
	if err != nil {
		t.Fatal(err)
	}
	s := d.NewStream(512, 0)
	s.Observe(func(stage string, rows []float32) {
		if got := rms(rows); !(got > 0.2 && got < 20) {
			t.Errorf("%s: root mean square %.3f, want 0.2 to 20", stage, got)
		}
	})
	checkLogits(t, reply(t, m, s, tokens))
}

// reply says head, sound and tail to the decoder and returns the logits behind.
func reply(t *testing.T, m *gemma4.Model, s *decoder.Stream, tokens []float32) []float32 {
	t.Helper()
	p, err := prompt.New(&m.Config, m.Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	tail, err := p.Tail(prompt.Task{Source: "es", Target: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Append(p.Head()), s.AppendAudio(tokens)); err != nil {
		t.Fatal(err)
	}
	logits, err := s.Logits(tail)
	if err != nil {
		t.Fatal(err)
	}
	return logits
}

// checkLogits wants a distribution, not one certain id and not all alike.
func checkLogits(t *testing.T, logits []float32) {
	t.Helper()
	if got := rms(logits); got < 0.5 || got > 3 {
		t.Errorf("logits have a root mean square of %.3f, want about 1", got)
	}
	seen := map[float32]bool{}
	for _, l := range logits {
		seen[l] = true
	}
	if len(seen) < len(logits)*9/10 {
		t.Errorf("%d ids have only %d different logits", len(logits), len(seen))
	}
}

func rms(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x)))
}

func TestProgressRisesToTheSizeOfBothFiles(t *testing.T) {
	last, all := int64(0), int64(0)
	text, mmproj, err := Write(t.TempDir(), tiny(), 1, func(done, total int64) {
		if done < last || done > total {
			t.Errorf("%d of %d bytes after %d", done, total, last)
		}
		last, all = done, total
	})
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, path := range []string{text, mmproj} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if last != all || all != size {
		t.Errorf("told of %d of %d bytes, the files have %d", last, all, size)
	}
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Write(blocked, tiny(), 1, nil); err == nil || !strings.Contains(err.Error(), "blocked") {
		t.Errorf("a file for a folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "synthetic-tiny.gguf"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Write(dir, tiny(), 1, nil); err == nil || !strings.Contains(err.Error(), "cannot write") {
		t.Errorf("a folder for a file: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Errorf("%q left behind", left)
	}
}
