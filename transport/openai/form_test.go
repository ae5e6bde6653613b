package openai

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFormsAreRefused(t *testing.T) {
	d := openToy(t, Options{MaxFile: 1 << 20})
	short := wave(make([]int16, 1600))
	many := fields{}
	for range maxFields + 1 {
		many = append(many, "keywords[]", "x")
	}
	tests := []struct {
		name        string
		form        fields
		status      int
		param, code string
		message     string
	}{
		{"nothing", fields{}, 400, "model", "", "you must provide a model parameter"},
		{"no file", fields{"model", model}, 400, "file", "", "you must provide a file parameter"},
		{"two files", fields{"file", short, "file", short, "model", model}, 400, "file", "invalid_value", "one recording a request"},
		{"a field twice", fields{"model", model, "model", model}, 400, "model", "invalid_value", "given twice"},
		{"a field without a name", fields{"", "x"}, 400, "", "unknown_parameter", "Unrecognized"},
		{"a misspelt field", fields{"target_langauge", "de"}, 400, "", "unknown_parameter", `"target_langauge"; known are file, model, language, target_language`},
		{"a long field", fields{"prompt", strings.Repeat("x", maxField+1)}, 400, "prompt", "invalid_value", "longer than"},
		{"not UTF-8", fields{"language", "\xff"}, 400, "language", "invalid_value", "not UTF-8"},
		{"many fields", many, 400, "", "invalid_value", "more than 64 fields"},
		{"a big file", fields{"model", model, "file", strings.Repeat("x", 1<<20+1)}, 413, "", "", "Maximum content size limit (1048576) exceeded"},
		{"a big body", fields{"model", model, "file", strings.Repeat("x", 3<<20)}, 413, "", "", "Maximum content size limit (1048576) exceeded (3"},
		{"an empty file", fields{"model", model, "file", ""}, 400, "file", "invalid_value", "is empty"},
		{"no sound", fields{"model", model, "file", "hello, this is text"}, 400, "file", "invalid_value", "send WAV, FLAC, MP3"},
		{"a list of other files", fields{"model", model, "file", "#EXTM3U\n\x01\nfile:///etc/passwd"}, 400, "file", "invalid_value", "begins like no sound file"},
		{"a damaged header", fields{"model", model, "file", "RIFF0000WAVEfmt "}, 400, "file", "invalid_value", "is no WAV file"},
		{"a header alone", fields{"model", model, "file", wave(nil)}, 400, "file", "invalid_value", "holds no sound"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			response, reply := d.send(t, transcriptions, tt.form)
			message, kind, param, code := refusal(t, reply)
			if response.StatusCode != tt.status || param != tt.param || code != tt.code || !strings.Contains(message, tt.message) {
				t.Errorf("%s %s, want %d %q %q %q", response.Status, reply, tt.status, tt.message, tt.param, tt.code)
			}
			if want := map[bool]string{true: "server_error", false: "invalid_request_error"}[tt.status == 413]; kind != want {
				t.Errorf("type %q, want %q", kind, want)
			}
			if files := d.left(t); len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
	session, err := d.Engine.Open((&request{source: "es", target: "es"}).options())
	if err != nil {
		t.Fatalf("a refused request keeps its seat: %v", err)
	}
	session.Close()
}

func TestBodiesThatAreNoForms(t *testing.T) {
	d := openToy(t, Options{MaxFile: 1 << 20})
	tests := []struct{ name, kind, body string }{
		{"JSON", "application/json", `{"model":"whisper-1"}`},
		{"no kind", "", "x"},
		{"no boundary", "multipart/form-data", "x"},
		{"another boundary", "multipart/form-data; boundary=a", "--b\r\n\r\nx\r\n--b--\r\n"},
		{"cut off", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhis"},
	}
	for _, tt := range tests {
		request, _ := http.NewRequest("POST", d.URL+translations, strings.NewReader(tt.body))
		request.Header.Set("Content-Type", tt.kind)
		response, reply := d.do(t, request)
		if message, _, _, _ := refusal(t, reply); response.StatusCode != 400 || !strings.Contains(message, "Could not parse multipart form") {
			t.Errorf("%s: %s %s", tt.name, response.Status, reply)
		}
	}
}

// A body without a length is cut off where the limit is, one with a length that
// is far too long before it is read.
func TestEndlessBodies(t *testing.T) {
	d := openToy(t, Options{MaxFile: 1 << 20})
	begin := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
	request, _ := http.NewRequest("POST", d.URL+transcriptions, io.MultiReader(strings.NewReader(begin), io.LimitReader(zeros{}, 5<<20)))
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	if response, reply := d.do(t, request); response.StatusCode != 413 {
		t.Errorf("without a length: %s %s", response.Status, reply)
	}
	request, _ = http.NewRequest("POST", d.URL+transcriptions, io.LimitReader(zeros{}, 1<<40))
	request.ContentLength = 1 << 40
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	request.Header.Set("Expect", "100-continue")
	d.Client().Transport.(*http.Transport).ExpectContinueTimeout = 10 * time.Second
	began := time.Now()
	if response, reply := d.do(t, request); response.StatusCode != 413 || time.Since(began) > 5*time.Second {
		t.Errorf("a terabyte: %s %s after %v", response.Status, reply, time.Since(began))
	}
	if files := d.left(t); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnUploadThatStandsStillIsGivenUp(t *testing.T) {
	d := openToy(t, Options{})
	d.idle = 50 * time.Millisecond
	in, out := io.Pipe()
	defer out.Close()
	body, kind := fields{"model", model, "file", babble(1)}.encode(t)
	go out.Write(body[:len(body)/2])
	request, _ := http.NewRequest("POST", d.URL+transcriptions, in)
	request.Header.Set("Content-Type", kind)
	response, reply := d.do(t, request)
	if _, _, _, code := refusal(t, reply); response.StatusCode != 408 || code != "upload_timeout" {
		t.Errorf("%s %s", response.Status, reply)
	}
	if files := d.left(t); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// A refusal does not wait for a body that never comes.
func TestAnAnswerWaitsForNoBody(t *testing.T) {
	d := openToy(t, Options{MaxFile: 1 << 20})
	d.idle = 50 * time.Millisecond
	const begin = "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n"
	tests := []struct {
		head, body string
		status     int
	}{
		{"POST /v1/audio/translations HTTP/1.1\r\nOrigin: http://evil.example\r\nContent-Length: 1000", "", 403},
		{"POST /v1/audio/translations HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 1000", "", 400},
		{"POST /v1/models HTTP/1.1\r\nContent-Length: 1000", "", 405},
		{"POST /v1/audio/translations HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000", begin, 400},
		{"POST /v1/audio/translations HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000", "--b", 408},
		{"POST /v1/audio/translations HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1000000000", "", 413},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", d.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(2 * drainTimeout))
			fmt.Fprintf(conn, "%s\r\nHost: %s\r\n\r\n%s", tt.head, d.Listener.Addr(), tt.body)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || response.StatusCode != tt.status || !response.Close {
				t.Errorf("%s: %v, %v", tt.head, response, err)
			}
		})
	}
}

// FuzzForm sends any bytes as a body: an answer comes, and nothing stays behind.
func FuzzForm(f *testing.F) {
	good, kind := fields{"model", model, "timestamp_granularities[]", "word", "file", wave(make([]int16, 100))}.encode(f)
	_, boundary, _ := strings.Cut(kind, "boundary=")
	f.Add(bytes.ReplaceAll(good, []byte(boundary), []byte("b")))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n--b--"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"keywords[\"\r\n\r\nx\r\n--b\r\n\r\n\r\n--b--\r\nmore"))
	d := openToy(f, Options{MaxFile: 4096})
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", transcriptions, bytes.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		form, err := d.receive(httptest.NewRecorder(), r)
		if err != nil {
			if p := explain(err, d.opt.Log); p.status < 400 || p.status > 499 {
				t.Fatalf("answered with %d: %v", p.status, err)
			}
		} else {
			n := 0
			for name, values := range form.fields {
				n += len(values)
				if name == "" || strings.HasSuffix(name, "[]") {
					t.Errorf("a field called %q", name)
				}
			}
			if n > maxFields {
				t.Errorf("%d fields", n)
			}
			form.close()
		}
		if files := d.left(t); len(files) > 0 {
			t.Fatalf("left behind: %v", files)
		}
	})
}
