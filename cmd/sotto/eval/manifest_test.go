package eval

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodLine = `{"id":"a","audio":"a.wav","source":"es","kind":"speech","duration_ms":3000,"text":"Uno. Dos.","references":{"en":"One. Two."},` +
	`"sentences":[{"start_ms":100,"end_ms":900,"references":{"en":"One."}},{"start_ms":1000,"end_ms":2000,"references":{"en":"Two."}}],` +
	`"words":[{"start_ms":100,"end_ms":900,"text":"Uno."},{"start_ms":1000,"end_ms":2000,"text":"Dos."}]}`

func manifest(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "m.jsonl")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestManifestIsRead(t *testing.T) {
	silent := `{"id":"n","audio":"/n.wav","source":"es","kind":"none","duration_ms":500,"references":{"en":""}}`
	alone := `{"id":"b","audio":"sub/b.wav","source":"es","kind":"speech","duration_ms":500,"text":"Hola."}`
	name := manifest(t, goodLine+"\n\n"+silent+"\n"+alone)
	set, err := ReadManifests(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Recordings) != 3 || len(set.SHA256) != 64 {
		t.Fatalf("%+v", set)
	}
	a, n, b := &set.Recordings[0], &set.Recordings[1], &set.Recordings[2]
	if a.Silent() || !n.Silent() || b.Silent() {
		t.Error("what is silent is not what was said")
	}
	if want := filepath.Join(filepath.Dir(name), "sub/b.wav"); b.path != want || n.path != "/n.wav" {
		t.Errorf("paths %q and %q", b.path, n.path)
	}
	if s := b.sentences("es"); len(s) != 1 || s[0].Text != "Hola." || s[0].EndMs != 500 {
		t.Errorf("a recording without sentences has %+v", s)
	}
	if s := a.speech(); len(s) != 2 || s[1].StartMs != 1000 {
		t.Errorf("speech %+v", s)
	}
	if got := strings.Join(set.Languages(), " "); got != "en es" {
		t.Errorf("languages %q, want those spoken last", got)
	}
}

func TestBadManifestIsRefusedByLineAndField(t *testing.T) {
	change := func(old, with string) string {
		if !strings.Contains(goodLine, old) {
			t.Fatalf("%q is not in the good line", old)
		}
		return strings.Replace(goodLine, old, with, 1)
	}
	for name, c := range map[string]struct{ text, says string }{
		"nothing":                {"", "no recording"},
		"only blank lines":       {"\n \n", "no recording"},
		"no JSON":                {"hello", ":1: not a JSON object"},
		"a list":                 {"[1]", ":1: the line is a JSON array; want an object"},
		"half an object":         {goodLine + "\n" + goodLine[:40], ":2: the JSON object has no end"},
		"two objects":            {goodLine + goodLine, "one object a line"},
		"unknown field":          {change(`"kind"`, `"sort":1,"kind"`), `unknown field "sort"`},
		"number as text":         {change(`3000`, `"3000"`), "duration_ms is a JSON string; want a whole number"},
		"a fraction":             {change(`3000`, `3000.5`), "duration_ms is a JSON number 3000.5"},
		"text as number":         {change(`"One. Two."`, `7`), "references"},
		"no id":                  {change(`"id":"a",`, ``), "id is missing"},
		"an id that is a path":   {change(`"id":"a"`, `"id":"../a"`), "without slashes"},
		"an id with a newline":   {change(`"id":"a"`, `"id":"a\nb"`), "control characters"},
		"an id twice":            {goodLine + "\n" + goodLine, `:2: id "a" is that of`},
		"no audio":               {change(`"audio":"a.wav",`, ``), "audio is missing"},
		"no source":              {change(`"es"`, `" "`), "source is missing"},
		"another kind":           {change(`"speech"`, `"song"`), `kind is "song"`},
		"no duration":            {change(`"duration_ms":3000,`, ``), "duration_ms is 0"},
		"a duration of years":    {change(`3000`, `99999999999`), "duration_ms is 99999999999"},
		"silence with text":      {change(`"speech"`, `"none"`), "references.en has text, but kind is none"},
		"silence with sentences": {change(`{"en":"One. Two."}`, `{"en":""}`), "no reference has text"},
		"an end before a start":  {change(`"end_ms":900`, `"end_ms":90`), "sentences[0].end_ms is 90"},
		"sentences out of order": {change(`"start_ms":1000`, `"start_ms":50`), "sentences[1].start_ms is 50, before 100"},
		"beyond the end":         {change(`"end_ms":2000`, `"end_ms":20000`), "sentences[1].end_ms is 20000, beyond duration_ms"},
		"a sentence untold":      {change(`{"en":"Two."}`, `{"fr":"Deux."}`), "sentences[1].references.en is missing"},
		"a word without text":    {change(`"text":"Dos."`, `"text":""`), "words[1].text is missing"},
		"a word backwards":       {change(`{"start_ms":1000,"end_ms":2000,"text"`, `{"start_ms":2000,"end_ms":1000,"text"`), "words[1].end_ms is 1000"},
	} {
		_, err := ReadManifests(manifest(t, c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\ndoes not say %q", name, err, c.says)
		}
	}
	if _, err := ReadManifests("no/such.jsonl"); err == nil || !strings.Contains(err.Error(), "no/such.jsonl") {
		t.Errorf("a manifest that is not there: %v", err)
	}
}

// What is taken can be used: no span lies outside the recording.
func FuzzParse(f *testing.F) {
	f.Add([]byte(goodLine))
	f.Add([]byte(`{"id":"n","audio":"n.wav","source":"es","kind":"none","duration_ms":500}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parse(line)
		if err != nil {
			return
		}
		for i := range r.Sentences {
			from, to := r.cut(i)
			if r.Silent() || from < 0 || to > r.DurationMs || from > r.DurationMs+soundSlackMs {
				t.Errorf("sentence %d of %s is cut from %d to %d", i, line, from, to)
			}
		}
		if r.has("en") && len(r.sentences("en")) == 0 {
			t.Errorf("%s has a reference and no sentence", line)
		}
	})
}
