package packed_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/packed"
	"sotto/models/tensor"
)

// A checkpoint that was trained for Q4_0 and is published as bfloat16 gives what
// the Q4_0 file of the same model gives.
func TestACheckpointOnTheGridEqualsItsQ4File(t *testing.T) {
	config := gemma4test.TinyConfig()
	config.Text.PLEDim = 32 // so that every matrix has whole blocks
	file := gemma4test.Random(config, 7)
	embed := file.Text.Embed
	onTheGrid(t, file)
	published := copied(file)
	for _, n := range published.Multiplied() {
		if !n.Audio {
			*n.Matrix = stored(t, *n.Matrix, tensor.BF16)
		}
	}
	// Both read rows of one embedding: the file's codes are not bfloat16.
	file.Text.Embed, published.Text.Embed = embed, embed
	for _, m := range []*gemma4.Model{file, published} {
		inMemory(t, m)
		for _, n := range m.Multiplied() {
			if !n.Audio && n.Matrix.DType != tensor.Q4_0 {
				t.Errorf("%s is packed as %s, want Q4_0", n.Name, n.Matrix.DType)
			}
		}
	}
	if !slices.Equal(allLogits(t, published, 30), allLogits(t, file, 30)) {
		t.Error("other logits than the Q4_0 file")
	}
}

// onTheGrid makes the decoder Q4_0 with scales of bfloat16, as training for it
// leaves them, and one row of zeros in each matrix.
func onTheGrid(t *testing.T, m *gemma4.Model) {
	t.Helper()
	for _, n := range m.Multiplied() {
		if n.Audio {
			continue
		}
		*n.Matrix = stored(t, *n.Matrix, tensor.Q4_0)
		for at := 0; at < len(n.Matrix.Data); at += 18 {
			scale := n.Matrix.Data[at : at+2]
			le.PutUint16(scale, le.Uint16(scale)&^7) // a half of 7 bits
		}
		clear(n.Matrix.Data[:n.Matrix.RowBytes()])
	}
}

// A matrix that lies on the grid in the rows that are looked at, and not in one
// of the others, is stored as Q8_0, in memory and in the file.
func TestOneRowOffTheGridCostsItsMatrixTheGrid(t *testing.T) {
	for name, off := range map[string][]string{
		"one matrix":       {"decoder layer 1 gate"},
		"first and last":   {"decoder layer 0 q", "decoder layer 4 PLE projection"},
		"and the head":     {"head", "decoder layer 2 down"},
		"no matrix at all": nil,
	} {
		t.Run(name, func(t *testing.T) {
			open := func() *gemma4.Model { return offTheGrid(t, off) }
			before, memory := plain(t, open()), inMemory(t, open())
			for i, n := range memory.Multiplied() {
				want := tensor.Q4_0
				if slices.Contains(off, n.Name) {
					want = tensor.Q8_0
				}
				if n.Audio {
					continue
				}
				if n.Matrix.DType != want {
					t.Errorf("%s is packed as %s, want %s", n.Name, n.Matrix.DType, want)
				}
				if e := apart(valuesOf(n.Matrix), valuesOf(before.Multiplied()[i].Matrix)); e > 0.01 {
					t.Errorf("%s is off by %.3f", n.Name, e)
				}
			}
			dir, attached := t.TempDir(), open()
			last, all := int64(0), int64(0)
			err := packed.Write(t.Context(), open(), dir, func(done, total int64) {
				if done < last || total < all {
					t.Errorf("%d of %d bytes after %d of %d", done, total, last, all)
				}
				last, all = done, total
			})
			if err := errors.Join(err, packed.Options{}.Verify(t.Context(), attached, dir, nil), packed.Attach(attached, dir)); err != nil {
				t.Fatal(err)
			}
			if last != all {
				t.Errorf("progress ended at %d of %d bytes", last, all)
			}
			if got, want := filesIn(t, dir), (packed.Options{}).Path(open(), dir); !slices.Equal(got, []string{want}) {
				t.Errorf("the folder holds %q, want %q", got, want)
			}
			for i, n := range memory.Multiplied() {
				if got := attached.Multiplied()[i].Matrix; got.DType != n.Matrix.DType || !bytes.Equal(got.Data, n.Matrix.Data) {
					t.Errorf("%s is %s in the file and %s in memory, or other bytes", n.Name, got.DType, n.Matrix.DType)
				}
			}
		})
	}
}

// Whoever asks for Q4_0 gets it, under another name than the lossless file's.
func TestQ4ThatWasAskedForNeedsNoGrid(t *testing.T) {
	forced, dir := packed.Options{Text: tensor.Q4_0}, t.TempDir()
	m := offTheGrid(t, []string{"decoder layer 1 gate"})
	if a, b := forced.Path(m, dir), (packed.Options{}).Path(m, dir); a == b {
		t.Errorf("both are %s", a)
	}
	if err := errors.Join(forced.Write(t.Context(), m, dir, nil), forced.Attach(m, dir)); err != nil {
		t.Fatal(err)
	}
	if d := m.Text.Layers[1].Gate.DType; d != tensor.Q4_0 {
		t.Errorf("packed as %s", d)
	}
}

// offTheGrid is a model on the grid, published as bfloat16, but for one row in
// the named matrices: the second, which is not one of the 16 that are looked at.
func offTheGrid(t *testing.T, names []string) *gemma4.Model {
	t.Helper()
	config := gemma4test.TinyConfig()
	config.Text.PLEDim, config.Text.HiddenSize = 64, 64
	for i := range config.Text.Intermediate {
		config.Text.Intermediate[i] = 64
	}
	m := gemma4test.Random(config, 7)
	exact := copied(m)
	onTheGrid(t, m)
	for i, n := range m.Multiplied() {
		if n.Audio {
			continue
		}
		*n.Matrix = stored(t, *n.Matrix, tensor.BF16)
		if slices.Contains(names, n.Name) {
			if n.Matrix.Rows < 32 {
				t.Fatalf("%s has %d rows, all of which may be looked at", n.Name, n.Matrix.Rows)
			}
			size := n.Matrix.RowBytes()
			copy(n.Matrix.Data[size:2*size], stored(t, *exact.Multiplied()[i].Matrix, tensor.BF16).Data[size:2*size])
		}
	}
	return m
}
