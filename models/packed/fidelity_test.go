package packed_test

import (
	"testing"

	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/pocket"
	"sotto/models/tensor"
)

// A decoder in integers against the reference on the same, dequantised weights.
//
// Inputs are rounded to 127 steps of the largest of 32, which is 0.5 % of every
// product, and the products of a network follow each other: the error of its
// logits is several times that, with trained weights (pocket) as with random
// ones. What the quantised weights do to the logits is the yardstick: of Q4_0 it
// is ten times as much and more, of Q8_0, which rounds as finely as the inputs
// are rounded, as much. Halves for keys and values do next to nothing.
func TestLogitsAreNearTheReferenceOnTheSameWeights(t *testing.T) {
	for _, c := range []struct {
		name   string
		config gemma4.Config
		share  float32
		seeds  uint64
		limit  float64 // of the fast path, of the spread of the logits
	}{
		{"6 layers of 256, large branches", textShape(256, 6, 4, 32), 1, 2, 0.05},
		{"6 layers of 256", textShape(256, 6, 4, 32), 1.0 / 3, 2, 0.025},
		{"8 layers of 384", textShape(384, 8, 4, 64), 1.0 / 3, 1, 0.035},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range c.seeds {
				exact := randomText(c.config, seed, c.share)
				base := allLogits(t, exact, 16)
				for d, share := range map[tensor.DType]float64{tensor.Q4_0: 1.0 / 8, tensor.Q8_0: 1.6} {
					m := copied(exact)
					store(t, m, false, d)
					m = inMemory(t, m)
					want := allLogits(t, plain(t, m), 16)
					fast, weights := apart(allLogits(t, m, 16), want), apart(want, base)
					t.Logf("seed %d, %s: inputs in integers %.4f, quantised weights %.4f", seed, d, fast, weights)
					if fast > c.limit || fast > share*weights {
						t.Errorf("%s: logits are off by %.4f of their spread, want at most %.4f and %.3f times the %.4f of the weights", d, fast, c.limit, share, weights)
					}
				}
			}
		})
	}
}

// Packed as floats, a decoder has halves for keys and values as its only loss.
func TestHalvesForKeysAndValuesCostLittle(t *testing.T) {
	for seed := range uint64(2) {
		m := randomText(textShape(256, 6, 4, 32), seed, 1)
		want := allLogits(t, m, 40)
		for _, n := range m.Multiplied() {
			packed, err := tensor.Pack(*n.Matrix, tensor.F32)
			if err != nil {
				t.Fatal(err)
			}
			*n.Matrix = packed
		}
		e := apart(allLogits(t, m, 40), want)
		if t.Logf("seed %d: %.5f", seed, e); e > 0.002 {
			t.Errorf("seed %d: logits are off by %.5f of their spread, want at most 0.002", seed, e)
		}
	}
}

// The trained model: the same yardstick, and what it would say.
func TestPocketSaysTheSameInIntegers(t *testing.T) {
	reference, err := pocket.Reference()
	if err != nil {
		t.Fatal(err)
	}
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	const n = 60
	want, got := allLogits(t, reference, n), allLogits(t, m, n)
	same, vocab := 0, len(want)/n
	for i := 0; i < len(want); i += vocab {
		if largest(got[i:i+vocab]) == largest(want[i:i+vocab]) {
			same++
		}
	}
	e := apart(got, want)
	if t.Logf("off by %.4f, %d of %d most likely ids are the same", e, same, n); e > 0.04 || same < n-4 {
		t.Errorf("logits are off by %.4f of their spread and %d of %d most likely ids are others, want at most 0.04 and 4", e, n-same, n)
	}
}

func largest(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// The audio tower is multiplied in float32: all 12 layers, in the types in which
// checkpoints are published.
func TestSoundTokensAreNearTheReference(t *testing.T) {
	c := gemma4test.TinyConfig()
	c.Audio.HiddenSize, c.Audio.Layers, c.Audio.Heads, c.Audio.ConvChannels[1], c.Audio.OutputDims = 128, 12, 4, 16, 192
	for _, d := range []tensor.DType{tensor.BF16, tensor.F16} {
		for seed := range uint64(2) {
			m := gemma4test.Random(c, seed)
			store(t, m, true, d)
			want := soundTokens(t, plain(t, m), 40*640)
			e := apart(soundTokens(t, inMemory(t, m), 40*640), want)
			if t.Logf("%s, seed %d: %.2g", d, seed, e); !(e <= 1e-3) {
				t.Errorf("%s, seed %d: sound tokens are off by %.2g, want at most 1e-3", d, seed, e)
			}
		}
	}
}
