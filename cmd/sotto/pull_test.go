package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/models/hub"
	"sotto/models/hub/hubtest"
)

const e4bRepo = "google/gemma-4-E4B-it-qat-q4_0-gguf"

// standIn is a hub on this machine whose E4B is the embedded model, and an
// environment that leads to it.
func standIn(t *testing.T) *hubtest.Server {
	t.Helper()
	server := hubtest.New(
		&hubtest.Repo{Name: e4bRepo, Licence: "apache-2.0", Files: map[string][]byte{
			"gemma-4-E4B_q4_0-it.gguf":    read(t, pocketDir+"pocket.gguf"),
			"gemma-4-E4B-it-mmproj.gguf":  read(t, pocketDir+"pocket-mmproj.gguf"),
			"README.md":                   []byte("# E4B\n"),
			"gemma-4-E4B-assistant.gguf":  []byte("a drafter"),
			"gemma-4-E4B-it-imatrix.gguf": []byte("numbers"),
		}},
		&hubtest.Repo{Name: "org/toy", Licence: "gemma", Files: folder(t)},
		&hubtest.Repo{Name: "org/junk", Licence: "mit", Files: map[string][]byte{"a-q4_0.gguf": []byte("no model"), "mmproj.gguf": []byte("neither"), "notes.txt": []byte("text")}},
	)
	t.Cleanup(server.Close)
	for key, value := range map[string]string{
		"HF_ENDPOINT": server.URL, "HF_HUB_CACHE": t.TempDir(), "HF_HOME": t.TempDir(), "HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "",
		"HF_TOKEN_PATH": "", "HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "",
	} {
		t.Setenv(key, value)
	}
	return server
}

func TestAPulledModelTranslatesByItsShortName(t *testing.T) {
	server := standIn(t)
	r := call(t, "pull", "e4b")
	if r.code != 0 {
		t.Fatalf("exit code %d, stderr %q", r.code, r.stderr)
	}
	for _, want := range []string{"e4b is Gemma 4 E4B, trained for Q4_0: " + e4bRepo + " at 0123456789ab (main)\n", "licence: apache-2.0\n",
		"gemma-4-E4B_q4_0-it.gguf, 2.0 MiB, the decoder\n", "gemma-4-E4B-it-mmproj.gguf, 2.2 MiB, the audio half\n", "use it with --model e4b\n"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("stderr %q, want %q in it", r.stderr, want)
		}
	}
	paths := strings.Fields(r.stdout)
	if len(paths) != 2 || !bytes.Equal(read(t, paths[0]), read(t, pocketDir+"pocket.gguf")) {
		t.Errorf("stdout %q, want the paths of both halves", r.stdout)
	}
	server.Close() // what follows needs no network
	if out := works(t, "models", "inspect", "e4b"); !strings.Contains(out, "GGUF pair") {
		t.Errorf("inspect says %q", out)
	}
	want := works(t, "translate", "--to", "en", sentence)
	for _, name := range []string{"e4b", "E4B@main", e4bRepo, e4bRepo + ":gemma-4-E4B_q4_0-it.gguf"} {
		if got := works(t, "translate", "--to", "en", "--model", name, sentence); got != want {
			t.Errorf("--model %s writes %q, pocket %q", name, got, want)
		}
	}
	if out := call(t, "pull", "--offline", "e4b"); out.code != 0 || out.stdout != r.stdout {
		t.Errorf("offline: %+v", out)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	if out := call(t, "pull", "e4b", "--check"); out.code != 0 || out.stdout != r.stdout {
		t.Errorf("HF_HUB_OFFLINE: %+v", out)
	}
}

func TestAPulledFolderIsUsedByItsRepositorysName(t *testing.T) {
	standIn(t)
	if r := call(t, "pull", "org/toy"); r.code != 0 || !strings.Contains(r.stdout, "config.json\n") {
		t.Fatalf("%+v", r)
	}
	out := works(t, "models", "inspect", "org/toy")
	if !strings.Contains(out, "Hugging Face folder") || !strings.Contains(out, "org/toy") {
		t.Errorf("inspect says %q", out)
	}
}

func TestPullsThatAreRefused(t *testing.T) {
	server := standIn(t)
	for name, c := range map[string]struct {
		args string
		code int
		says string
	}{
		"nothing":              {"pull", exitUsage, "pull takes one model: e2b, e4b, or REPO"},
		"two":                  {"pull e4b e2b", exitUsage, "pull takes one model"},
		"the embedded model":   {"pull pocket", exitUsage, "pocket is built in"},
		"no name at all":       {"pull ../x", exitUsage, "say ORGANISATION/NAME, or e2b, e4b"},
		"a name that climbs":   {"pull org/toy:../../x", exitUsage, "is not allowed"},
		"not on the hub":       {"pull org/gone", exitModel, "no repository org/gone at "},
		"not in the repo":      {"pull org/junk:gone.gguf", exitModel, "it has a-q4_0.gguf"},
		"not in the cache":     {"pull e2b --offline", exitModel, "e2b is not in the cache"},
		"use without a pull":   {"translate --to en --model e2b x.wav", exitModel, "get it with: sotto pull e2b"},
		"inspect without one":  {"models inspect org/other:x.gguf", exitModel, "get it with: sotto pull org/other:x.gguf"},
		"a folder not here":    {"models inspect org/nothing", exitModel, "no file or folder org/nothing is here"},
		"a file not here":      {"models inspect org/nothing.gguf", exitModel, "cannot read org/nothing.gguf"},
		"a short name misused": {"models inspect e4b:../x", exitModel, "is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, callSoon(t, strings.Fields(c.args)...), c.code, c.says)
		})
	}
	t.Run("gated", func(t *testing.T) {
		server.OnHub(func(w http.ResponseWriter, _ *http.Request) bool {
			hubtest.Refuse(w, http.StatusUnauthorized, "GatedRepo", "Access to model is restricted.")
			return true
		})
		defer server.Honest()
		checkRefusal(t, call(t, "pull", "e4b"), exitModel, "accept them at "+server.URL+"/"+e4bRepo, "set HF_TOKEN")
	})
	t.Run("a token of two lines", func(t *testing.T) {
		t.Setenv("HF_TOKEN", "hf_a\nhf_b")
		checkRefusal(t, call(t, "pull", "e4b"), exitModel, "copy it again into HF_TOKEN")
	})
	t.Run("no room for a cache", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("HF_HUB_CACHE", filepath.Join(file, "hub"))
		checkRefusal(t, call(t, "pull", "e4b"), exitEnvironment, "set HF_HUB_CACHE to another")
	})
	t.Run("pulled, but no model", func(t *testing.T) {
		r := call(t, "pull", "org/junk")
		if r.code != exitModel || r.stdout != "" || !strings.Contains(r.stderr, "org/junk is pulled, but sotto cannot use it: ") {
			t.Errorf("%+v", r)
		}
		if r := call(t, "pull", "org/junk:notes.txt"); r.code != 0 || !strings.HasSuffix(r.stdout, "notes.txt\n") {
			t.Errorf("a file that is no model: %+v", r)
		}
	})
}

func TestAnInterruptedPullSaysWhatItKept(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	server := standIn(t)
	begun := make(chan struct{}, 1)
	server.OnLarge(func(w http.ResponseWriter, r *http.Request) bool {
		data := server.Blob(r.URL.Path[1:])
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		w.Write(data[:1<<20])
		w.(http.Flusher).Flush()
		begun <- struct{}{}
		<-r.Context().Done()
		return true
	})
	cmd := child(t, "pull", "e4b")
	var told bytes.Buffer
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-begun
	part := filepath.Join(os.Getenv("HF_HUB_CACHE"), "models--google--gemma-4-E4B-it-qat-q4_0-gguf", "blobs", "*.incomplete")
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if found, _ := filepath.Glob(part); len(found) == 1 {
			if info, err := os.Stat(found[0]); err == nil && info.Size() == 1<<20 {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("no bytes come")
		}
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(told.String(), "sotto: interrupted; 1.0 MiB of 2.0 MiB of gemma-4-E4B_q4_0-it.gguf are kept: run again to go on\n") {
		t.Errorf("exit code %d, stderr %q", code, told.String())
	}
	server.Honest()
	if r := call(t, "pull", "e4b"); r.code != 0 || !strings.Contains(r.stderr, "1.0 MiB of 2.0 MiB are here already") {
		t.Errorf("%+v", r)
	}
}

func TestTheMeter(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	m := &meter{liveLine: liveLine{out: &out}, now: func() time.Time { return clock }}
	step := func(after time.Duration, done int64) {
		clock = clock.Add(after)
		m.show(hub.Progress{File: "a\x1b.gguf", Done: done, Size: 100 << 20})
	}
	step(0, 10<<20)
	step(time.Second, 11<<20)
	step(19*time.Second, 30<<20)
	if got, want := out.String(), "a .gguf 30 MiB of 100 MiB, 30 %, 1 MiB/s, 1m10s left\n"; got != want {
		t.Errorf("a plain meter writes %q, want %q", got, want)
	}
	out.Reset()
	m.live = true
	step(time.Second, 31<<20)
	m.notice("a word\x1b[2J")
	if got, want := out.String(), "\ra .gguf 31 MiB of 100 MiB, 31 %, 1 MiB/s, 1m9s left\x1b[K\r\x1b[Ka word [2J\n"; got != want {
		t.Errorf("a drawn meter writes %q, want %q", got, want)
	}
	out.Reset()
	m.show(hub.Progress{File: "b", Done: 0, Size: 0, Checking: true})
	clock = clock.Add(time.Second)
	m.show(hub.Progress{File: "b", Done: 0, Size: 0, Checking: true})
	if got, want := out.String(), "\rchecking b 0 B of 0 B, 100 %\x1b[K"; got != want {
		t.Errorf("for a file of nothing %q, want %q", got, want)
	}
}
