package openai

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// official is what the scripts in testdata/clients print.
type official struct {
	Version        string
	Models         []string
	Model          string
	JSON           string
	Text, SRT, VTT string
	Verbose        officialVerbose
	Stream         struct {
		Deltas, Types []string
		Text          string
	}
	Translation        string
	TranslationText    string          `json:"translation_text"`
	TranslationSRT     string          `json:"translation_srt"`
	TranslationVerbose officialVerbose `json:"translation_verbose"`
	German             string
	Refused            map[string][]any // status, code, param
}

type officialVerbose struct {
	Language string
	Duration float64
	Text     string
	Words    [][]any // word, start, end
	Segments [][]any // text, start, end, avg_logprob, no_speech_prob
}

const (
	demoSpanish = "Buenos días, Elena. El avión a París sale mañana a las 12:20. Si llueve mañana, nos quedaremos en casa. A mi hermana le gustan los conciertos. Quisiera reservar una mesa para 2 personas el sábado a las 9:15. ¿Me puede traer la cuenta, por favor? Muchas gracias."
	demoEnglish = "Good morning, Elena. The plane to Paris leaves tomorrow at 12:20. If it rains tomorrow, we will stay at home. My sister likes concerts. I would like to book a table for 2 people on Saturday at 9:15. Can you bring me the bill, please? Thank you very much."
	demoGerman  = "Guten Morgen, Elena. Das Flugzeug nach Paris fliegt morgen um 12:20 Uhr. Wenn es morgen regnet, bleiben wir zu Hause. Meine Schwester mag Konzerte. Ich möchte am Samstag um 9:15 Uhr einen Tisch für 2 Personen reservieren. Können Sie mir bitte die Rechnung bringen? Vielen Dank."
)

// OpenAI's own clients, with nothing changed but the address.
func TestOfficialPythonClient(t *testing.T) {
	python := cmp.Or(os.Getenv("SOTTO_TEST_PYTHON"), "python3")
	if err := exec.Command(python, "-c", "import openai").Run(); err != nil {
		t.Skipf("%s has no openai (%v): pip install openai, and name that Python in SOTTO_TEST_PYTHON", python, err)
	}
	official := runClient(t, python, "client.py")
	t.Logf("openai %s for Python", official.Version)
	official.check(t)
}

func TestOfficialJavaScriptClient(t *testing.T) {
	if err := exec.Command("node", "-e", "require('openai')").Run(); err != nil {
		t.Skipf("node has no openai (%v): npm install openai, and name its node_modules in NODE_PATH", err)
	}
	official := runClient(t, "node", "client.cjs")
	t.Logf("openai %s for JavaScript", official.Version)
	official.check(t)
}

func runClient(t *testing.T, program, script string) (got official) {
	t.Helper()
	d := openPocket(t, Options{})
	cmd := exec.CommandContext(t.Context(), program, filepath.Join("testdata", "clients", script), d.URL+"/v1", "../../models/pocket/testset/demo.ogg")
	var says strings.Builder
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, says.String())
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return got
}

func (o *official) check(t *testing.T) {
	t.Helper()
	for name, pair := range map[string][2]string{
		"json":                {o.JSON, demoSpanish},
		"text":                {o.Text, demoSpanish + "\n"},
		"verbose":             {o.Verbose.Text, demoSpanish},
		"stream":              {o.Stream.Text, demoSpanish},
		"deltas":              {strings.Join(o.Stream.Deltas, ""), demoSpanish},
		"event types":         {strings.Join(o.Stream.Types, " "), "transcript.text.delta transcript.text.done"},
		"translation":         {o.Translation, demoEnglish},
		"translation text":    {o.TranslationText, demoEnglish + "\n"},
		"translation verbose": {o.TranslationVerbose.Text, demoEnglish},
		"to German":           {o.German, demoGerman},
		"model":               {o.Model, "sotto-pocket"},
		"models":              {strings.Join(o.Models, " "), "sotto-pocket"},
		"languages":           {o.Verbose.Language + " " + o.TranslationVerbose.Language, "spanish english"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", name, pair[0], pair[1])
		}
	}
	o.checkTimes(t)
	o.checkRefusals(t)
}

func (o *official) checkTimes(t *testing.T) {
	t.Helper()
	const first = "1\n00:00:00,680 --> 00:00:01,"
	if !strings.HasPrefix(o.SRT, first) || !strings.HasPrefix(o.TranslationSRT, first) || !strings.HasPrefix(o.VTT, "WEBVTT\n\n00:00:00.680 --> 00:00:01.") {
		t.Errorf("subtitles\n%s\n%s\n%s", o.SRT, o.VTT, o.TranslationSRT)
	}
	for _, text := range []string{o.SRT, o.VTT, o.TranslationSRT} {
		if n := strings.Count(text, " --> "); n != 7 {
			t.Errorf("%d cues, want 7", n)
		}
	}
	v := o.Verbose
	if v.Duration != 22.39 || len(v.Words) != 47 || len(v.Segments) != 7 || len(o.TranslationVerbose.Segments) != 7 {
		t.Fatalf("%v s, %d words, %d segments", v.Duration, len(v.Words), len(v.Segments))
	}
	for _, x := range append(v.Words, v.Segments...) {
		if start, end := x[1].(float64), x[2].(float64); start < 0.6 || start > end || end > v.Duration {
			t.Errorf("%v is outside of the sound", x)
		}
	}
	if s := v.Segments[0]; s[0] != "Buenos días, Elena." || s[3] != nil || s[4] != nil {
		t.Errorf("first segment %v", s)
	}
}

func (o *official) checkRefusals(t *testing.T) {
	t.Helper()
	want := map[string][]any{
		"language": {400.0, "invalid_value", "language"},
		"target":   {400.0, "invalid_value", "target_language"},
		"format":   {400.0, "invalid_value", "response_format"},
		"model":    {404.0, "model_not_found", "model"},
		"no model": {404.0, "model_not_found", "model"},
		"sound":    {400.0, "invalid_value", "file"},
		"big":      {413.0, nil, nil},
	}
	if !reflect.DeepEqual(o.Refused, want) {
		t.Errorf("refused with %v, want %v", o.Refused, want)
	}
}
