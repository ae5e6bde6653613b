package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto"
	"sotto/decoder/policy"
	"sotto/models/pocket"
)

const streams = "../../../models/pocket/testset/streams/manifest.jsonl"

func pocketEngine(t testing.TB) *sotto.Engine {
	t.Helper()
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	e, err := sotto.NewEngine(m, sotto.EngineOptions{Workers: 1, Policy: pocketTable(t)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// measured runs two of the committed streams with speech and one without.
func measured(t *testing.T) *Report {
	t.Helper()
	set, err := ReadManifests(streams)
	if err != nil {
		t.Fatal(err)
	}
	if set.Recordings = slices.Delete(set.Recordings, 1, 3); !set.Recordings[2].Silent() || set.Recordings[1].Silent() {
		t.Fatal("other streams than expected")
	}
	set.Recordings = set.Recordings[:3]
	configs, err := Configs([]string{"default", "at-pause"}, nil, nil, pocketTable(t))
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	report, err := set.Run(t.Context(), Options{
		Engine: pocketEngine(t), Targets: []string{"en", "es"}, Configs: append(configs, WholeSentences()),
		Progress: func(done, total time.Duration, _ string) {
			if steps++; done > total {
				t.Errorf("%v of %v is done", done, total)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if steps != 3*len(set.Recordings) {
		t.Errorf("progress was told %d times", steps)
	}
	return report
}

func TestStreamsAreMeasured(t *testing.T) {
	r := measured(t)
	t.Run("figures", func(t *testing.T) { checkFigures(t, r) })
	t.Run("table", func(t *testing.T) {
		var b bytes.Buffer
		if err := r.Table(&b); err != nil || strings.Count(b.String(), "default balanced") != 2 || !strings.Contains(b.String(), "0 of 1") {
			t.Errorf("%v\n%s", err, b.String())
		}
	})
	t.Run("files", func(t *testing.T) { checkFiles(t, r) })
	t.Run("baseline", func(t *testing.T) { checkBaseline(t, r) })
}

// checkFigures wants what holds for any good model, not this one's digits.
func checkFigures(t *testing.T, r *Report) {
	live, pause, whole := &r.Results[0], &r.Results[1], &r.Results[2]
	for i := range r.Results {
		result := &r.Results[i]
		en, es := result.of("en"), result.of("es")
		if en.BLEU < 60 || en.ChrF < 60 || en.WER != nil || es.WER == nil || *es.WER > 25 || en.Sentences < 20 {
			t.Errorf("%s: quality %+v %+v", result.Name, en, es)
		}
		if result.TakenBack() != 0 || result.Silence.Words != 0 {
			t.Errorf("%s: %v taken back, %+v", result.Name, result.TakenBack(), result.Silence)
		}
		for _, d := range []Delay{en.LongYAAL, en.StreamLAAL, en.LAAL, en.AL, en.DAL, en.ATD, en.FirstWord, en.EndOfSpeech} {
			if d.Unaware.Scored == 0 || d.Aware.Value < d.Unaware.Value || d.Aware.Value > d.Unaware.Value+60_000 {
				t.Errorf("%s: delay %+v", result.Name, d)
			}
		}
		if result.Cost.RealTimeFactor <= 0 {
			t.Errorf("%s: cost %+v", result.Name, result.Cost)
		}
	}
	if a, b := live.of("en").LongYAAL.Unaware.Value, pause.of("en").LongYAAL.Unaware.Value; a >= b {
		t.Errorf("words come %v ms late, at pauses %v ms", a, b)
	}
	if live.of("en").Gaps >= pause.of("en").Gaps || len(live.of("en").DelayOverTime) < 4 || len(live.Cost.OverTime) < 3 {
		t.Errorf("%+v", live.of("en"))
	}
	if whole.of("en").FirstWord.Unaware.Value < 500 || len(live.Streams) != 3 || live.Silence.Recordings != 1 {
		t.Errorf("%+v", whole.of("en"))
	}
}

func checkFiles(t *testing.T, r *Report) {
	dir := filepath.Join(t.TempDir(), "out")
	if err := r.Save(dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again, err := ReadReport(f)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(again)
	if !bytes.Equal(a, b) {
		t.Error("the report reads otherwise than it was written")
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, page)
	if n := bytes.Count(page, []byte("<svg viewBox=\"0 0 ")); n != 6 {
		t.Errorf("%d drawings, want two a language, the words and the cost", n)
	}
	for name, lines := range map[string]int{"en.instances.log": 2, "es.simulstream.jsonl": 20} {
		log, err := os.ReadFile(filepath.Join(dir, "logs/default-balanced", name))
		if err != nil || bytes.Count(log, []byte("\n")) < lines || !json.Valid(log[:bytes.IndexByte(log, '\n')]) {
			t.Errorf("%s: %v, %d bytes", name, err, len(log))
		}
	}
}

// outside are places that a page could ask for something.
var outside = regexp.MustCompile(`(?i)https?://|url\(|\bsrc=|\bhref=|@import|<script|<link|<iframe`)

// checkPage wants XML that asks for nothing and whose numbers are numbers.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
	}
	if found := outside.Find(page); found != nil {
		t.Errorf("the page holds %q", found)
	}
	for _, bad := range []string{"NaN", "Inf", "%!", "<nil>", "ZgotmplZ"} {
		if bytes.Contains(page, []byte(bad)) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func checkBaseline(t *testing.T, r *Report) {
	base := func(change func(*Report)) *Report {
		var b Report
		data, err := json.Marshal(r)
		if err == nil {
			err = json.Unmarshal(data, &b)
		}
		if err != nil {
			t.Fatal(err)
		}
		change(&b)
		return &b
	}
	for name, c := range map[string]struct {
		change        func(*Report)
		fallen, noted string
	}{
		"itself":         {func(*Report) {}, "", ""},
		"a bit better":   {func(b *Report) { b.Results[0].Languages[0].BLEU += 0.9 }, "", ""},
		"better BLEU":    {func(b *Report) { b.Results[0].Languages[0].BLEU += 1.1 }, "default balanced, en: BLEU", ""},
		"better WER":     {func(b *Report) { *b.Results[0].Languages[1].WER -= 1.1 }, "default balanced, es: word error rate", ""},
		"sooner":         {func(b *Report) { b.Results[1].Languages[0].LongYAAL.Unaware.Value -= 210 }, "at-pause, en: LongYAAL", ""},
		"cheaper":        {func(b *Report) { b.Results[0].Cost.RealTimeFactor /= 2 }, "", "real-time factor"},
		"more languages": {func(b *Report) { b.Results[0].Languages[0].Language = "fi" }, "", "default balanced, fi: not measured"},
		"more policies":  {func(b *Report) { b.Results[1].Name = "hold-9" }, "", "hold-9: not measured"},
		"quieter":        {func(b *Report) { b.Results[0].Silence.WithText = -1 }, "text in 0 recordings", ""},
	} {
		got, err := r.Compare(base(c.change), DefaultTolerance())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fallen, noted := strings.Join(got.Fallen, "\n"), strings.Join(got.Notes, "\n")
		if (c.fallen == "") != (fallen == "") || !strings.Contains(fallen, c.fallen) || (c.noted == "") != (noted == "") || !strings.Contains(noted, c.noted) {
			t.Errorf("%s: fell %q, noted %q", name, fallen, noted)
		}
	}
	for name, change := range map[string]func(*Report){
		"other recordings":     func(b *Report) { b.Set.SHA256 = "" },
		"another pace":         func(b *Report) { b.Pace = "realtime" },
		"other configurations": func(b *Report) { b.Results = nil },
	} {
		if _, err := r.Compare(base(change), DefaultTolerance()); err == nil {
			t.Errorf("%s can be compared", name)
		}
	}
}

// Names and texts that come from files cannot break out of the page, and figures
// that are missing leave no holes.
func TestPageIsSafe(t *testing.T) {
	evil := `</style><script>alert(1)</script>"'&]]>`
	r := &Report{
		Model: evil, Version: evil, Targets: []string{"en"}, Set: SetInfo{Manifests: []string{evil}},
		Results: []Result{{
			Config: Config{Name: evil, Policy: "hold-3"}, Languages: []Scores{{Language: "en", BLEUSignature: evil}},
			Streams: []Stream{{ID: evil}},
		}},
	}
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	checkPage(t, b.Bytes())
	if err := (&Report{}).HTML(&b); err == nil {
		t.Error("a report of nothing has a page")
	}
}

func TestReportsOfOthersAreRefused(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "hello", "another file": `{"a":1}`, "another version": `{"sotto_eval":99}`} {
		if _, err := ReadReport(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "no report") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSoundThatCannotBeUsed(t *testing.T) {
	line := `{"id":"a","audio":"AUDIO","source":"es","kind":"speech","duration_ms":MS,"text":"Hola."}`
	clip, err := filepath.Abs("../../../models/pocket/testset/00-one.ogg")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ audio, ms, says string }{
		"not there":     {"none.wav", "1000", "m.jsonl:1: cannot read audio"},
		"no sound":      {"m.jsonl", "1000", "m.jsonl:1:"},
		"too long":      {clip, "1000", "but duration_ms is 1000"},
		"much too long": {clip, "1", "but duration_ms is 1;"},
		"too short":     {clip, "9000", "but duration_ms is 9000"},
	} {
		set, err := ReadManifests(manifest(t, strings.NewReplacer("AUDIO", c.audio, "MS", c.ms).Replace(line)))
		if err != nil {
			t.Fatal(err)
		}
		var sound *SoundError
		_, err = set.Recordings[0].load(t.Context())
		if !errors.As(err, &sound) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\ndoes not say %q", name, err, c.says)
		}
	}
}

func TestLanguagesOfTheModelAreChecked(t *testing.T) {
	e := pocketEngine(t)
	text := strings.Replace(goodLine, `"source":"es"`, `"source":"fi"`, 1)
	set, err := ReadManifests(manifest(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(Options{Engine: e, Targets: []string{"en"}}); err == nil || !strings.Contains(err.Error(), "m.jsonl:1: source \"fi\"") {
		t.Errorf("a source it does not hear: %v", err)
	}
	if err := set.Check(Options{Engine: e, Targets: []string{"en"}, From: "es"}); err != nil {
		t.Error(err)
	}
	if err := set.Check(Options{Engine: e, Targets: []string{"ja"}, From: "es"}); err == nil {
		t.Error("a target it does not write is taken")
	}
}

func TestInterruptEndsTheRun(t *testing.T) {
	set, err := ReadManifests(streams)
	if err != nil {
		t.Fatal(err)
	}
	configs, err := Configs(nil, []policy.Dial{policy.Fast}, nil, pocketTable(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	_, err = set.Run(ctx, Options{
		Engine: pocketEngine(t), Targets: []string{"en"}, Configs: configs,
		Progress: func(_, _ time.Duration, _ string) {
			if told++; told == 2 {
				cancel()
			}
		},
	})
	if !errors.Is(err, context.Canceled) || told != 2 {
		t.Errorf("%v after %d recordings", err, told)
	}
}
