package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// part is a module that is in the program, or Go's own library.
type part struct {
	path    string
	version string
	folder  string          // where its source lies
	needs   map[string]bool // paths of the parts whose packages it imports
}

// The paths of our own module and of Go's library in a list of parts.
const ours, goLibrary = "sotto", "std"

// listed is what the Go tool tells of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Module     *struct {
		Path, Version, Dir string
		Replace            *struct{}
	}
}

// partsOf returns what the program consists of on a platform, ours first, then by
// path. The Go tool knows from what it has here; it asks nobody.
func partsOf(system, processor string) ([]*part, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module", "./cmd/sotto")
	cmd.Env = append(environment(system, processor), "GOPROXY=off")
	var told strings.Builder
	cmd.Stderr = &told
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w %s", strings.Join(cmd.Args, " "), err, told.String())
	}
	goRoot, err := output("go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	return group(json.NewDecoder(bytes.NewReader(said)), strings.TrimSpace(goRoot))
}

// group makes parts of packages. goRoot is where Go lies.
func group(packages *json.Decoder, goRoot string) ([]*part, error) {
	byPath, owner := make(map[string]*part), make(map[string]*part)
	var all []listed
	for {
		var l listed
		err := packages.Decode(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		p, err := l.part(goRoot)
		if err != nil {
			return nil, err
		}
		if byPath[p.path] == nil {
			byPath[p.path] = p
		}
		owner[l.ImportPath] = byPath[p.path]
		all = append(all, l)
	}
	for _, l := range all {
		from := owner[l.ImportPath]
		for _, name := range l.Imports {
			if to := owner[name]; to != nil && to != from {
				from.needs[to.path] = true
			}
		}
	}
	return sorted(byPath), nil
}

func (l *listed) part(goRoot string) (*part, error) {
	p := &part{path: goLibrary, version: runtime.Version(), folder: goRoot, needs: make(map[string]bool)}
	if m := l.Module; m != nil {
		if m.Replace != nil {
			return nil, fmt.Errorf("module %s is replaced, and what it is then cannot be said; release without replace", m.Path)
		}
		p.path, p.version, p.folder = m.Path, m.Version, m.Dir
	}
	return p, nil
}

func sorted(byPath map[string]*part) (all []*part) {
	for _, p := range byPath {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *part) int {
		switch {
		case a.path == ours:
			return -1
		case b.path == ours:
			return 1
		}
		return strings.Compare(a.path, b.path)
	})
	return all
}

// Names of files with licences and what has to go with them.
var licenceFile = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying|notice|patents)([.-].*)?$`)

// licencesOf is the text that the licences of the parts ask to be handed out with
// the program.
func licencesOf(parts []*part) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range parts[1:] { // ours is a file of its own
		names, err := os.ReadDir(p.folder)
		if err != nil {
			return nil, err
		}
		found := false
		for _, name := range names {
			if !licenceFile.MatchString(name.Name()) || name.IsDir() {
				continue
			}
			text, err := os.ReadFile(filepath.Join(p.folder, name.Name()))
			if err != nil {
				return nil, err
			}
			found = true
			fmt.Fprintf(&b, "==== %s %s: %s\n\n%s\n", p.path, p.version, name.Name(), bytes.TrimSpace(text))
		}
		if !found {
			return nil, fmt.Errorf("module %s has no file with its licence in %s", p.path, p.folder)
		}
	}
	return b.Bytes(), nil
}
