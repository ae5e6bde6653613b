package gemma4

import (
	"slices"
	"strings"

	"sotto/models/gguf"
	"sotto/models/tensor"
)

// readTextKeys reads the sizes of the decoder and the profile from the text
// file of a pair.
func readTextKeys(k keys, c *Config) {
	const p = "gemma4."
	t := &c.Text
	if n, ok := k.gguf.Uint(p + "expert_count"); ok && n > 0 {
		k.fail(p+"expert_count", " is %d, and mixtures of experts are not implemented", n)
	}
	layers := k.whole(p+"block_count", 1, maxLayers)
	t.HiddenSize = k.whole(p+"embedding_length", 1, maxWidth)
	t.Intermediate = k.perLayer(p+"feed_forward_length", layers, 1, maxWidth)
	t.KVSharedLayers = k.wholeOr(p+"attention.shared_kv_layers", 0, maxLayers, 0)
	t.SlidingWindow = k.whole(p+"attention.sliding_window", 1, maxPositions)
	t.PLEDim = k.whole(p+"embedding_length_per_layer_input", 1, maxWidth)
	t.MaxPositions = k.whole(p+"context_length", 1, maxPositions)
	t.RMSNormEps = float32(k.number(p + "attention.layer_norm_rms_epsilon"))
	if k.gguf.Has(p + "final_logit_softcapping") {
		t.FinalLogitSoftcap = float32(k.number(p + "final_logit_softcapping"))
	}
	t.LayerTypes = readPattern(k, layers)
	readHeadKeys(k, t)
	readRopeKeys(k, t)
	t.VocabSize = rows(k.tensor("token_embd.weight").Shape)
	t.PLEVocabSize = rows(k.tensor("per_layer_token_embd.weight").Shape)
	c.Profile = Profile{
		Description: k.text("sotto.description"),
		Transcribe:  k.text("sotto.instruction.transcribe"), Translate: k.text("sotto.instruction.translate"),
		Sources: k.texts("sotto.languages.source"), Targets: k.texts("sotto.languages.target"),
	}
}

// readPattern reads which layers slide: a bool for each, or a period n of
// which every n-th layer is full.
func readPattern(k keys, layers int) []LayerType {
	const key = "gemma4.attention.sliding_window_pattern"
	types := make([]LayerType, layers)
	slides, ok := k.gguf.Bools(key)
	if !ok {
		period := k.whole(key, 1, maxLayers)
		for l := range types {
			if period > 0 && (l+1)%period == 0 {
				types[l] = Full
			}
		}
		return types
	}
	if len(slides) != layers {
		k.fail(key, " has %d values, want %d, one for each layer", len(slides), layers)
		return types
	}
	for l, s := range slides {
		if !s {
			types[l] = Full
		}
	}
	return types
}

// readHeadKeys reads head sizes and key/value heads by layer type.
func readHeadKeys(k keys, t *TextConfig) {
	const p = "gemma4.attention."
	t.HeadDim[Full] = k.whole(p+"key_length", 2, maxWidth)
	t.HeadDim[Sliding] = k.wholeOr(p+"key_length_swa", 2, maxWidth, t.HeadDim[Full])
	for _, v := range []struct {
		key  string
		keys int
	}{{p + "value_length", t.HeadDim[Full]}, {p + "value_length_swa", t.HeadDim[Sliding]}} {
		if n := k.wholeOr(v.key, 2, maxWidth, v.keys); n != v.keys {
			k.fail(v.key, " is %d, and only values as wide as keys, %d, are implemented", n, v.keys)
		}
	}
	heads := k.perLayer(p+"head_count", t.Layers(), 1, maxHeads)
	shared := k.perLayer(p+"head_count_kv", t.Layers(), 1, maxHeads)
	var seen [2]bool
	for l, kind := range t.LayerTypes {
		if l == 0 {
			t.Heads = heads[0]
		}
		if heads[l] != t.Heads {
			k.fail(p+"head_count", ": %d for layer %d, and only one count for all layers is implemented", heads[l], l)
		}
		if seen[kind] && shared[l] != t.KVHeads[kind] {
			k.fail(p+"head_count_kv", ": %d for layer %d, and only one count for all %s layers is implemented", shared[l], l, kind)
		}
		seen[kind], t.KVHeads[kind] = true, shared[l]
	}
}

// readRopeKeys reads the rotary settings. The share of a full head that turns
// is only in rope_freqs: divisors of the frequencies, 1 for pairs that turn and
// some huge number for pairs that stand.
func readRopeKeys(k keys, t *TextConfig) {
	const p = "gemma4.rope."
	t.RopeTheta = [2]float64{Full: k.number(p + "freq_base"), Sliding: 1e4}
	if k.gguf.Has(p + "freq_base_swa") {
		t.RopeTheta[Sliding] = k.number(p + "freq_base_swa")
	}
	for _, d := range []struct {
		key  string
		head int
	}{{p + "dimension_count", t.HeadDim[Full]}, {p + "dimension_count_swa", t.HeadDim[Sliding]}} {
		if n := k.wholeOr(d.key, 1, maxWidth, d.head); n != d.head {
			k.fail(d.key, " is %d, and only the whole head, %d, is implemented", n, d.head)
		}
	}
	t.PartialRotary[Sliding], t.PartialRotary[Full] = 1, 1
	if has(t.LayerTypes, Full) {
		t.PartialRotary[Full] = readRopeShare(k, t.HeadDim[Full])
	}
}

func readRopeShare(k keys, dim int) float64 {
	const name = "rope_freqs.weight"
	f := k.tensor(name)
	if *k.fault != nil {
		return 1
	}
	if f.DType != tensor.F32 || f.Elements() != dim/2 {
		k.failAt(f.At, "tensor %q: %v of %s, want [%d] of F32", name, f.Shape, f.Type, dim/2)
		return 1
	}
	divisors := make([]float32, dim/2)
	tensor.Decode(divisors, f.DType, f.Data)
	turning := 0
	for turning < len(divisors) && divisors[turning] == 1 {
		turning++
	}
	for i, d := range divisors[turning:] {
		if !(d >= 1e20) {
			k.failAt(f.At, "tensor %q: element %d is %v, want 1 for pairs that turn, then 1e30 for pairs that stand", name, turning+i, d)
			return 1
		}
	}
	return float64(turning) / float64(len(divisors))
}

// readAudioKeys reads the sizes of the audio tower from the mmproj file. What
// GGUF has no key for is in the shapes of tensors or, for the attention's
// constants, the same in every published Gemma 4.
func readAudioKeys(k keys, c *Config) {
	const p = "clip.audio."
	a := &c.Audio
	if heard, _ := k.gguf.Bool("clip.has_audio_encoder"); !heard {
		k.fail("clip.has_audio_encoder", " is not true: the file has no audio encoder; get the mmproj of an E2B or E4B with audio")
		return
	}
	k.only(p+"projector_type", "gemma4a")
	a.MelBins = k.whole(p+"num_mel_bins", melBins, melBins)
	a.HiddenSize = k.whole(p+"embedding_length", 2, maxWidth)
	a.Layers = k.whole(p+"block_count", 1, maxLayers)
	a.Heads = k.whole(p+"attention.head_count", 1, maxHeads)
	if n := k.wholeOr(p+"feed_forward_length", 1, 8*maxWidth, 4*a.HiddenSize); n != 4*a.HiddenSize {
		k.fail(p+"feed_forward_length", " is %d, want four times the width, %d", n, 4*a.HiddenSize)
	}
	if n := k.wholeOr(p+"projection_dim", 1, maxWidth, c.Text.HiddenSize); n != c.Text.HiddenSize {
		k.fail(p+"projection_dim", " is %d, but the text model is %d wide; the two files belong to different models", n, c.Text.HiddenSize)
	}
	a.ChunkSize, a.ContextLeft, a.ContextRight = 12, 13, 0
	a.AttentionLogitCap, a.ResidualWeight, a.GradientClipping = 50, 0.5, 1e10
	a.RMSNormEps = 1e-6 // clip.audio.attention.layer_norm_epsilon is known to be wrong
	a.ConvChannels[0] = rows(k.tensor("a.conv1d.0.weight").Shape)
	a.ConvChannels[1] = rows(k.tensor("a.conv1d.1.weight").Shape)
	a.OutputDims = rows(k.tensor("a.pre_encode.out.bias").Shape)
	if kernel := k.tensor("a.blk.0.conv_dw.weight").Shape; len(kernel) > 0 {
		a.ConvKernelSize = kernel[len(kernel)-1]
	}
	a.UseClippedLinears = slices.ContainsFunc(k.gguf.Tensors(), func(t gguf.Tensor) bool {
		return strings.HasPrefix(t.Name, "a.") && strings.HasSuffix(t.Name, ".input_min")
	})
}

// rows returns the outermost dimension; 1 for a scalar.
func rows(shape []int) int {
	if len(shape) == 0 {
		return 1
	}
	return shape[0]
}
