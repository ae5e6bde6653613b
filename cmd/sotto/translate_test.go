package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/audio"
	"sotto/audio/intake"
)

// The embedded model changes with its training, so these tests look at the form
// of what it says, not at its words.
const (
	sentence = clips + "00-one.ogg"  // 2.2 s
	several  = clips + "42-many.ogg" // sentences with pauses between
	nobody   = clips + "48-none.ogg"
)

func TestTextOfOneLanguageIsPlainLines(t *testing.T) {
	out := works(t, "translate", "--to", "en", sentence)
	if strings.TrimSpace(out) == "" || !strings.HasSuffix(out, "\n") || strings.Contains(out, "[en]") || strings.ContainsAny(out, "\r\x1b") {
		t.Errorf("got %q", out)
	}
}

func TestTextOfSeveralLanguagesIsLabelled(t *testing.T) {
	out := works(t, "translate", "--to", "en, fr,de", "--transcribe", sentence)
	var labels []string
	for line := range strings.Lines(out) {
		label, text, ok := strings.Cut(line, " ")
		if !ok || strings.TrimSpace(text) == "" {
			t.Fatalf("line %q", line)
		}
		labels = append(labels, label)
	}
	if want := []string{"[es]", "[en]", "[fr]", "[de]"}; !slices.Equal(labels, want) {
		t.Errorf("labels %v, want %v", labels, want)
	}
}

func TestFlagsWorkOnBothSidesOfTheFile(t *testing.T) {
	before := works(t, "translate", "--to", "en", "--format", "srt", sentence)
	for _, args := range [][]string{
		{"translate", sentence, "--to", "en", "--format", "srt"},
		{"translate", "--to=en", sentence, "-format=srt"},
		{"translate", "--format=srt", "--to", "en", "--", sentence},
	} {
		if out := works(t, args...); out != before {
			t.Errorf("%v prints %q, want %q", args[1:], out, before)
		}
	}
}

func TestNobodySpeakingGivesNoText(t *testing.T) {
	if out := works(t, "translate", "--to", "en,fr,de", nobody); out != "" {
		t.Errorf("got %q", out)
	}
}

// checkCaptions reads JSON lines and checks what every caption promises.
func checkCaptions(t *testing.T, out string) []jsonCaption {
	t.Helper()
	var all []jsonCaption
	for line := range strings.Lines(out) {
		var c jsonCaption
		strict := json.NewDecoder(strings.NewReader(line))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&c); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if c.Language == "" || c.HeardMs <= 0 || c.Words == nil || c.End && c.Tail != "" {
			t.Errorf("caption %+v", c)
		}
		for _, w := range c.Words {
			if w.Text == "" || w.StartMs < 0 || w.EndMs < w.StartMs || w.EndMs > c.HeardMs || w.Evidence < 0 || w.Evidence > 1 {
				t.Errorf("word %+v of %+v", w, c)
			}
		}
		all = append(all, c)
	}
	return all
}

func TestJSONLinesEndEverySegment(t *testing.T) {
	all := checkCaptions(t, works(t, "translate", "--to", "en,fr", "--format", "jsonl", several))
	type segment struct {
		language string
		number   int
	}
	open, ends := map[segment]bool{}, map[string]int{}
	for _, c := range all {
		key := segment{c.Language, c.Segment}
		open[key] = !c.End
		if c.End {
			ends[c.Language]++
		}
		if c.File != "" {
			t.Errorf("one recording is named: %+v", c)
		}
	}
	for key, still := range open {
		if still {
			t.Errorf("%v has no end", key)
		}
	}
	if ends["en"] < 1 || ends["fr"] < 1 || len(ends) != 2 {
		t.Errorf("ends %v of %d captions", ends, len(all))
	}
}

// Whatever is printed of a segment, its words are the same.
func TestFormatsSayTheSame(t *testing.T) {
	var lines strings.Builder
	for _, c := range checkCaptions(t, works(t, "translate", "--to", "en", "--format", "jsonl", several)) {
		for _, w := range c.Words {
			lines.WriteString(w.Text)
		}
		if c.End {
			lines.WriteString("\n")
		}
	}
	if text := works(t, "translate", "--to", "en", several); text != lines.String() {
		t.Errorf("text %q, JSON lines %q", text, lines.String())
	}
}

func TestTextComesWhilePeopleSpeak(t *testing.T) {
	for _, dial := range []string{"fast", "balanced", "quality"} {
		first, end := int64(-1), int64(0)
		for _, c := range checkCaptions(t, works(t, "translate", "--to", "en", "--latency", dial, "--format", "jsonl", several)) {
			if len(c.Words) > 0 && first < 0 {
				first = c.HeardMs
			}
			if c.End && end == 0 {
				end = c.HeardMs
			}
		}
		t.Logf("%s: first words after %d ms of a segment that ends at %d ms", dial, first, end)
		if first < 0 || first >= end {
			t.Errorf("%s: first words after %d ms, the segment ends at %d ms", dial, first, end)
		}
	}
}

func TestSeveralRecordingsAreNamed(t *testing.T) {
	all := checkCaptions(t, works(t, "translate", sentence, "--to", "en", nobody, "--format", "jsonl", clips+"01-one.ogg"))
	files := map[string]bool{}
	for _, c := range all {
		files[c.File] = true
	}
	if len(files) != 2 || !files[sentence] || !files[clips+"01-one.ogg"] {
		t.Errorf("files %v", files)
	}
}

// checkCues wants cues whose times run forwards; sep is the mark before the
// milliseconds.
func checkCues(t *testing.T, out, sep string) {
	t.Helper()
	times := regexp.MustCompile(`(?m)^(\d\d:\d\d:\d\d\`+sep+`\d{3}) --> (\d\d:\d\d:\d\d\`+sep+`\d{3})$`).FindAllStringSubmatch(out, -1)
	if len(times) == 0 || strings.Count(out, "-->") != len(times) {
		t.Fatalf("no good times in %q", out)
	}
	last := ""
	for _, c := range times {
		if c[1] < last || c[2] <= c[1] {
			t.Errorf("cue %v after %s", c[1:], last)
		}
		last = c[2]
	}
}

func TestSubtitlesHaveTheirForm(t *testing.T) {
	srt := works(t, "translate", "--to", "en", "--format", "srt", several)
	if !strings.HasPrefix(srt, "1\n00:00:") {
		t.Errorf("SRT begins %.20q", srt)
	}
	checkCues(t, srt, ",")
	vtt := works(t, "translate", "--to", "en", "--format", "vtt", several)
	if !strings.HasPrefix(vtt, "WEBVTT\n\n") {
		t.Errorf("VTT begins %.20q", vtt)
	}
	checkCues(t, vtt, ".")
}

// samples decodes a clip to 16 kHz mono.
func samples(t *testing.T, name string) []float32 {
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
	var all []float32
	for buf := make([]float32, audio.FrameLen); ; {
		n, err := source.Read(buf)
		all = append(all, buf[:n]...)
		if err != nil {
			return all
		}
	}
}

func TestStandardInputIsHeardLikeAFile(t *testing.T) {
	want := works(t, "translate", "--to", "en", sentence)
	data, err := os.ReadFile(sentence)
	if err != nil {
		t.Fatal(err)
	}
	pcm := samples(t, sentence)
	var floats bytes.Buffer
	binary.Write(&floats, binary.LittleEndian, pcm)
	var stereo []float32
	for _, x := range pcm {
		stereo = append(stereo, x, x)
	}
	for name, c := range map[string]struct {
		in   []byte
		args string
	}{
		"ogg":          {data, "-"},
		"s16le":        {s16le(pcm), "--raw s16le -"},
		"f32le":        {floats.Bytes(), "- --raw f32le --rate 16000"},
		"stereo s16le": {s16le(stereo), "--raw s16le --channels 2 -"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := child(t, append(strings.Fields("translate --to en"), strings.Fields(c.args)...)...)
			cmd.Stdin = bytes.NewReader(c.in)
			var told strings.Builder
			cmd.Stderr = &told
			out, err := cmd.Output()
			if err != nil || told.Len() > 0 || string(out) != want {
				t.Errorf("%v, stderr %q, stdout %q, want %q", err, told.String(), out, want)
			}
		})
	}
}

func TestAFolderOfWeightsIsLoadedAndHears(t *testing.T) {
	// The toy's weights are random, so it may say anything or nothing.
	checkCaptions(t, works(t, "translate", "--model", toyDir, "--to", "en", "--format", "jsonl", sentence))
}

func TestAnInterruptFinishesWhatWasHeard(t *testing.T) {
	t.Run("while sound is waiting", func(t *testing.T) { interrupt(t, "realtime", 60) })
	t.Run("while the input is silent", func(t *testing.T) { interrupt(t, "fast", 0) })
}

// interrupt lets the program hear a sentence and so many seconds of silence,
// and stops it at the first caption. The input stays open.
func interrupt(t *testing.T, pace string, silence int) {
	cmd := child(t, "translate", "--to", "en", "--format", "jsonl", "--pace", pace, "--raw", "s16le", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go in.Write(s16le(append(samples(t, sentence), make([]float32, silence*audio.RateHz)...)))
	heard := json.NewDecoder(out)
	var c jsonCaption
	if err := heard.Decode(&c); err != nil { // the voice is being heard
		t.Fatalf("%v, stderr %q", err, told.String())
	}
	cmd.Process.Signal(os.Interrupt)
	for heard.More() {
		if err := heard.Decode(&c); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !c.End {
		t.Errorf("exit code %d, last caption %+v, stderr %q", code, c, told.String())
	}
}

func TestAClosedPipeEndsTheProgram(t *testing.T) {
	cmd := child(t, "translate", "--to", "en", "--format", "jsonl", several)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if _, failed := err.(*exec.ExitError); !failed {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("does not end")
	}
}

func TestACommandNeedsItsFiles(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	for args, code := range map[string]int{
		"translate --to en %s":                                    exitAudio,
		"translate --to en --model %s " + sentence:                exitModel,
		"models inspect %s":                                       exitModel,
		"serve --listen 127.0.0.1:0 --model %s":                   exitModel,
		"models inspect " + pocketDir + "pocket.gguf --mmproj %s": exitModel,
	} {
		t.Run(args, func(t *testing.T) {
			checkRefusal(t, call(t, strings.Fields(fmt.Sprintf(args, gone))...), code, gone, "; ")
		})
	}
}
