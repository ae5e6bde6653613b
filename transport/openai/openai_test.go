package openai

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sotto"
	"sotto/audio"
	"sotto/transport/doortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a handler on a server of its own. Its engine writes noise that depends
// on all it has heard.
type door struct {
	*Handler
	*httptest.Server
}

func openToy(t testing.TB, opt Options) *door {
	t.Helper()
	return serve(t, opt, doortest.Toy(t, "../..", 1))
}

// openPocket is a door whose engine knows Spanish.
func openPocket(t testing.TB, opt Options) *door {
	t.Helper()
	return serve(t, opt, doortest.Pocket(t, 2))
}

func serve(t testing.TB, opt Options, engine *sotto.Engine) *door {
	t.Helper()
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	opt.Folder = t.TempDir()
	h, mux := New(opt), http.NewServeMux()
	h.Engine = engine
	h.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &door{h, server}
}

// fields is a form: name, value, name, value. The value of "file" is the
// recording.
type fields []string

func (f fields) encode(t testing.TB) (body []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(f); i += 2 {
		var part io.Writer
		var err error
		if f[i] == "file" {
			part, err = w.CreateFormFile("file", "../../voice.wav")
		} else {
			part, err = w.CreateFormField(f[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, f[i+1])
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// send posts a form and reads the whole reply.
func (d *door) send(t testing.TB, path string, f fields) (*http.Response, string) {
	t.Helper()
	body, kind := f.encode(t)
	request, err := http.NewRequest("POST", d.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	return d.do(t, request)
}

func (d *door) do(t testing.TB, request *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := d.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(reply)
}

// refusal reads the body of an error, which has its four members and no more.
func refusal(t testing.TB, reply string) (message, kind, param, code string) {
	t.Helper()
	var all map[string]map[string]*string
	if err := json.Unmarshal([]byte(reply), &all); err != nil || len(all) != 1 || len(all["error"]) != 4 {
		t.Fatalf("no error body: %q, %v", reply, err)
	}
	text := func(name string) string {
		if v := all["error"][name]; v != nil {
			return *v
		}
		return ""
	}
	return text("message"), text("type"), text("param"), text("code")
}

// waitFor polls until something holds.
// left lists the files of uploads.
func (d *door) left(t testing.TB) []os.DirEntry {
	t.Helper()
	all, err := os.ReadDir(d.opt.Folder)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// babble is a WAV file that is as loud and as uneven as speech.
func babble(seconds int) string {
	rng := rand.New(rand.NewPCG(7, 1))
	const syllable = audio.RateHz / 5
	samples := make([]int16, seconds*audio.RateHz)
	pitch := 0.0
	for i := range samples {
		if i >= audio.RateHz { // every second is the same: making it takes a while
			samples[i] = samples[i-audio.RateHz]
			continue
		}
		if i%syllable == 0 {
			pitch = 100 + 100*rng.Float64()
		}
		v, loud := 0.0, math.Sin(math.Pi*float64(i%syllable)/syllable)
		for h := 1.0; h <= 8; h++ {
			v += 3000 * loud / h * math.Sin(2*math.Pi*h*pitch*float64(i)/audio.RateHz)
		}
		samples[i] = int16(v)
	}
	return wave(samples)
}

func wave(samples []int16) string {
	var b bytes.Buffer
	size := uint32(2 * len(samples))
	b.WriteString("RIFF")
	binary.Write(&b, binary.LittleEndian, size+36)
	b.WriteString("WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(1), uint32(audio.RateHz), uint32(2 * audio.RateHz), uint16(2), uint16(16)} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	binary.Write(&b, binary.LittleEndian, size)
	binary.Write(&b, binary.LittleEndian, samples)
	return b.String()
}

func TestModels(t *testing.T) {
	d := openToy(t, Options{})
	id := d.modelID()
	tests := []struct {
		path   string
		status int
		want   string
	}{
		{"/v1/models", 200, `"data":[{"id":"` + id + `","object":"model","created":`},
		{"/v1/models/" + id, 200, `{"id":"` + id + `","object":"model","created":`},
		{"/v1/models/whisper-1", 200, `{"id":"` + id + `"`},
		{"/v1/models/gpt-4o-mini-transcribe-2025-12-15", 200, `{"id":"` + id + `"`},
		{"/v1/models/gpt-4o-transcribe-diarize", 404, `"code":"model_not_found"`},
		{"/v1/models/google%2Fgemma", 404, `"param":"model","code":"model_not_found"`},
		{"/v1/models/gpt-4o", 404, `"code":"model_not_found"`},
	}
	for _, tt := range tests {
		request, _ := http.NewRequest("GET", d.URL+tt.path, nil)
		response, reply := d.do(t, request)
		if response.StatusCode != tt.status || !strings.Contains(reply, tt.want) {
			t.Errorf("%s: %s %s, want %d with %s", tt.path, response.Status, reply, tt.status, tt.want)
		}
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	d := openToy(t, Options{})
	tests := []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"GET", transcriptions, 405, "method_not_supported", "POST"},
		{"POST", models, 405, "method_not_supported", "GET"},
		{"POST", "/v1/audio/speech", 404, "unknown_url", ""},
		{"GET", "/v1/audio/transcriptions/", 404, "unknown_url", ""},
	}
	for _, tt := range tests {
		request, _ := http.NewRequest(tt.method, d.URL+tt.path, nil)
		response, reply := d.do(t, request)
		_, kind, _, code := refusal(t, reply)
		if response.StatusCode != tt.status || code != tt.code || kind != "invalid_request_error" || response.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %s, Allow %q, %s", tt.method, tt.path, response.Status, response.Header.Get("Allow"), reply)
		}
	}
}

func TestOnlyPagesThatMayAsk(t *testing.T) {
	d := openToy(t, Options{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") != "http://evil.example" }})
	for origin, status := range map[string]int{"http://evil.example": 403, "https://good.example": 200, "": 200} {
		for _, method := range []string{"POST", "OPTIONS"} {
			body, kind := fields{"model", "whisper-1", "file", wave(make([]int16, 1600))}.encode(t)
			request, _ := http.NewRequest(method, d.URL+transcriptions, bytes.NewReader(body))
			request.Header.Set("Content-Type", kind)
			request.Header.Set("Access-Control-Request-Headers", "authorization")
			if origin != "" {
				request.Header.Set("Origin", origin)
			}
			want := status
			if method == "OPTIONS" && status == 200 {
				want = 204
			}
			response, reply := d.do(t, request)
			shared := response.Header.Get("Access-Control-Allow-Origin")
			if response.StatusCode != want || want != 403 && shared != origin || want == 403 && shared != "" {
				t.Errorf("%s from %q: %s, shared with %q, %s", method, origin, response.Status, shared, reply)
			}
		}
	}
	strict := openToy(t, Options{})
	request, _ := http.NewRequest("GET", strict.URL+models, nil)
	request.Header.Set("Origin", strict.URL)
	if response, _ := strict.do(t, request); response.StatusCode != 403 {
		t.Errorf("without CheckOrigin a page gets %s", response.Status)
	}
}
