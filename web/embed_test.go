package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

var references = regexp.MustCompile(`(?:src|href)="([^"]+)"|(?:from|addModule\()\s*'([^']+)'`)

func TestThePageRefersToFilesOfItsOwn(t *testing.T) {
	assets := Assets()
	seen := map[string]bool{"index.html": true}
	err := fs.WalkDir(assets, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, m := range references.FindAllStringSubmatch(read(t, assets, name), -1) {
			to := path.Join(path.Dir(name), m[1]+m[2])
			if _, err := fs.Stat(assets, to); err != nil {
				t.Errorf("%s refers to %s: %v", name, m[1]+m[2], err)
			}
			seen[to] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := fs.ReadDir(assets, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !seen[e.Name()] {
			t.Errorf("nothing refers to %s", e.Name())
		}
	}
}

// The server's Content-Security-Policy allows files of our own only.
func TestThePageHasNothingInline(t *testing.T) {
	page := read(t, Assets(), "index.html")
	for _, inline := range []string{`<script>`, `<style`, ` style=`, `javascript:`, `://`} {
		if strings.Contains(page, inline) {
			t.Errorf("index.html has %s", inline)
		}
	}
	if m := regexp.MustCompile(` on[a-z]+=`).FindString(page); m != "" {
		t.Errorf("index.html has%s", m)
	}
}

func read(t *testing.T, assets fs.FS, name string) string {
	t.Helper()
	data, err := fs.ReadFile(assets, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
