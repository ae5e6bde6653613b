package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sotto/decoder/policy"
	"sotto/models/gemma4"
	"sotto/models/pocket"
)

// policyTable returns what is known of a model's attention and certainty: of the
// embedded model what it was embedded with, else the file beside the checkpoint,
// else the published heads of E4B for a model of its shape. A model of which
// nothing is known gets a zero table: its drafts have to agree.
func policyTable(name string, m *gemma4.Model) (policy.Table, error) {
	if name == "pocket" {
		return policy.ReadTable(bytes.NewReader(pocket.Policy))
	}
	path := policyPath(m)
	f, err := os.Open(path)
	switch {
	case err == nil:
		defer f.Close()
		t, err := policy.ReadTable(f)
		if err != nil {
			return t, fmt.Errorf("%s: %w", path, err)
		}
		return t, nil
	case !errors.Is(err, fs.ErrNotExist):
		return policy.Table{}, fmt.Errorf("cannot read %s: %w", path, bare(err))
	}
	if t := &m.Config.Text; t.Layers() == 42 && t.Heads == 8 {
		return policy.E4B(), nil
	}
	return policy.Table{}, nil
}

// policyPath is policy.json in a checkpoint's folder, or NAME.policy.json beside
// a NAME.gguf.
func policyPath(m *gemma4.Model) string {
	path := m.Source.Paths[0]
	if strings.HasSuffix(path, ".gguf") {
		return strings.TrimSuffix(path, ".gguf") + ".policy.json"
	}
	return filepath.Join(path, "policy.json")
}
