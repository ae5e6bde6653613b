package hub

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/models/hub/hubtest"
)

const (
	repoName = "org/some-model-gguf"
	textName = "some-model-q4_0.gguf"
	secret   = "hf_secret"
)

// noise is n bytes that no two seeds share.
func noise(seed uint64, n int) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	data := make([]byte, n)
	rand.NewChaCha8(key).Read(data)
	return data
}

// someRepo holds a pair, and files that a pull has no use for.
func someRepo() *hubtest.Repo {
	return &hubtest.Repo{Name: repoName, Licence: "apache-2.0", Files: map[string][]byte{
		textName:                 noise(1, 300_000),
		"some-model-q8_0.gguf":   noise(2, 1000),
		"mmproj-model-BF16.gguf": noise(3, 40_000),
		"mmproj-model-Q8_0.gguf": noise(4, 900),
		"mtp-model-q4_0.gguf":    noise(5, 800),
		"README.md":              []byte("# some model\n"),
		"run.py":                 []byte("print('never fetched')\n"),
	}}
}

// bench is a cache inside a folder that nothing else may be written to.
type bench struct {
	t       *testing.T
	base    string
	config  Config
	mu      sync.Mutex
	notices []string
}

func newBench(t *testing.T, endpoint string) *bench {
	t.Helper()
	base := t.TempDir()
	if err := os.WriteFile(filepath.Join(base, "outside"), []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, base: base, config: Config{Endpoint: endpoint, Cache: filepath.Join(base, "hub"), Token: secret}}
}

// hasty makes a client whose patience is a test's.
func (b *bench) hasty() *Client {
	b.t.Helper()
	c, err := New(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	c.limits = limits{stall: 20 * time.Second, floor: 2000, attempts: 3, backoff: time.Millisecond, longest: 3 * time.Second}
	c.Notice = func(line string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.notices = append(b.notices, line)
	}
	b.t.Cleanup(c.http.CloseIdleConnections)
	return c
}

func (b *bench) told() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.notices, "\n")
}

func pull(ctx context.Context, c *Client, name string) (Model, error) {
	s, err := ParseSpec(name)
	if err != nil {
		return Model{}, err
	}
	return c.Pull(ctx, s)
}

// check is F27's promise: no wrong file in the store, no byte outside it. It
// returns the number of whole blobs.
func (b *bench) check() int {
	b.t.Helper()
	blobs := 0
	err := filepath.WalkDir(b.base, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, _ := filepath.Rel(b.base, name)
		parts := strings.Split(filepath.ToSlash(inside), "/")
		switch {
		case inside == "outside":
			if data, _ := os.ReadFile(name); string(data) != "untouched" {
				b.t.Errorf("the file outside of the cache holds %q", data)
			}
		case len(parts) == 4 && parts[2] == "blobs":
			if strings.Contains(parts[3], ".incomplete") {
				break
			}
			blobs++
			data, err := os.ReadFile(name)
			if err != nil || hubtest.Sum("x.gguf", data) != parts[3] && hubtest.Sum("x", data) != parts[3] {
				b.t.Errorf("blob %s holds other bytes (%v)", parts[3], err)
			}
		case len(parts) >= 5 && parts[2] == "snapshots":
			to, err := filepath.EvalSymlinks(name)
			blob := filepath.Join(b.config.Cache, parts[1], "blobs")
			if err != nil || filepath.Dir(to) != blob {
				b.t.Errorf("%s leads to %s (%v), want a blob", inside, to, err)
			}
		case parts[0] != "hub" || len(parts) < 3:
			b.t.Errorf("a file at %s", inside)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return blobs
}

// holds wants the pair in the cache, byte for byte.
func (b *bench) holds(m Model, repo *hubtest.Repo) {
	b.t.Helper()
	for path, name := range map[string]string{m.Text: textName, m.Projector: "mmproj-model-BF16.gguf"} {
		data, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(data, repo.Files[name]) {
			b.t.Errorf("%s: %d bytes (%v), want the %d of %s", path, len(data), err, len(repo.Files[name]), name)
		}
	}
}

// noSecret wants the token at the hub alone.
func noSecret(t *testing.T, seen []hubtest.Seen) {
	t.Helper()
	for _, r := range seen {
		if r.Large && strings.Contains(fmt.Sprint(r.Path, r.Header), secret) {
			t.Errorf("the token went to another host: %s %v", r.Path, r.Header)
		}
	}
}

// complains wants one sentence of a kind with advice behind a semicolon.
func complains(t *testing.T, err error, kind Kind, says ...string) {
	t.Helper()
	e := as(err)
	if e == nil || e.Kind != kind {
		t.Fatalf("got %v (%T), want an error of kind %q", err, err, kind)
	}
	text := err.Error()
	if !strings.HasPrefix(text, "hub: ") || !strings.Contains(text, "; ") || strings.ContainsAny(text, "\n\r\x1b\x00") || len(text) > 600 {
		t.Errorf("%q is not one sentence with advice", text)
	}
	if strings.Contains(text, secret) {
		t.Errorf("%q shows the token", text)
	}
	for _, s := range says {
		if !strings.Contains(text, s) {
			t.Errorf("%q\ndoes not say %q", text, s)
		}
	}
}

// The layout is the one that huggingface_hub 2.4 leaves for the same repository.
func TestPullBringsAPairAndKeepsTheHubsLayout(t *testing.T) {
	repo := someRepo()
	server := hubtest.New(repo)
	defer server.Close()
	b := newBench(t, server.URL)
	m, err := pull(t.Context(), b.hasty(), repoName)
	if err != nil {
		t.Fatal(err)
	}
	b.holds(m, repo)
	if n := b.check(); n != 2 {
		t.Errorf("%d blobs, want the two halves", n)
	}
	noSecret(t, server.Seen())
	folder := filepath.Join(b.config.Cache, "models--org--some-model-gguf")
	if ref, err := os.ReadFile(filepath.Join(folder, "refs", "main")); err != nil || string(ref) != hubtest.Commit {
		t.Errorf("refs/main is %q (%v)", ref, err)
	}
	link, err := os.Readlink(filepath.Join(folder, "snapshots", hubtest.Commit, textName))
	if want := "../../blobs/" + hubtest.Sum(textName, repo.Files[textName]); err != nil || filepath.ToSlash(link) != want {
		t.Errorf("the snapshot links to %q (%v), want %q", link, err, want)
	}
	for _, want := range []string{"at 0123456789ab (main)", "licence: apache-2.0", textName + ", 293.0 KiB, the decoder", "mmproj-model-BF16.gguf, 39.1 KiB, the audio half"} {
		if !strings.Contains(b.told(), want) {
			t.Errorf("notices %q, want %q among them", b.told(), want)
		}
	}
}

func TestASecondPullSendsNothingAndShowsNoLicence(t *testing.T) {
	server := hubtest.New(someRepo())
	defer server.Close()
	b := newBench(t, server.URL)
	c := b.hasty()
	first, err := pull(t.Context(), c, repoName)
	if err != nil {
		t.Fatal(err)
	}
	server.Honest()
	b.notices = nil
	again, err := pull(t.Context(), c, repoName)
	if err != nil || again.Text != first.Text {
		t.Fatalf("%v, %v", again, err)
	}
	for _, r := range server.Seen() {
		if r.Large || strings.Contains(r.Path, "resolve") {
			t.Errorf("asked again for %s", r.Path)
		}
	}
	if strings.Contains(b.told(), "licence") || !strings.Contains(b.told(), "is here already") {
		t.Errorf("notices %q", b.told())
	}
	server.Close()
	b.config.Offline = true
	offline, err := pull(t.Context(), b.hasty(), repoName)
	if err != nil || offline.Text != first.Text || offline.Projector != first.Projector {
		t.Errorf("offline: %v, %v; want %v", offline, err, first)
	}
}

func TestOfflineSaysWhatToPull(t *testing.T) {
	b := newBench(t, "https://models.invalid")
	b.config.Offline = true
	for _, name := range []string{"e4b", repoName, repoName + "@v1", repoName + ":" + textName} {
		_, err := pull(t.Context(), b.hasty(), name)
		complains(t, err, Offline, name+" is not in the cache", "sotto pull "+name)
	}
}

func TestARevisionIsPinnedToItsCommit(t *testing.T) {
	repo := someRepo()
	server := hubtest.New(repo)
	defer server.Close()
	// The branch moves between the question which commit it is and the files.
	server.OnHub(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/resolve/") && !strings.Contains(r.URL.Path, hubtest.Commit) {
			t.Errorf("asked for %s, want the commit", r.URL.Path)
		}
		return false
	})
	b := newBench(t, server.URL)
	if _, err := pull(t.Context(), b.hasty(), repoName+"@"+hubtest.Commit); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(b.config, Spec{Name: repoName, Repo: repoName, Revision: hubtest.Commit}); err != nil {
		t.Error(err)
	}
	if refs, _ := os.ReadDir(filepath.Join(b.config.Cache, folderName(repoName), "refs")); len(refs) != 0 {
		t.Errorf("refs %v for a commit", refs)
	}
}

func TestCheckMendsADamagedBlob(t *testing.T) {
	repo := someRepo()
	server := hubtest.New(repo)
	defer server.Close()
	b := newBench(t, server.URL)
	c := b.hasty()
	m, err := pull(t.Context(), c, repoName)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := filepath.EvalSymlinks(m.Text)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(blob)
	data[1234] ^= 1
	if err := os.WriteFile(blob, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Check = true
	if m, err = pull(t.Context(), c, repoName); err != nil {
		t.Fatal(err)
	}
	b.holds(m, repo)
	b.check()
	if !strings.Contains(b.told(), "is damaged") {
		t.Errorf("notices %q", b.told())
	}
}

func TestCheckpointFoldersArePulledWithoutCode(t *testing.T) {
	repo := &hubtest.Repo{Name: "org/checkpoint", Licence: "gemma", Files: map[string][]byte{
		"config.json": []byte("{}"), "tokenizer.json": []byte("{}"), "model.safetensors": noise(9, 5000), "empty/.keep": nil,
		"modeling.py": []byte("import os"), "pytorch_model.bin": noise(8, 100), "README.md": nil, "sub/config.json": []byte("[]"),
	}}
	server := hubtest.New(repo)
	defer server.Close()
	b := newBench(t, server.URL)
	m, err := pull(t.Context(), b.hasty(), "org/checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(m.Folder)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v (%v), want config.json, model.safetensors and tokenizer.json", entries, err)
	}
	b.check()
	if _, err := pull(t.Context(), b.hasty(), "org/checkpoint:empty/.keep"); err != nil {
		t.Errorf("a file of no bytes in a folder: %v", err)
	}
	b.check()
}
