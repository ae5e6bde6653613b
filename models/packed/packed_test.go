package packed_test

import (
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/packed"
	"sotto/models/tensor"
)

func TestAttachedEqualsMemoryToTheBit(t *testing.T) {
	for name, open := range checkpoints(t) {
		t.Run(name, func(t *testing.T) {
			memory, writer, attached := inMemory(t, open(t)), open(t), open(t)
			dir := filepath.Join(t.TempDir(), "made", "anew")
			if err := packed.Attach(attached, dir); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("before Write: %v, want fs.ErrNotExist", err)
			}
			if err := packed.Write(t.Context(), writer, dir, rising(t, (packed.Options{}).Size(writer))); err != nil {
				t.Fatal(err)
			}
			if got := filesIn(t, dir); !slices.Equal(got, []string{(packed.Options{}).Path(attached, dir)}) {
				t.Errorf("the folder holds %q, want %q", got, (packed.Options{}).Path(attached, dir))
			}
			if err := packed.Attach(attached, dir); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(allLogits(t, attached, 20), allLogits(t, memory, 20)) {
				t.Error("other logits")
			}
			if !slices.Equal(soundTokens(t, attached, 9000), soundTokens(t, memory, 9000)) {
				t.Error("other sound tokens")
			}
			if err := attached.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// rising wants progress that rises to size, and is told at the end.
func rising(t *testing.T, size int64) packed.Progress {
	last := int64(0)
	t.Cleanup(func() {
		if last != size {
			t.Errorf("progress ended at %d of %d bytes", last, size)
		}
	})
	return func(done, total int64) {
		if done < last || total != size {
			t.Errorf("%d of %d bytes after %d, want %d in all", done, total, last, size)
		}
		last = done
	}
}

// Several programs may pack one model at the same time, and none takes what
// another writes for dead.
func TestWritersEndWithOneFile(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		m := gemma4test.Tiny(3)
		all.Go(func() {
			for range 20 {
				if err := packed.Write(t.Context(), m, dir, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := filesIn(t, dir); len(got) != 1 {
		t.Errorf("the folder holds %q", got)
	}
	if err := packed.Attach(gemma4test.Tiny(3), dir); err != nil {
		t.Error(err)
	}
}

// What a killed writer leaves is never taken for a model, and the next one
// removes it; what is no part of this model stays.
func TestAWriterThatWasKilledLeavesNoModel(t *testing.T) {
	dir, m := t.TempDir(), gemma4test.Tiny(4)
	if err := packed.Write(t.Context(), m, dir, nil); err != nil {
		t.Fatal(err)
	}
	path := (packed.Options{}).Path(m, dir)
	part := strings.TrimSuffix(path, "packed") + "123.part"
	if err := os.Rename(path, part); err != nil {
		t.Fatal(err)
	}
	if err := packed.Attach(m, dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with half a file: %v, want fs.ErrNotExist", err)
	}
	others := []string{filepath.Join(dir, "0123.4.part"), strings.TrimSuffix(path, "packed") + "notes"}
	for _, name := range others {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Write(t.Context(), m, dir, nil); err != nil {
		t.Error(err)
	}
	want := append(others, path)
	slices.Sort(want)
	if got := filesIn(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
	if err := packed.Attach(m, dir); err != nil {
		t.Error(err)
	}
}

func TestWriteNamesThePlaceThatIsNone(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := gemma4test.Tiny(5)
	if err := packed.Write(t.Context(), m, blocked, nil); err == nil || !strings.Contains(err.Error(), blocked) {
		t.Errorf("%v, want an error that names %s", err, blocked)
	}
	if err := os.Mkdir((packed.Options{}).Path(m, dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := packed.Write(t.Context(), m, dir, nil); err == nil {
		t.Error("a folder was written over")
	}
	if parts, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(parts) > 0 {
		t.Errorf("%q left behind", parts)
	}
}

// Damage that a download or a disk does to a checkpoint is named, in every type,
// by Memory and by Write, which leaves nothing behind.
func TestWeightsThatAreNoNumbersAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name  string
		audio bool
		to    tensor.DType
		bytes []byte // written over the end of the matrix, or of its last block's scale
		back  int
	}{
		{"head", false, tensor.F32, []byte{0, 0, 0xc0, 0x7f}, 4},
		{"decoder layer 2 down", false, tensor.F32, []byte{0, 0, 0x80, 0xff}, 4},
		{"decoder layer 0 q", false, tensor.Q4_0, []byte{0, 0x7e}, 18},
		{"decoder layer 1 gate", false, tensor.Q8_0, []byte{0, 0xfc}, 34},
		{"decoder layer 4 PLE projection", false, tensor.F32, []byte{0, 0, 0xc0, 0x7f}, 4},
		{"audio layer 1 post", true, tensor.F32, []byte{0, 0, 0xc0, 0x7f}, 4},
		{"audio layer 0 convolution end", true, tensor.BF16, []byte{0xc0, 0xff}, 2},
		{"audio output projection", true, tensor.F16, []byte{0, 0x7c}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			damaged := func() *gemma4.Model {
				m := gemma4test.Tiny(6)
				for _, n := range m.Multiplied() {
					if n.Name == c.name {
						*n.Matrix = stored(t, *n.Matrix, c.to)
						copy(n.Matrix.Data[len(n.Matrix.Data)-c.back:], c.bytes)
					}
				}
				return m
			}
			dir := t.TempDir()
			for how, err := range map[string]error{"Memory": packed.Memory(damaged()), "Write": packed.Write(t.Context(), damaged(), dir, nil)} {
				if !errors.Is(err, packed.ErrValue) || !strings.Contains(err.Error(), c.name) {
					t.Errorf("%s: %v, want an error of a value that names %q", how, err, c.name)
				}
			}
			if left := filesIn(t, dir); len(left) > 0 {
				t.Errorf("%q left behind", left)
			}
		})
	}
}

// Random weights that are near no grid keep 8 bits.
func TestOtherTypesBecomeQ8(t *testing.T) {
	for _, from := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		m := randomText(textShape(64, 3, 2, 32), 8, 1)
		store(t, m, false, from)
		before := plain(t, m)
		inMemory(t, m)
		for i, n := range m.Multiplied() {
			if !n.Audio && n.Matrix.DType != tensor.Q8_0 {
				t.Errorf("%s of %s is packed as %s, want Q8_0", n.Name, from, n.Matrix.DType)
			}
			if e := apart(valuesOf(n.Matrix), valuesOf(before.Multiplied()[i].Matrix)); e > 0.01 {
				t.Errorf("%s of %s is off by %.3f", n.Name, from, e)
			}
		}
	}
}

func valuesOf(m *tensor.Matrix) []float32 {
	values := make([]float32, m.Elements())
	for r := range m.Rows {
		m.Row(values[r*m.Cols:(r+1)*m.Cols], r)
	}
	return values
}

// Files of the K types mix them; all are packed, and what is computed is what
// the stored weights give.
func TestMixturesOfKTypesArePacked(t *testing.T) {
	for name, base := range map[string]tensor.DType{"Q4_K_M": tensor.Q4_K, "Q5_K_M": tensor.Q5_K} {
		t.Run(name, func(t *testing.T) {
			mixed := func() *gemma4.Model {
				m := randomText(textShape(256, 6, 2, 128), 9, 1.0/3)
				rng := rand.New(rand.NewPCG(9, 9))
				for _, n := range m.Multiplied() {
					if d := mixtureType(n, base); d != tensor.F32 {
						*n.Matrix = randomBlocks(rng, d, n.Matrix.Rows, n.Matrix.Cols)
					}
				}
				return m
			}
			want := allLogits(t, plain(t, mixed()), 12)
			got := allLogits(t, inMemory(t, mixed()), 12)
			if e := apart(got, want); !(e < 0.05) {
				t.Errorf("logits are off by %.3f of their spread", e)
			}
			dir, attached := t.TempDir(), mixed()
			if err := errors.Join(packed.Write(t.Context(), mixed(), dir, nil), packed.Attach(attached, dir)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(allLogits(t, attached, 12), got) {
				t.Error("other logits from the file than from memory")
			}
		})
	}
}

// mixtureType is the type that published mixtures give a matrix.
func mixtureType(n gemma4.NamedMatrix, base tensor.DType) tensor.DType {
	switch {
	case n.Audio || n.Matrix.Cols%256 != 0:
		return tensor.F32
	case n.Name == "head", strings.HasSuffix(n.Name, " v"), strings.HasSuffix(n.Name, "1 down"):
		return tensor.Q6_K
	}
	return base
}

// randomBlocks draws blocks of a K type whose values have mean 0 and keep the
// length of what they multiply.
func randomBlocks(rng *rand.Rand, d tensor.DType, rows, cols int) tensor.Matrix {
	m := tensor.Matrix{Rows: rows, Cols: cols, DType: d}
	m.Data = make([]byte, m.Size())
	for i := range m.Data {
		m.Data[i] = byte(rng.Uint32())
	}
	size, spread := d.BlockBytes(), 1/math.Sqrt(float64(cols))
	for at := 0; at < len(m.Data); at += size {
		block := m.Data[at : at+size]
		switch d {
		case tensor.Q6_K: // scale · int8 · (-32 to 31)
			putHalf(block[208:], spread/(18*74))
		case tensor.Q5_K: // scale · 0 to 63 · 0 to 31, less minimum · 0 to 63
			putHalf(block, spread/560)
			putHalf(block[2:], 15.5*spread/560)
		default:
			putHalf(block, spread/270)
			putHalf(block[2:], 7.5*spread/270)
		}
	}
	return m
}
