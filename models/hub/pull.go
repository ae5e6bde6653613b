package hub

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Model is where a pulled model lies.
type Model struct {
	Repo, Commit string
	Paths        []string // of the files, in the order they were chosen
	Text         string   // of a GGUF pair; "" when there is none
	Projector    string   // "" when the repository has none
	Folder       string   // of a Hugging Face checkpoint; "" when it is none
}

// Pull brings what a name means into the cache, and returns where it is.
func (c *Client) Pull(ctx context.Context, s Spec) (Model, error) {
	if c.config.Offline {
		return Find(c.config, s)
	}
	r, err := c.describe(ctx, &s)
	if err != nil {
		return Model{}, err
	}
	chosen, err := s.choose(r.files)
	if err != nil {
		return Model{}, err
	}
	st, err := openStore(c.config.Cache, s.Repo)
	if err != nil {
		return Model{}, err
	}
	defer st.close()
	if err := c.announce(st, &s, r, chosen); err != nil {
		return Model{}, err
	}
	if err := c.enough(st, r.commit, chosen.files); err != nil {
		return Model{}, err
	}
	for _, f := range chosen.files {
		if err := c.fetch(ctx, st, &s, r.commit, f); err != nil {
			return Model{}, err
		}
	}
	if err := st.setRef(s.Revision, r.commit); err != nil {
		return Model{}, err
	}
	return located(c.config, &s, r.commit, chosen), nil
}

// announce says what was chosen, and under which licence.
func (c *Client) announce(st *store, s *Spec, r repository, chosen choice) error {
	head := fmt.Sprintf("%s at %.12s (%s)", s.Repo, r.commit, s.Revision)
	if s.card != nil && s.File == "" {
		head = fmt.Sprintf("%s is %s: %s", s.Name, s.card.what, head)
	}
	c.notice(head)
	if err := c.licence(st, r.licence); err != nil {
		return err
	}
	for _, f := range chosen.files {
		line := fmt.Sprintf("%s, %s", f.Name, bytesText(f.Size))
		switch f.Name {
		case chosen.text:
			line += ", the decoder"
		case chosen.projector:
			line += ", the audio half"
		}
		if st.have(r.commit, f) {
			line += ", is here already"
		}
		c.notice(line)
	}
	if chosen.text != "" && chosen.projector == "" {
		c.notice(s.Repo + " holds no mmproj file, without which the model does not hear; name one from elsewhere with --mmproj")
	}
	return nil
}

// licence shows a repository's licence when it was not shown before, or changed.
func (c *Client) licence(st *store, licence string) error {
	name := st.at(".licence-shown")
	if shown, err := st.root.ReadFile(name); err == nil && string(shown) == licence {
		return nil
	}
	c.notice("licence: " + licence)
	return st.replace(name, licence)
}

// enough refuses a pull that the disk has no room for.
func (c *Client) enough(st *store, commit string, files []File) error {
	var need int64
	for _, f := range files {
		if st.have(commit, f) {
			continue
		}
		need += f.Size
		if info, err := st.root.Lstat(st.blob(f) + incomplete); err == nil {
			need -= min(info.Size(), f.Size)
		}
	}
	free, err := c.space(st.dir)
	if err != nil {
		return storeFault("asking how much is free in "+st.dir, err)
	}
	if free >= 0 && need > free {
		return fault(Store, "needs %s in %s, where %s are free; free some space, or set HF_HUB_CACHE to another folder", bytesText(need), st.dir, bytesText(free))
	}
	return nil
}

// Find looks a name up in the cache, without the network.
func Find(config Config, s Spec) (Model, error) {
	st := &store{dir: config.Cache, folder: folderName(s.Repo)}
	commit := st.ref(s.Revision)
	snapshot := filepath.Join(config.Cache, st.folder, "snapshots", commit)
	if commit == "" {
		return Model{}, absent(&s, "not in the cache ("+config.Cache+")")
	}
	files, err := listSnapshot(snapshot)
	if err != nil {
		return Model{}, absent(&s, "not in the cache ("+config.Cache+")")
	}
	chosen, err := s.choose(files)
	if err != nil {
		return Model{}, absent(&s, "not whole in the cache ("+strings.TrimPrefix(err.Error(), "hub: ")+")")
	}
	return located(config, &s, commit, chosen), nil
}

func absent(s *Spec, why string) error {
	return fault(Offline, "%.100s is %s; get it with: sotto pull %.100s", s.Name, why, s.Name)
}

// listSnapshot returns the files of a snapshot whose bytes are there.
func listSnapshot(dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(name) // of the blob
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		inside, err := filepath.Rel(dir, name)
		files = append(files, File{Name: filepath.ToSlash(inside), Size: info.Size()})
		return err
	})
	return files, err
}

func located(config Config, s *Spec, commit string, chosen choice) Model {
	snapshot := filepath.Join(config.Cache, folderName(s.Repo), "snapshots", commit)
	in := func(name string) string {
		if name == "" {
			return ""
		}
		return filepath.Join(snapshot, filepath.FromSlash(name))
	}
	m := Model{Repo: s.Repo, Commit: commit, Text: in(chosen.text), Projector: in(chosen.projector)}
	for _, f := range chosen.files {
		m.Paths = append(m.Paths, in(f.Name))
	}
	if chosen.folder {
		m.Folder = snapshot
	}
	return m
}
