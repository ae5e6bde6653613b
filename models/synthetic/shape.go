package synthetic

import (
	"fmt"
	"strings"

	"sotto/models/gemma4"
)

// Shape is the sizes of one model.
type Shape struct {
	Name   string        // as ByName takes it, and in the names of files
	Title  string        // for people
	Config gemma4.Config // Profile is not used
}

// Shapes returns what can be written: e4b, e2b, and tiny for tests.
func Shapes() []Shape { return []Shape{e4b(), e2b(), tiny()} }

// ByName returns a shape.
func ByName(name string) (Shape, error) {
	var names []string
	for _, s := range Shapes() {
		if s.Name == strings.ToLower(name) {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Shape{}, fmt.Errorf("synthetic: no shape is called %.40q; there are %s", name, strings.Join(names, ", "))
}

// audioSizes is the audio tower of E4B and E2B.
func audioSizes() gemma4.AudioConfig {
	return gemma4.AudioConfig{
		MelBins: 128, HiddenSize: 1024, Layers: 12, Heads: 8, ConvChannels: [2]int{128, 32}, ConvKernelSize: 5,
		ChunkSize: 12, ContextLeft: 13, AttentionLogitCap: 50, ResidualWeight: 0.5, GradientClipping: 1e10,
		UseClippedLinears: true, RMSNormEps: 1e-6, OutputDims: 1536,
	}
}

// decoderSizes is what E4B and E2B share.
func decoderSizes() gemma4.TextConfig {
	return gemma4.TextConfig{
		Heads: 8, HeadDim: [2]int{256, 512}, SlidingWindow: 512, PLEDim: 256,
		VocabSize: 262144, PLEVocabSize: 262144, MaxPositions: 131072,
		RopeTheta: [2]float64{1e4, 1e6}, PartialRotary: [2]float64{1, 0.25}, FinalLogitSoftcap: 30, RMSNormEps: 1e-6,
	}
}

func e4b() Shape {
	t := decoderSizes()
	t.HiddenSize, t.KVHeads, t.KVSharedLayers = 2560, [2]int{2, 2}, 18
	t.LayerTypes = pattern(42, 6)
	t.Intermediate = widths(42, 10240, 0)
	return newShape("e4b", "E4B", audioSizes(), t)
}

func e2b() Shape {
	t := decoderSizes()
	t.HiddenSize, t.KVHeads, t.KVSharedLayers = 1536, [2]int{1, 1}, 20
	t.LayerTypes = pattern(35, 5)
	t.Intermediate = widths(35, 6144, 20)
	return newShape("e2b", "E2B", audioSizes(), t)
}

// tiny has every part that the others have, twice as wide layers included, in
// a few megabytes.
func tiny() Shape {
	a, t := audioSizes(), decoderSizes()
	a.HiddenSize, a.Layers, a.Heads, a.ConvChannels[1], a.OutputDims = 64, 2, 2, 2, 96
	t.HiddenSize, t.Heads, t.KVHeads, t.HeadDim, t.KVSharedLayers = 256, 4, [2]int{2, 2}, [2]int{32, 64}, 3
	t.SlidingWindow, t.PLEDim, t.VocabSize, t.PLEVocabSize, t.MaxPositions = 16, 32, tinyVocabulary, tinyVocabulary, 4096
	t.LayerTypes = pattern(6, 3)
	t.Intermediate = widths(6, 256, 3)
	return newShape("tiny", "a tiny Gemma 4", a, t)
}

func newShape(name, title string, a gemma4.AudioConfig, t gemma4.TextConfig) Shape {
	return Shape{Name: name, Title: title, Config: gemma4.Config{Audio: a, Text: t, Tokens: layoutOf(t.VocabSize).tokens()}}
}

// pattern makes every period-th layer a full one.
func pattern(layers, period int) []gemma4.LayerType {
	types := make([]gemma4.LayerType, layers)
	for l := period - 1; l < layers; l += period {
		types[l] = gemma4.Full
	}
	return types
}

// widths makes the last so many layers twice as wide.
func widths(layers, width, doubled int) []int {
	all := make([]int, layers)
	for l := range all {
		all[l] = width
		if l >= layers-doubled {
			all[l] = 2 * width
		}
	}
	return all
}
