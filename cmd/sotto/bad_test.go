package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// files are a model or a recording on its way to being damaged, by name.
type files map[string][]byte

// patience is far more than refusing a file takes on a busy machine.
const patience = 30 * time.Second

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// pair is the embedded model as files.
func pair(t *testing.T) files {
	return files{"model.gguf": read(t, pocketDir+"pocket.gguf"), "mmproj.gguf": read(t, pocketDir+"pocket-mmproj.gguf")}
}

// folder is the toy checkpoint.
func folder(t *testing.T) files {
	t.Helper()
	all := files{}
	entries, err := os.ReadDir(toyDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all[e.Name()] = read(t, filepath.Join(toyDir, e.Name()))
	}
	return all
}

func (f files) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range f {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// callSoon is call for input that might make the program wait for ever.
func callSoon(t *testing.T, args ...string) result {
	t.Helper()
	done := make(chan result, 1)
	go func() { done <- call(t, args...) }()
	select {
	case r := <-done:
		return r
	case <-time.After(patience):
		t.Fatalf("still at it after %v", patience)
		return result{}
	}
}

// badModel is damage to a model that must be refused with a sentence that
// contains says.
type badModel struct {
	name, says string
	damage     func(files)
}

// refuse damages a copy of good for every case; open is the file of it that is
// named on the command line.
func refuse(t *testing.T, good func(*testing.T) files, open string, cases []badModel) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := good(t)
			c.damage(f)
			dir := f.write(t)
			r := callSoon(t, "models", "inspect", filepath.Join(dir, open))
			checkRefusal(t, r, exitModel, dir, c.says, "; ")
		})
	}
}

func TestBadPairsAreRefused(t *testing.T) { refuse(t, pair, "model.gguf", badPairs) }

func TestBadFoldersAreRefused(t *testing.T) { refuse(t, folder, ".", badFolders) }

// The ends are where a download may have stopped: in the header, the metadata,
// the tokens, the table of tensors and the weights.
func TestModelsCutShortAreRefused(t *testing.T) {
	cut := func(name string, at float64) badModel {
		return badModel{name, "", func(f files) { f[name] = f[name][:int(at*float64(len(f[name])))] }}
	}
	for _, at := range []float64{0, 0.000002, 0.00001, 0.0003, 0.001, 0.01, 0.03, 0.035, 0.2, 0.9, 0.999} {
		refuse(t, pair, "model.gguf", []badModel{cut("model.gguf", at), cut("mmproj.gguf", at)})
		refuse(t, folder, ".", []badModel{cut("model.safetensors", at), cut("config.json", at), cut("tokenizer.json", at)})
	}
}

func TestModelsOfTheWrongKindAreRefused(t *testing.T) {
	f := pair(t)
	maps.Copy(f, folder(t))
	f["picture.png"] = []byte("\x89PNG\r\n\x1a\n0000")
	f["empty.gguf"] = nil
	dir := f.write(t)
	bare := files{"notes.txt": []byte("no model here")}.write(t)
	both := files{"model.gguf": f["model.gguf"], "a-mmproj.gguf": nil, "b-mmproj.gguf": nil}.write(t)
	for name, c := range map[string]struct{ args, says string }{
		"a folder without config":    {bare, "config.json"},
		"a file that is no model":    {bare + "/notes.txt", "not a GGUF file"},
		"a picture":                  {dir + "/picture.png", "not a GGUF file"},
		"an empty file":              {dir + "/empty.gguf", "empty"},
		"the halves swapped":         {dir + "/mmproj.gguf --mmproj " + dir + "/model.gguf", "audio half"},
		"the mmproj alone":           {dir + "/mmproj.gguf", "audio half"},
		"the text twice":             {dir + "/model.gguf --mmproj " + dir + "/model.gguf", "mmproj"},
		"an mmproj of safetensors":   {dir + "/model.gguf --mmproj " + dir + "/model.safetensors", "not a GGUF file"},
		"a folder as mmproj":         {dir + "/model.gguf --mmproj " + dir, dir},
		"mmproj for a folder":        {dir + " --mmproj " + dir + "/mmproj.gguf", "mmproj"},
		"one file of a folder":       {dir + "/model.safetensors", "name its folder"},
		"a configuration":            {dir + "/config.json", "name its folder"},
		"two mmprojs to choose from": {both + "/model.gguf", "choose one with --mmproj"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"models", "inspect"}, strings.Fields(c.args)...)
			checkRefusal(t, callSoon(t, args...), exitModel, c.says, "; ")
			args = append([]string{"translate", "--to", "en", sentence, "--model"}, strings.Fields(c.args)...)
			checkRefusal(t, callSoon(t, args...), exitModel, c.says, "; ")
		})
	}
}

// Damage that a loader cannot see must still not end in a panic.
func TestDamagedWeightsNeverPanic(t *testing.T) {
	for _, fill := range []byte{0x00, 0x7f, 0xff} {
		f := folder(t)
		weights := f["model.safetensors"]
		for i := len(weights) - 60000; i < len(weights); i++ {
			weights[i] = fill
		}
		r := callSoon(t, "translate", "--model", f.write(t), "--to", "en", sentence)
		if !slices.Contains([]int{0, exitModel}, r.code) || strings.Count(r.stderr, "\n") > 1 {
			t.Errorf("filled with %#x: exit code %d, stderr %q", fill, r.code, r.stderr)
		}
	}
}
