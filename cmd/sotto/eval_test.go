package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// clipManifest is a manifest of one committed clip of 2.2 s.
func clipManifest(t *testing.T) string {
	t.Helper()
	all, err := os.ReadFile(clips + "manifest.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var clip struct {
		File, ES, EN string
		Samples      int64
	}
	line, _, _ := strings.Cut(string(all), "\n")
	if err := json.Unmarshal([]byte(line), &clip); err != nil {
		t.Fatal(err)
	}
	audio, err := filepath.Abs(clips + clip.File)
	if err != nil {
		t.Fatal(err)
	}
	return writeManifest(t, fmt.Sprintf(`{"id":"clip","audio":%q,"source":"es","kind":"speech","duration_ms":%d,"text":%q,"references":{"es":%q,"en":%q}}`,
		audio, clip.Samples/16, clip.ES, clip.ES, clip.EN))
}

func writeManifest(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "manifest.jsonl")
	if err := os.WriteFile(name, []byte(text+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestEvalMeasuresAndCompares(t *testing.T) {
	name, dir := clipManifest(t), filepath.Join(t.TempDir(), "report")
	out := works(t, "eval", "--threads", "1", "--policies", "default,at-pause", "--whole", "--out", dir, name)
	for _, says := range []string{"default balanced", "at-pause", "whole sentences", "LongYAAL", " es ", " en ", "real-time factor"} {
		if !strings.Contains(out, says) {
			t.Errorf("%s\ndoes not say %q", out, says)
		}
	}
	report := filepath.Join(dir, "report.json")
	out = works(t, "eval", "--threads", "1", "--baseline", report, name)
	if !strings.Contains(out, "note: at-pause: not measured this time") || !strings.HasSuffix(out, "\nnothing fell\n") {
		t.Errorf("compared with itself:\n%s", out)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.ReplaceAll(string(data), `"bleu": `, `"bleu": 1`) // a hundred or so more
	if err := os.WriteFile(report, []byte(before), 0o666); err != nil {
		t.Fatal(err)
	}
	r := call(t, "eval", "--threads", "1", "--baseline", report, name)
	if r.code != exitFallen || !strings.Contains(r.stdout, "fell: default balanced, en: BLEU") || !strings.Contains(r.stderr, "--tolerance") {
		t.Errorf("compared with something better: %+v", r)
	}
	works(t, "eval", "--threads", "1", "--baseline", report, "--tolerance", "bleu=1000", name)
}

func TestEvalInRealTime(t *testing.T) {
	out := works(t, "eval", "--threads", "1", "--pace", "realtime", "--to", "en", clipManifest(t))
	if !strings.Contains(out, "realtime: 1 recordings") {
		t.Errorf("got %s", out)
	}
}

func TestEvalRefuses(t *testing.T) {
	good := clipManifest(t)
	bad := writeManifest(t, `{"id":"a","audio":"a.wav","source":"es","kind":"speech","duration_ms":0}`)
	gone := writeManifest(t, `{"id":"a","audio":"a.wav","source":"es","kind":"speech","duration_ms":900,"text":"Hola."}`)
	foreign := writeManifest(t, `{"id":"a","audio":"a.wav","source":"fi","kind":"none","duration_ms":900}`)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no manifest":        {nil, exitUsage, "no manifest named"},
		"none there":         {[]string{"none.jsonl"}, exitUsage, "none.jsonl"},
		"a bad line":         {[]string{bad}, exitUsage, "manifest.jsonl:1: duration_ms is 0"},
		"no such sound":      {[]string{"--to", "en", gone}, exitAudio, "manifest.jsonl:1: cannot read audio"},
		"a language":         {[]string{"--to", "en", foreign}, exitUsage, "--from"},
		"a target":           {[]string{"--to", "ja", good}, exitUsage, "ja"},
		"a policy":           {[]string{"--policies", "guess", good}, exitUsage, "unknown policy"},
		"a dial":             {[]string{"--latency", "slow", good}, exitUsage, "fast, balanced or quality"},
		"a step":             {[]string{"--step", "480", good}, exitUsage, "--step"},
		"a pace":             {[]string{"--pace", "slow", good}, exitUsage, "--pace"},
		"a tolerance":        {[]string{"--tolerance", "bleu", good}, exitUsage, "--tolerance"},
		"no baseline":        {[]string{"--baseline", "none.json", good}, exitUsage, "none.json"},
		"no such baseline":   {[]string{"--baseline", good, good}, exitUsage, "no report of sotto eval"},
		"a file for a place": {[]string{"--out", good, good}, exitEnvironment, "another place"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, call(t, append([]string{"eval"}, c.args...)...), c.code, c.says)
		})
	}
}

// The committed streams are translated as well and as early as when their report
// was written; make pocket-baseline writes it anew.
func TestPocketIsNotWorseThanItsBaseline(t *testing.T) {
	const streams = "../../models/pocket/testset/streams/"
	out := works(t, "eval", "--threads", "1", "--to", "en,fr,de,es", "--baseline", streams+"report.json", streams+"manifest.jsonl")
	if !strings.HasSuffix(out, "\nnothing fell\n") {
		t.Error(out)
	}
}
