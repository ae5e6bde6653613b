package realtime

import (
	"cmp"
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sotto/transport/doortest"
)

const (
	demoSpanish = "Buenos días, Elena. El avión a París sale mañana a las 12:20. Si llueve mañana, nos quedaremos en casa. A mi hermana le gustan los conciertos. Quisiera reservar una mesa para 2 personas el sábado a las 9:15. ¿Me puede traer la cuenta, por favor? Muchas gracias."
	demoEnglish = "Good morning, Elena. The plane to Paris leaves tomorrow at 12:20. If it rains tomorrow, we will stay at home. My sister likes concerts. I would like to book a table for 2 people on Saturday at 9:15. Can you bring me the bill, please? Thank you very much."
	demoGerman  = "Guten Morgen, Elena. Das Flugzeug nach Paris fliegt morgen um 12:20 Uhr. Wenn es morgen regnet, bleiben wir zu Hause. Meine Schwester mag Konzerte. Ich möchte am Samstag um 9:15 Uhr einen Tisch für 2 Personen reservieren. Können Sie mir bitte die Rechnung bringen? Vielen Dank."
)

// official is what the scripts in testdata/clients print.
type official struct {
	Version                          string
	German, English, French, Refused officialTranslation
	Turns, Manual                    struct {
		Classes          []string
		Deltas           string
		Completed        []string
		Seconds, Started []float64
		Errors           []string
	}
	Secrets map[string][]string
	Secret  []string
}

type officialTranslation struct {
	Code           int
	Protocol       string
	Types, Classes []string
	Output, Input  string
	Elapsed        []int64
	Errors         []string
}

// OpenAI's own clients, with nothing changed but the address.
func TestOfficialPythonClient(t *testing.T) {
	python := cmp.Or(os.Getenv("SOTTO_TEST_PYTHON"), "python3")
	if err := exec.Command(python, "-c", "import openai.resources.realtime.translations, websockets").Run(); err != nil {
		t.Skipf("%s has no openai with realtime translations (%v): pip install 'openai[realtime]', and name that Python in SOTTO_TEST_PYTHON", python, err)
	}
	got := runClient(t, (*httptest.Server).Start, python, "client.py")
	t.Logf("openai %s for Python", got.Version)
	got.checkTranslations(t)
	checkText(t, "English", got.English.Output, demoEnglish)
	if got.English.Input != "" || len(got.Refused.Errors) != 1 || !strings.Contains(got.Refused.Errors[0], `"ja"`) {
		t.Errorf("the transcript that nobody wanted is %q; refused with %q", got.English.Input, got.Refused.Errors)
	}
	for i, ms := range got.German.Elapsed {
		if ms%200 != 0 || ms > 22400 || i > 0 && ms < got.German.Elapsed[i-1] {
			t.Fatalf("elapsed %v", got.German.Elapsed)
		}
	}
	want := []string{"RealtimeTranslationInputTranscriptDeltaEvent", "RealtimeTranslationOutputTranscriptDeltaEvent", "RealtimeTranslationSessionClosedEvent", "RealtimeTranslationSessionCreatedEvent", "RealtimeTranslationSessionUpdatedEvent"}
	if !slices.Equal(got.German.Classes, want) {
		t.Errorf("the client knows the events as %v, want %v", got.German.Classes, want)
	}
	got.checkTurns(t)
	secrets := map[string][]string{"translation": {"ek_", "translation", "fr"}, "transcription": {"ek_", "transcription", "server_vad"}, "beta": {"ek_", "pcm16", "server_vad"}}
	if !reflect.DeepEqual(got.Secrets, secrets) {
		t.Errorf("keys %v", got.Secrets)
	}
}

// The JavaScript client has no session of translations, and asks for one by the
// model's name.
func TestOfficialJavaScriptClient(t *testing.T) {
	if err := exec.Command("node", "-e", "require('openai/realtime/ws')").Run(); err != nil {
		t.Skipf("node has no openai with ws (%v): npm install openai ws, and name its node_modules in NODE_PATH", err)
	}
	got := runClient(t, (*httptest.Server).StartTLS, "node", "client.cjs")
	t.Logf("openai %s for JavaScript", got.Version)
	got.checkTranslations(t)
	if got.German.Code != 1000 || got.French.Protocol != "realtime" {
		t.Errorf("closed with %d, subprotocol %q", got.German.Code, got.French.Protocol)
	}
	if len(got.Manual.Completed) != 1 || got.Manual.Completed[0] != got.Manual.Deltas {
		t.Errorf("deltas %q, then %q", got.Manual.Deltas, got.Manual.Completed)
	}
	checkText(t, "committed", got.Manual.Deltas, demoSpanish)
	if !slices.Equal(got.Secret, []string{"ek_", "transcription"}) {
		t.Errorf("key %v", got.Secret)
	}
}

// runClient streams the whole clip to a server of its own, which a client that
// speaks TLS trusts.
func runClient(t *testing.T, start func(*httptest.Server), program, script string) (got official) {
	t.Helper()
	if testing.Short() {
		t.Skip("minutes of sound are heard: run without -short")
	}
	d := openDoorWith(t, doortest.Pocket(t, 4), start)
	folder := t.TempDir()
	sound, ca := filepath.Join(folder, "sound.pcm"), filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(sound, append(clip(t, 0), silence(1)...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, filepath.Join("testdata", "clients", script), d.server.URL+"/v1", sound)
	if cert := d.server.Certificate(); cert != nil {
		if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca)
	}
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

func (o *official) checkTranslations(t *testing.T) {
	t.Helper()
	checkText(t, "German", o.German.Output, demoGerman)
	checkText(t, "transcript", o.German.Input, demoSpanish)
	if !strings.Contains(o.French.Output, "Bonjour, Elena.") { // wanted by the key alone
		t.Errorf("French: %q", o.French.Output)
	}
	for _, s := range []officialTranslation{o.German, o.English, o.French} {
		if len(s.Errors) > 0 {
			t.Errorf("errors %q", s.Errors)
		}
	}
}

func (o *official) checkTurns(t *testing.T) {
	t.Helper()
	if len(o.Turns.Completed) < 7 || len(o.Turns.Started) < 7 || len(o.Turns.Errors)+len(o.Manual.Errors) > 0 {
		t.Errorf("turns %q from %v, errors %q %q", o.Turns.Completed, o.Turns.Started, o.Turns.Errors, o.Manual.Errors)
	}
	checkText(t, "turns", strings.TrimSpace(strings.Join(o.Turns.Completed, " ")), demoSpanish)
	checkText(t, "manual", strings.Join(o.Manual.Completed, "|"), demoSpanish)
	checkText(t, "manual deltas", o.Manual.Deltas, demoSpanish)
}

// checkText wants a text with at most two words changed: which drafts a live voice
// leaves out depends on the machine.
func checkText(t *testing.T, name, got, want string) {
	t.Helper()
	is, should := strings.Fields(got), strings.Fields(want)
	if common := inCommon(is, should); strings.Contains(got, "  ") || max(len(is), len(should))-common > 2 {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// inCommon is the length of the longest list of words that is part of both.
func inCommon(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, word := range a {
		diagonal := 0
		for j := range b {
			above := row[j+1]
			if row[j+1] = max(above, row[j]); word == b[j] {
				row[j+1] = diagonal + 1
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
