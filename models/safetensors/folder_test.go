package safetensors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder writes files into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func shard(name string) string { return string(file(`{"`+name+`":`+f32x2+`}`, 8)) }

const a, b = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"

func TestShardsAreOneFile(t *testing.T) {
	dir := folder(t, map[string]string{
		a: shard("x"), b: shard("y"),
		indexFile: `{"metadata":{"total_size":16},"weight_map":{"x":"` + a + `","y":"` + b + `"}}`,
	})
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, x := f.Tensor("x")
	_, y := f.Tensor("y")
	if !x || !y || len(f.Tensors()) != 2 {
		t.Error(x, y, f.Tensors())
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadFoldersGetTheirSentence(t *testing.T) {
	index := func(weightMap string) string { return `{"weight_map":{` + weightMap + `}}` }
	cases := []struct {
		name, want string
		files      map[string]string
	}{
		{"nothing there", "holds neither model.safetensors nor model.safetensors.index.json", nil},
		{"a pickle", "holds pytorch_model.bin, a format that can carry code and is never loaded", map[string]string{"pytorch_model.bin": "x"}},
		{"missing shard", `shard "` + b + `" is missing; model.safetensors.index.json lists 1 tensors in it`,
			map[string]string{a: shard("x"), indexFile: index(`"x":"` + a + `","y":"` + b + `"`)}},
		{"tensor not in its shard", `tensor "y" is not there, though model.safetensors.index.json says so`,
			map[string]string{a: shard("x"), indexFile: index(`"x":"` + a + `","y":"` + a + `"`)}},
		{"tensor in two shards", `tensor "x" is in another shard as well`,
			map[string]string{a: shard("x"), b: string(file(`{"x":`+f32x2+`,"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, 12)), indexFile: index(`"x":"` + a + `","y":"` + b + `"`)}},
		{"path out of the folder", `tensor "x": shard name "../x.safetensors" is not allowed`, map[string]string{indexFile: index(`"x":"../x.safetensors"`)}},
		{"absolute path", `shard name "/etc/x.safetensors" is not allowed`, map[string]string{indexFile: index(`"x":"/etc/x.safetensors"`)}},
		{"backslash", `is not allowed`, map[string]string{indexFile: index(`"x":"..\\x.safetensors"`)}},
		{"another format", `shard name "x.bin" is not allowed`, map[string]string{indexFile: index(`"x":"x.bin"`)}},
		{"index is no JSON", "not readable JSON", map[string]string{indexFile: "{"}},
		{"index without a map", `no "weight_map" of tensors to shards`, map[string]string{indexFile: "{}"}},
		{"shard is cut", "is the file complete?", map[string]string{a: shard("x")[:60], indexFile: index(`"x":"` + a + `"`)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t, c.files)
			f, err := OpenFolder(dir)
			if err == nil {
				t.Fatalf("accepted: %v", f)
			}
			if !strings.HasPrefix(err.Error(), "safetensors: "+dir) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := OpenFolder(filepath.Join(t.TempDir(), "gone")); err == nil || !strings.HasSuffix(err.Error(), "no such folder") {
		t.Errorf("gone: %v", err)
	}
}
