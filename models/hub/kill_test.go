package hub

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/models/hub/hubtest"
)

// asPuller makes the test binary a program that pulls, to be killed.
const asPuller = "HUB_TEST_PULL"

func TestMain(m *testing.M) {
	if name := os.Getenv(asPuller); name != "" {
		config, err := FromEnvironment(os.Getenv)
		if err == nil {
			var c *Client
			if c, err = New(config); err == nil {
				_, err = pull(context.Background(), c, name)
			}
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// puller starts a process that pulls into b's cache.
func (b *bench) puller() *exec.Cmd {
	b.t.Helper()
	self, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.CommandContext(b.t.Context(), self)
	cmd.Env = append(os.Environ(), asPuller+"="+repoName, "HF_ENDPOINT="+b.config.Endpoint, "HF_HUB_CACHE="+b.config.Cache, "HF_TOKEN="+secret)
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	return cmd
}

// afterKill pulls again, here, and wants the right files, and of the text file
// only what was missing.
func (b *bench) afterKill(server *hubtest.Server, repo *hubtest.Repo, kept int) {
	b.t.Helper()
	b.check()
	server.Honest()
	m, err := pull(b.t.Context(), b.hasty(), repoName)
	if err != nil {
		b.t.Fatal(err)
	}
	b.holds(m, repo)
	b.check()
	sum := hubtest.Sum(textName, repo.Files[textName])
	for _, r := range server.Seen() {
		if kept <= 0 || !r.Large || !strings.HasPrefix(r.Path, "/"+sum) {
			continue
		}
		if r.Header.Get("Range") != fmt.Sprintf("bytes=%d-", kept) || r.Header.Get("If-Range") != `"`+sum[:32]+`"` {
			b.t.Errorf("with %d bytes here it asked for %q if %q", kept, r.Header.Get("Range"), r.Header.Get("If-Range"))
		}
	}
}

func TestKilledAtAnyByteAPullGoesOn(t *testing.T) {
	repo := someRepo()
	data := repo.Files[textName]
	sum := hubtest.Sum(textName, data)
	for _, at := range []int{0, 1, 2, 511, 512, 4095, 4096, 4097, 65_535, 65_536, 100_001, 150_000, 262_143, 262_144, 262_145, 299_999, 300_000} {
		t.Run(strconv.Itoa(at), func(t *testing.T) {
			t.Parallel()
			server := hubtest.New(repo)
			defer server.Close()
			server.OnLarge(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.URL.Path, "/"+sum) {
					return at == len(data) && silence(w, r)
				}
				w.Header().Set("Etag", `"`+sum[:32]+`"`)
				w.Header().Set("Content-Length", strconv.Itoa(len(data)))
				w.Write(data[:at])
				w.(http.Flusher).Flush()
				return at == len(data) || silence(w, r)
			})
			b := newBench(t, server.URL)
			cmd := b.puller()
			part := filepath.Join(b.config.Cache, folderName(repoName), "blobs", sum)
			for patience := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
				info, err := os.Stat(part + ".incomplete")
				_, whole := os.Stat(part)
				if err == nil && info.Size() == int64(at) || whole == nil {
					break
				}
				if time.Now().After(patience) {
					t.Fatal("the bytes do not come")
				}
			}
			cmd.Process.Kill()
			cmd.Wait()
			kept := at
			if at == len(data) {
				kept = -1 // nothing of it is asked for again
			}
			b.afterKill(server, repo, kept)
		})
	}
}

// Killed at any moment: while it lists, sums, renames, links or writes the
// reference.
func TestKilledAtAnyMomentAPullGoesOn(t *testing.T) {
	repo := someRepo()
	for i := range 16 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			server := hubtest.New(repo)
			defer server.Close()
			b := newBench(t, server.URL)
			for range 3 {
				cmd := b.puller()
				time.Sleep(time.Duration(4+4*i) * time.Millisecond)
				cmd.Process.Kill()
				cmd.Wait()
				b.check()
			}
			b.afterKill(server, repo, 0)
		})
	}
}

func TestCutAtEveryByteAPullGoesOn(t *testing.T) {
	repo := &hubtest.Repo{Name: repoName, Licence: "mit", Files: map[string][]byte{textName: noise(11, 300)}}
	data := repo.Files[textName]
	server := hubtest.New(repo)
	defer server.Close()
	b := newBench(t, server.URL)
	for at := range len(data) {
		server.OnLarge(raw(head("Content-Length: 300", `Etag: "`+hubtest.Sum(textName, data)[:32]+`"`) + string(data[:at])))
		c := b.hasty()
		c.limits.attempts = 1
		if _, err := pull(t.Context(), c, repoName); as(err) == nil || as(err).Kind != Network {
			t.Fatalf("cut at %d: %v", at, err)
		}
		server.Honest()
		m, err := pull(t.Context(), c, repoName)
		if err != nil {
			t.Fatalf("after a cut at %d: %v", at, err)
		}
		got, err := os.ReadFile(m.Text)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("after a cut at %d: %d bytes (%v)", at, len(got), err)
		}
		want := ""
		if at > 0 {
			want = fmt.Sprintf("bytes=%d-", at)
		}
		if seen := server.Seen(); seen[len(seen)-1].Header.Get("Range") != want {
			t.Fatalf("after a cut at %d it asked for %q", at, seen[len(seen)-1].Header.Get("Range"))
		}
		b.check()
		if err := os.RemoveAll(b.config.Cache); err != nil {
			t.Fatal(err)
		}
		c.http.CloseIdleConnections()
	}
}
