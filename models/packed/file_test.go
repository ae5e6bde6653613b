package packed

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/tensor"
)

// written is a packed file, its model's plans and fingerprint.
type written struct {
	data  []byte
	print string
	all   []plan
}

func write1(t testing.TB, m *gemma4.Model) written {
	t.Helper()
	dir := t.TempDir()
	if err := Write(t.Context(), m, dir, nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(Options{}.Path(m, dir))
	if err != nil {
		t.Fatal(err)
	}
	all := Options{}.plans(m)
	return written{data, fingerprint(all), all}
}

// headerBytes is where the header ends.
func (w written) headerBytes() int { return 16 + int(binary.LittleEndian.Uint32(w.data[8:])) }

// edited returns the file with another header that is whole in itself.
func (w written) edited(t testing.TB, edit func(h *header)) []byte {
	t.Helper()
	var h header
	if err := json.Unmarshal(w.data[16:w.headerBytes()], &h); err != nil {
		t.Fatal(err)
	}
	edit(&h)
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	return w.headed(text)
}

func (w written) headed(text []byte) []byte {
	head := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(text)))
	head = append(binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(text)), text...)
	data := bytes.Clone(w.data)
	if n := copy(data, head); n < len(head) {
		return head
	}
	return data
}

func TestReadRefusesDamage(t *testing.T) {
	w := write1(t, gemma4test.Tiny(1))
	last := func(h *header) *entry { return &h.Matrices[len(h.Matrices)-1] }
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"nothing", "does not begin", nil},
		{"a beginning", "does not begin", w.data[:15]},
		{"another magic", "does not begin", append([]byte("GGUF\x03\x00\x00\x00"), w.data[8:]...)},
		{"the next version", magic, append([]byte("SOTTOPK3"), w.data[8:]...)},
		{"no header", "does not fit", w.data[:16]},
		{"half a header", "does not fit", w.data[:w.headerBytes()-1]},
		{"no panels", "not a place", w.data[:w.headerBytes()]},
		{"the header's room alone", "not a place", w.data[:maxHeader]},
		{"one page less", "not a place", w.data[:len(w.data)-align]},
		{"a header that is no JSON", "cannot be read", w.headed([]byte("{"))},
		{"a header of another kind", "cannot be read", w.headed([]byte(`{"Matrices":[{"Offset":"0"}]}`))},
		{"an offset of more than an integer", "cannot be read", w.headed([]byte(`{"Matrices":[{"Offset":1e30}]}`))},
		{"an empty header", "another checkpoint", w.headed([]byte("{}"))},
		{"a header of null", "another checkpoint", w.headed([]byte("null"))},
		{"another checkpoint", "another checkpoint", w.edited(t, func(h *header) { h.Fingerprint = strings.Repeat("0", 64) })},
		{"a matrix less", "another checkpoint", w.edited(t, func(h *header) { h.Matrices = h.Matrices[1:] })},
		{"a matrix more", "another checkpoint", w.edited(t, func(h *header) { h.Matrices = append(h.Matrices, h.Matrices[0]) })},
		{"another name", "matrix 1 is up", w.edited(t, func(h *header) { h.Matrices[1].Name = "up" })},
		{"another type", "matrix 0 is", w.edited(t, func(h *header) { h.Matrices[0].Type = "Q2_K" })},
		{"a type for which there was no choice", "matrix 0 is", w.edited(t, func(h *header) { h.Matrices[0].Type = "Q4_0" })},
		{"other rows", "matrix 0 is", w.edited(t, func(h *header) { h.Matrices[0].Rows++ })},
		{"other columns", "matrix 0 is", w.edited(t, func(h *header) { h.Matrices[0].Cols = -1 })},
		{"an offset before the file", "lies at -4096", w.edited(t, func(h *header) { h.Matrices[0].Offset = -4096 })},
		{"the least offset", "lies at -9223372036854775808", w.edited(t, func(h *header) { h.Matrices[0].Offset = math.MinInt64 })},
		{"the largest offset", "lies at 9223372036854771712", w.edited(t, func(h *header) { h.Matrices[0].Offset = math.MaxInt64 / align * align })},
		{"an offset between pages", "not a place", w.edited(t, func(h *header) { last(h).Offset -= 64 })},
		{"an offset in the header", "not a place", w.edited(t, func(h *header) { h.Matrices[2].Offset = 0 })},
		{"an offset at the end", "not a place", w.edited(t, func(h *header) { last(h).Offset = int64(len(w.data)) })},
		{"an offset whose matrix ends behind the file", "not a place", w.edited(t, func(h *header) {
			for i := range h.Matrices {
				h.Matrices[i].Offset = int64(len(w.data)) - align
			}
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := read(c.data, w.print, w.all); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q in it", err, c.says)
			}
		})
	}
	if _, err := read(w.data, w.print, w.all); err != nil {
		t.Errorf("the file itself: %v", err)
	}
}

// Any bit of any byte of the header.
func TestNoByteOfTheHeaderMayChange(t *testing.T) {
	w := write1(t, gemma4test.Tiny(1))
	for i := range w.headerBytes() {
		for _, bit := range []byte{1 << (i % 8), 0xff} {
			w.data[i] ^= bit
			if _, err := read(w.data, w.print, w.all); err == nil {
				t.Errorf("byte %d of %d changed by %#x: no error", i, w.headerBytes(), bit)
			}
			w.data[i] ^= bit
		}
	}
}

// Damage is told from a file that is not there, names the file and leaves the
// model as it was; the next Write writes it anew.
func TestDamageIsTold(t *testing.T) {
	m, dir := gemma4test.Tiny(1), t.TempDir()
	other := write1(t, gemma4test.Tiny(2))
	path := Options{}.Path(m, dir)
	for name, data := range map[string][]byte{"empty": nil, "of another checkpoint": other.data, "cut": other.data[:5000]} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for how, err := range map[string]error{"Attach": Attach(m, dir), "Verify": Options{}.Verify(t.Context(), m, dir, nil)} {
			if !errors.Is(err, ErrDamaged) || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, %s: %v, want one of damage that names %s", name, how, err, path)
			}
		}
	}
	if m.Text.Layers[0].Q.Packed {
		t.Error("a refused file changed the model")
	}
	if err := errors.Join(Write(t.Context(), m, dir, nil), Attach(gemma4test.Tiny(1), dir)); err != nil {
		t.Errorf("written anew: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Attach(m, dir); err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrDamaged) {
		t.Errorf("a folder: %v", err)
	}
}

// The fingerprint is of everything that a packed file depends on.
func TestTheFingerprintKnowsEveryMatrix(t *testing.T) {
	m := gemma4test.Tiny(1)
	all := Options{}.plans(m)
	seen := map[string]string{fingerprint(all): "the model"}
	check := func(what string) {
		t.Helper()
		print := fingerprint(all)
		if before := seen[print]; before != "" {
			t.Errorf("%s has the fingerprint of %s", what, before)
		}
		seen[print] = what
	}
	for i := range all {
		p := &all[i]
		saved, to := *p.Matrix, p.to
		for name, change := range map[string]func(x *tensor.Matrix){
			"first byte":  func(x *tensor.Matrix) { x.Data[0] ^= 1 },
			"middle byte": func(x *tensor.Matrix) { x.Data[len(x.Data)/2] ^= 1 },
			"last byte":   func(x *tensor.Matrix) { x.Data[len(x.Data)-1] ^= 1 },
			"type":        func(x *tensor.Matrix) { x.DType = tensor.BF16 },
			"rows":        func(x *tensor.Matrix) { x.Rows++ },
			"columns":     func(x *tensor.Matrix) { x.Cols-- },
			"packed type": func(*tensor.Matrix) { p.to = tensor.IQ4_XS },
			"choice":      func(*tensor.Matrix) { p.ifOnGrid = true },
		} {
			p.Matrix.Data = bytes.Clone(saved.Data)
			change(p.Matrix)
			check(p.Name + ": " + name)
			*p.Matrix, p.to, p.ifOnGrid = saved, to, false
		}
		if p.Name += "x"; i > 0 {
			check(p.Name)
		}
		p.Name = strings.TrimSuffix(p.Name, "x")
	}
	if fingerprint(all) != fingerprint(Options{}.plans(gemma4test.Tiny(1))) {
		t.Error("the same checkpoint has two fingerprints")
	}
}

func TestEveryMatrixGetsItsType(t *testing.T) {
	of := func(d tensor.DType, cols int) *tensor.Matrix {
		m := &tensor.Matrix{Rows: 3, Cols: cols, DType: d}
		m.Data = bytes.Repeat([]byte{0x11, 0x2c, 0x35, 0x3a, 0x47, 0x2e, 0x19}, m.Size()/7+1)[:m.Size()]
		return m
	}
	for _, d := range tensor.Types() {
		text, wide, small := tensor.Q8_0, tensor.F16, tensor.F32
		switch d {
		case tensor.Q4_0:
			text = tensor.Q4_0
		case tensor.BF16, tensor.F16:
			wide, small = d, d
		}
		if got, ifOnGrid := (Options{}).textType(of(d, 256)); got != text || ifOnGrid {
			t.Errorf("a decoder's %s is packed as %s, want %s", d, got, text)
		}
		if got := audioType(of(d, 256), smallTower+1); got != wide {
			t.Errorf("a large tower's %s is packed as %s, want %s", d, got, wide)
		}
		if got := audioType(of(d, 256), smallTower); got != small {
			t.Errorf("a small tower's %s is packed as %s, want %s", d, got, small)
		}
	}
	if got, _ := (Options{}).textType(of(tensor.F32, 40)); got != tensor.F32 {
		t.Errorf("rows of 40 are packed as %s, want F32", got)
	}
	zeros := &tensor.Matrix{Rows: 3, Cols: 64, DType: tensor.BF16, Data: make([]byte, 3*128)}
	if got, _ := (Options{}).textType(zeros); got != tensor.Q8_0 {
		t.Errorf("zeros are packed as %s, want Q8_0: they are no grid", got)
	}
}

// Whatever the bytes, read gives an error or matrices of the wanted sizes.
func FuzzRead(f *testing.F) {
	w := write1(f, gemma4test.Tiny(1))
	text := w.data[16:w.headerBytes()]
	f.Add(w.data[:w.headerBytes()], false)
	f.Add(text, true)
	f.Add([]byte("{}"), true)
	f.Add(bytes.Replace(text, []byte(`"Offset":1048576`), []byte(`"Offset":-4096`), 1), true)
	room := bytes.Clone(w.data)
	f.Fuzz(func(t *testing.T, begin []byte, whole bool) {
		data := append(room[:0], w.data...)
		if whole {
			data = w.headed(begin)
		} else {
			copy(data, begin)
		}
		matrices, err := read(data, w.print, w.all)
		if err != nil {
			return
		}
		for i, m := range matrices {
			if want := w.all[i].planned(); len(m.Data) != want.Size() || m.Rows != want.Rows || m.Cols != want.Cols {
				t.Fatalf("%s: [%d, %d] in %d bytes", w.all[i].Name, m.Rows, m.Cols, len(m.Data))
			}
		}
	})
}
