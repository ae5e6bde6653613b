package hub

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sotto/models/hub/hubtest"
)

var quiet = log.New(io.Discard, "", 0)

// put makes a file of the cache, and the folders above it.
func (b *bench) put(text string, parts ...string) string {
	b.t.Helper()
	name := filepath.Join(append([]string{b.config.Cache, folderName(repoName)}, parts...)...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return name
}

// What others may have left in the cache must neither be trusted nor lead out.
func TestCachesThatWereTamperedWith(t *testing.T) {
	repo := someRepo()
	data := repo.Files[textName]
	sum := hubtest.Sum(textName, data)
	link := func(b *bench, to string, parts ...string) {
		name := b.put("", parts...)
		os.Remove(name)
		if err := os.Symlink(to, name); err != nil {
			b.t.Skip("no links on this system")
		}
	}
	for name, c := range map[string]struct {
		tamper func(b *bench)
		kind   Kind // "" when the pull must mend it
		resume bool // the text file is asked for from the middle
	}{
		"a good beginning": {func(b *bench) { b.put(string(data[:1000]), "blobs", sum+".incomplete") }, "", true},
		"a good beginning with its tag": {func(b *bench) {
			b.put(string(data[:1000]), "blobs", sum+".incomplete")
			b.put(`"`+sum[:32]+`"`, "blobs", sum+".incomplete.etag")
		}, "", true},
		"a beginning with another tag": {func(b *bench) {
			b.put(string(data[:1000]), "blobs", sum+".incomplete")
			b.put(`"old"`, "blobs", sum+".incomplete.etag")
		}, "", true},
		"a beginning with a tag of rubbish": {func(b *bench) {
			b.put(string(data[:1000]), "blobs", sum+".incomplete")
			b.put("a\r\nX: y", "blobs", sum+".incomplete.etag")
		}, "", true},
		"a wrong beginning":                {func(b *bench) { b.put(strings.Repeat("x", 1000), "blobs", sum+".incomplete") }, "", true},
		"a beginning longer than the file": {func(b *bench) { b.put(strings.Repeat("x", 400_000), "blobs", sum+".incomplete") }, "", false},
		"all of it, not yet summed":        {func(b *bench) { b.put(string(data), "blobs", sum+".incomplete") }, "", false},
		"all of it, wrong":                 {func(b *bench) { b.put(strings.Repeat("x", len(data)), "blobs", sum+".incomplete") }, "", false},
		"a blob of another size":           {func(b *bench) { b.put("short", "blobs", sum) }, "", false},
		"a file in place of the link":      {func(b *bench) { b.put("short", "snapshots", hubtest.Commit, textName) }, "", false},
		"a link to another blob":           {func(b *bench) { link(b, "../../blobs/"+strings.Repeat("0", 64), "snapshots", hubtest.Commit, textName) }, "", false},
		"a link out of the cache":          {func(b *bench) { link(b, "../../../../outside", "snapshots", hubtest.Commit, textName) }, "", false},
		"the beginning links out":          {func(b *bench) { link(b, "../../../outside", "blobs", sum+".incomplete") }, "", false},
		"the beginning links to a blob": {func(b *bench) {
			b.put("x", "blobs", "other")
			link(b, "other", "blobs", sum+".incomplete")
			os.Remove(b.put("x", "blobs", "other"))
		}, "", false},
		"the tag links out":                 {func(b *bench) { link(b, "../../../outside", "blobs", sum+".incomplete.etag") }, "", false},
		"the reference links out":           {func(b *bench) { link(b, "../../../outside", "refs", "main") }, "", false},
		"the lock links out":                {func(b *bench) { link(b, "../../../outside", "..", ".locks", folderName(repoName), sum+".lock") }, Store, false},
		"the blobs are elsewhere":           {func(b *bench) { link(b, b.base, "blobs") }, Store, false},
		"the snapshot is elsewhere":         {func(b *bench) { link(b, b.base, "snapshots", hubtest.Commit) }, Store, false},
		"the repository's folder is a file": {func(b *bench) { b.put("x", "..", folderName(repoName)) }, Store, false},
		"the beginning is a folder":         {func(b *bench) { b.put("x", "blobs", sum+".incomplete", "x") }, Store, false},
		"a reference to rubbish":            {func(b *bench) { b.put("../../outside", "refs", "main") }, "", false},
		"a folder in place of the link":     {func(b *bench) { b.put("x", "snapshots", hubtest.Commit, textName, "x") }, Store, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := hubtest.New(repo)
			defer server.Close()
			b := newBench(t, server.URL)
			c.tamper(b)
			m, err := pull(t.Context(), b.hasty(), repoName)
			if outside, _ := os.ReadFile(filepath.Join(b.base, "outside")); string(outside) != "untouched" {
				t.Errorf("outside of the cache: %q", outside)
			}
			if entries, _ := os.ReadDir(b.base); len(entries) != 2 {
				t.Errorf("outside of the cache: %v", entries)
			}
			if c.kind != "" {
				complains(t, err, c.kind)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			b.holds(m, repo)
			b.check()
			resumed := false
			for _, r := range server.Seen() {
				resumed = resumed || r.Large && r.Header.Get("Range") == "bytes=1000-"
			}
			if resumed != c.resume {
				t.Errorf("resumed is %v", resumed)
			}
		})
	}
}

func TestTwoPullsAtOnceShareTheWork(t *testing.T) {
	repo := someRepo()
	server := hubtest.New(repo)
	defer server.Close()
	server.OnLarge(func(http.ResponseWriter, *http.Request) bool { time.Sleep(50 * time.Millisecond); return false })
	b := newBench(t, server.URL)
	var group sync.WaitGroup
	for range 4 {
		c := b.hasty()
		group.Go(func() {
			m, err := pull(t.Context(), c, repoName)
			if err != nil {
				t.Error(err)
				return
			}
			b.holds(m, repo)
		})
	}
	group.Wait()
	b.check()
	sent := 0
	for _, r := range server.Seen() {
		if r.Large {
			sent++
		}
	}
	if sent != 2 {
		t.Errorf("the files were sent %d times, want once each", sent)
	}
	if !strings.Contains(b.told(), "another program is getting") {
		t.Errorf("notices %q", b.told())
	}
}

func TestWaitingForALockEndsWithTheContext(t *testing.T) {
	b := newBench(t, "https://hub.example")
	st, err := openStore(b.config.Cache, repoName)
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	f := File{Name: "x", Sum: strings.Repeat("0", 64)}
	unlock, err := st.lock(t.Context(), f, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := st.lock(ctx, f, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheDiskFillsAt99Percent(t *testing.T) {
	repo := someRepo()
	server := hubtest.New(repo)
	defer server.Close()
	b := newBench(t, server.URL)
	c := b.hasty()
	left := 297_000
	c.write = func(w io.Writer, data []byte) (int, error) {
		n, err := w.Write(data[:min(left, len(data))])
		if left -= n; n < len(data) {
			return n, &os.PathError{Op: "write", Path: "blob", Err: syscall.ENOSPC}
		}
		return n, err
	}
	_, err := pull(t.Context(), c, repoName)
	complains(t, err, Store, "the disk is full", "kept", "run again")
	b.check()
	server.Honest()
	m, err := pull(t.Context(), b.hasty(), repoName)
	if err != nil {
		t.Fatal(err)
	}
	b.holds(m, repo)
	for _, r := range server.Seen() {
		if r.Large && strings.HasSuffix(r.Path, hubtest.Sum(textName, repo.Files[textName])+"?signature=x") && r.Header.Get("Range") != "bytes=297000-" {
			t.Errorf("asked for %q, want what was missing", r.Header.Get("Range"))
		}
	}
}

func TestRoomIsAskedForFirst(t *testing.T) {
	repo := someRepo()
	server := hubtest.New(repo)
	defer server.Close()
	b := newBench(t, server.URL)
	b.put(string(repo.Files[textName][:100_000]), "blobs", hubtest.Sum(textName, repo.Files[textName])+".incomplete")
	c := b.hasty()
	const missing = 200_000 + 40_000
	c.space = func(string) (int64, error) { return missing - 1, nil }
	_, err := pull(t.Context(), c, repoName)
	complains(t, err, Store, "needs 234.4 KiB", "HF_HUB_CACHE")
	for _, r := range server.Seen() {
		if strings.Contains(r.Path, "resolve") {
			t.Errorf("asked for %s", r.Path)
		}
	}
	c.space = func(string) (int64, error) { return missing, nil }
	if _, err := pull(t.Context(), c, repoName); err != nil {
		t.Error(err)
	}
}

func TestAnEndedContextKeepsWhatCame(t *testing.T) {
	repo := someRepo()
	server := hubtest.New(repo)
	defer server.Close()
	server.OnLarge(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "300000")
		w.Write(repo.Files[textName][:5000])
		w.(http.Flusher).Flush()
		return silence(w, r)
	})
	b := newBench(t, server.URL)
	c := b.hasty()
	ctx, cancel := context.WithCancel(t.Context())
	c.Progress = func(p Progress) {
		if p.Done == 5000 {
			cancel()
		}
	}
	_, err := pull(ctx, c, repoName)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "4.9 KiB of 293.0 KiB of "+textName+" are kept") {
		t.Errorf("got %v", err)
	}
	b.check()
}
