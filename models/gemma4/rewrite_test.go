package gemma4_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sotto/models/gguf"
)

const testdata = "gemma4test/testdata/"

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(testdata + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// copyFolder returns a copy of the toy checkpoint to damage.
func copyFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testdata+"folder")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// editJSON changes one JSON file of a folder.
func editJSON(t testing.TB, path string, edit func(o map[string]any)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	edit(o)
	if data, err = json.Marshal(o); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// entry is one tensor of a checkpoint while it is rewritten, dimensions
// outermost first.
type entry struct {
	Name  string
	Type  string
	Shape []int
	Data  []byte
}

// editWeights rewrites the folder's tensors.
func editWeights(t testing.TB, dir string, edit func([]entry) []entry) {
	t.Helper()
	path := filepath.Join(dir, "model.safetensors")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(data[8:8+size], &raw); err != nil {
		t.Fatal(err)
	}
	delete(raw, "__metadata__")
	rest, _ := json.Marshal(raw)
	if err := json.Unmarshal(rest, &header); err != nil {
		t.Fatal(err)
	}
	var entries []entry
	for name, h := range header {
		entries = append(entries, entry{name, h.DType, h.Shape, data[8+size:][h.Offsets[0]:h.Offsets[1]]})
	}
	if err := os.WriteFile(path, safetensorsOf(edit(entries)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func safetensorsOf(entries []entry) []byte {
	header, at := map[string]any{}, 0
	var body []byte
	for _, e := range entries {
		header[e.Name] = map[string]any{"dtype": e.Type, "shape": append([]int{}, e.Shape...), "data_offsets": []int{at, at + len(e.Data)}}
		at += len(e.Data)
		body = append(body, e.Data...)
	}
	text, _ := json.Marshal(header)
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text, body)
}

// typeCodes are GGUF's numbers of tensor types.
var typeCodes = map[string]uint32{"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 8, "BF16": 30}

// editGGUF rewrites the tensors of a GGUF file behind its metadata.
func editGGUF(t testing.TB, data []byte, edit func([]entry) []entry) []byte {
	t.Helper()
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var entries []entry
	for _, x := range f.Tensors() {
		entries = append(entries, entry{x.Name, x.Type, x.Shape, x.Data})
	}
	first := bytes.Index(data, sized(entries[0].Name))
	entries = edit(entries)
	out := slices.Clone(data[:first])
	binary.LittleEndian.PutUint64(out[8:], uint64(len(entries)))
	offset := 0
	for _, e := range entries {
		out = append(out, sized(e.Name)...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(e.Shape)))
		for _, d := range slices.Backward(e.Shape) {
			out = binary.LittleEndian.AppendUint64(out, uint64(d))
		}
		out = binary.LittleEndian.AppendUint32(out, typeCodes[e.Type])
		out = binary.LittleEndian.AppendUint64(out, uint64(offset))
		offset += (len(e.Data) + 31) / 32 * 32
	}
	for _, e := range entries {
		out = append(out, make([]byte, (32-len(out)%32)%32)...)
		out = append(out, e.Data...)
	}
	return append(out, make([]byte, (32-len(out)%32)%32)...)
}

func sized(text string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
}

// without drops the tensors that bad tells.
func without(bad func(name string) bool) func([]entry) []entry {
	return func(all []entry) []entry {
		return slices.DeleteFunc(slices.Clone(all), func(e entry) bool { return bad(e.Name) })
	}
}

func named(name string) func(string) bool { return func(n string) bool { return n == name } }

// with adds an F32 tensor of zeros.
func with(name string, shape ...int) func([]entry) []entry {
	return func(all []entry) []entry {
		n := 4
		for _, d := range shape {
			n *= d
		}
		return append(slices.Clone(all), entry{name, "F32", shape, make([]byte, n)})
	}
}

// change edits one tensor.
func change(name string, f func(e *entry)) func([]entry) []entry {
	return func(all []entry) []entry {
		all = slices.Clone(all)
		for i := range all {
			if all[i].Name == name {
				f(&all[i])
			}
		}
		return all
	}
}
