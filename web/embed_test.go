package web

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"
)

var references = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

// What the scripts ask for by name.
var byScripts = map[string]bool{"worklet.js": true}

func TestThePagesReferToFilesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, page := range html(t) {
		seen[page] = true
		for _, m := range references.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := fs.Stat(Assets(), m[1]); err != nil {
				t.Errorf("%s refers to %s: %v", page, m[1], err)
			}
			seen[m[1]] = true
		}
	}
	for name := range byScripts {
		if !strings.Contains(read(t, "main.js"), name) {
			t.Errorf("the script does not ask for %s", name)
		}
		seen[name] = true
	}
	for _, name := range files(t) {
		if !seen[name] {
			t.Errorf("nothing refers to %s", name)
		}
	}
}

func TestAPageHasAnAddressWithoutItsEnding(t *testing.T) {
	server := httptest.NewServer(http.FileServerFS(Assets()))
	defer server.Close()
	for address, want := range map[string]int{"/": 200, "/read": 200, "/overlay?room=a": 200, "/readme": 404, "/../read": 200, "/dist/read": 404} {
		answer, err := http.Get(server.URL + address)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want || want == 200 && answer.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %s %q", address, answer.Status, answer.Header.Get("Content-Type"))
		}
	}
}

// The server's Content-Security-Policy allows files of our own only.
func TestThePagesHaveNothingInline(t *testing.T) {
	for _, page := range html(t) {
		text := read(t, page)
		for _, inline := range []string{`<script>`, `<style`, ` style=`, `javascript:`, `://`} {
			if strings.Contains(text, inline) {
				t.Errorf("%s has %s", page, inline)
			}
		}
		if m := regexp.MustCompile(` on[a-z]+=`).FindString(text); m != "" {
			t.Errorf("%s has%s", page, m)
		}
	}
}

// Text of others goes in as text, and nothing is asked of another host.
func TestTheScriptsMakeNoHTMLAndNameNoHost(t *testing.T) {
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".js") && !strings.HasSuffix(name, ".css") {
			continue
		}
		text := strings.ReplaceAll(read(t, name), "http://www.w3.org/2000/svg", "") // a name, not an address
		text = strings.ReplaceAll(text, "http://127.0.0.1", "")                     // in a sentence for people
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "://"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
}

const mostBytes = 60_000

func TestThePagesAreLight(t *testing.T) {
	var packed bytes.Buffer
	for _, name := range files(t) {
		w := gzip.NewWriter(&packed)
		w.Write([]byte(read(t, name)))
		w.Close()
	}
	t.Logf("%d bytes compressed", packed.Len())
	if packed.Len() > mostBytes {
		t.Errorf("the pages weigh %d bytes compressed, more than %d", packed.Len(), mostBytes)
	}
}

func TestWhatIsCommittedIsWhatTheSourcesGive(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("building the pages takes a shell")
	}
	readSources(t)
	offline := append(os.Environ(), "GOPROXY=off", "GOFLAGS=")
	have := exec.Command("go", "tool", "-n", "esbuild")
	have.Dir, have.Env = "tool", offline
	if out, err := have.CombinedOutput(); err != nil {
		t.Skipf("esbuild is not in the module cache; make web brings it (%s)", bytes.TrimSpace(out))
	}
	fresh := t.TempDir()
	build := exec.Command("sh", "build", fresh)
	build.Env = offline
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("web/build: %v\n%s", err, out)
	}
	built := os.DirFS(fresh)
	for _, name := range files(t) {
		if want, err := fs.ReadFile(built, name); err != nil || string(want) != read(t, name) {
			t.Errorf("dist/%s is not what the sources give (%v): run make web", name, err)
		}
	}
	if want, got := len(filesOf(t, built)), len(files(t)); want != got {
		t.Errorf("dist has %d files, the sources give %d: run make web", got, want)
	}
}

// readSources makes a kept result of this test void when a source has changed.
func readSources(t *testing.T) {
	for _, name := range append(filesOf(t, os.DirFS("src")), "../build", "../tool/go.mod") {
		if _, err := os.ReadFile(path.Join("src", name)); err != nil {
			t.Fatal(err)
		}
	}
}

func html(t *testing.T) (pages []string) {
	for _, name := range files(t) {
		if strings.HasSuffix(name, ".html") {
			pages = append(pages, name)
		}
	}
	return pages
}

func files(t *testing.T) []string { return filesOf(t, Assets()) }

func filesOf(t *testing.T, in fs.FS) (names []string) {
	t.Helper()
	err := fs.WalkDir(in, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(Assets(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
