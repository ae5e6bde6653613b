package synthetic

import (
	"fmt"
	"math"
	"slices"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// chatTemplate frames turns as Gemma 4 does. llama.cpp's command line wants one
// and puts <bos> in front itself.
const chatTemplate = "{% for m in messages %}<|turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n" +
	"{{ m['content'] }}<turn|>\n{% endfor %}{% if add_generation_prompt %}<|turn>model\n{% endif %}"

// mostlyQ4_0 is how files of this mix of types call it.
const mostlyQ4_0 = 2

// textKeys sets the metadata of the text file.
func (f *file) textKeys(s Shape) {
	w, c := f.gguf, &s.Config.Text
	number := func(key string, n int) { w.Uint32("gemma4."+key, uint32(n)) }
	w.String("general.architecture", "gemma4")
	w.String("general.name", "synthetic "+s.Name)
	w.Uint32("general.file_type", mostlyQ4_0)
	w.Uint32("general.quantization_version", 2)
	w.String("sotto.description", "random weights in the shape of "+s.Title+": good for measuring, it knows no language")
	number("block_count", c.Layers())
	number("context_length", c.MaxPositions)
	number("embedding_length", c.HiddenSize)
	f.perLayer("gemma4.feed_forward_length", c.Intermediate)
	number("attention.head_count", c.Heads)
	f.perLayer("gemma4.attention.head_count_kv", each(c, c.KVHeadsOf))
	w.Float32("gemma4.attention.layer_norm_rms_epsilon", c.RMSNormEps)
	number("attention.key_length", c.HeadDim[gemma4.Full])
	number("attention.value_length", c.HeadDim[gemma4.Full])
	number("attention.key_length_swa", c.HeadDim[gemma4.Sliding])
	number("attention.value_length_swa", c.HeadDim[gemma4.Sliding])
	number("attention.sliding_window", c.SlidingWindow)
	w.Bools("gemma4.attention.sliding_window_pattern", sliding(c))
	number("attention.shared_kv_layers", c.KVSharedLayers)
	number("embedding_length_per_layer_input", c.PLEDim)
	w.Float32("gemma4.rope.freq_base", float32(c.RopeTheta[gemma4.Full]))
	w.Float32("gemma4.rope.freq_base_swa", float32(c.RopeTheta[gemma4.Sliding]))
	number("rope.dimension_count", c.HeadDim[gemma4.Full])
	number("rope.dimension_count_swa", c.HeadDim[gemma4.Sliding])
	w.Float32("gemma4.final_logit_softcapping", c.FinalLogitSoftcap)
	f.tokenizerKeys(c.VocabSize, &s.Config.Tokens)
}

func (f *file) tokenizerKeys(size int, ids *gemma4.Tokens) {
	const p = "tokenizer."
	w, v := f.gguf, newVocabulary(size)
	w.String(p+"ggml.model", "gemma4")
	w.Strings(p+"ggml.tokens", v.Tokens)
	w.Int32s(p+"ggml.token_type", v.Types)
	w.Strings(p+"ggml.merges", v.Merges)
	w.Uint32(p+"ggml.bos_token_id", uint32(ids.BOS))
	w.Uint32(p+"ggml.eos_token_id", uint32(idEOS))
	w.Uint32(p+"ggml.unknown_token_id", uint32(idUnknown))
	w.Uint32(p+"ggml.padding_token_id", uint32(ids.Pad))
	w.Bool(p+"ggml.add_bos_token", true)
	w.Bool(p+"ggml.add_space_prefix", false)
	w.String(p+"chat_template", chatTemplate)
}

// perLayer sets one number if all are equal, as converters do, else a list.
func (f *file) perLayer(key string, values []int) {
	if slices.Min(values) == slices.Max(values) {
		f.gguf.Uint32(key, uint32(values[0]))
		return
	}
	list := make([]int32, len(values))
	for i, n := range values {
		list[i] = int32(n)
	}
	f.gguf.Int32s(key, list)
}

func each(c *gemma4.TextConfig, of func(l int) int) []int {
	values := make([]int, c.Layers())
	for l := range values {
		values[l] = of(l)
	}
	return values
}

func sliding(c *gemma4.TextConfig) []bool {
	slides := make([]bool, c.Layers())
	for l, kind := range c.LayerTypes {
		slides[l] = kind == gemma4.Sliding
	}
	return slides
}

// textTensors plans the decoder. A matrix of K columns has spread 1/√K, which
// keeps the length of what it multiplies; types are those of llama.cpp's
// Q4_0 files.
func (f *file) textTensors(c *gemma4.TextConfig) {
	h, packed := c.HiddenSize, c.Layers()*c.PLEDim
	f.ropeFreqs(c)
	f.matrix("token_embd.weight", tensor.Q6_K, c.VocabSize, h, keep(h))
	// Its rows are multiplied by the root of one layer's share, not of a row.
	f.matrix("per_layer_token_embd.weight", tensor.Q4_0, c.PLEVocabSize, packed, keep(c.PLEDim))
	f.matrix("per_layer_model_proj.weight", tensor.F16, packed, h, keep(h))
	f.vector("per_layer_proj_norm.weight", norm, c.PLEDim)
	f.vector("output_norm.weight", norm, h)
	for l := range c.Layers() {
		f.textLayer(c, l)
	}
}

func (f *file) textLayer(c *gemma4.TextConfig, l int) {
	h, d, ff := c.HiddenSize, c.HeadDimOf(l), c.Intermediate[l]
	at := fmt.Sprintf("blk.%d.", l)
	square := func(name string, rows, cols int) { f.matrix(at+name+".weight", tensor.Q4_0, rows, cols, keep(cols)) }
	around1 := func(name string, n int) { f.vector(at+name+".weight", norm, n) }
	around1("attn_norm", h)
	square("attn_q", c.Heads*d, h)
	// Attention has no scale of its own. Queries this long give scores a
	// standard deviation of about 2.
	f.vector(at+"attn_q_norm.weight", between(1.5*keep(d), 2.5*keep(d)), d)
	if l < c.FirstShared() {
		square("attn_k", c.KVHeadsOf(l)*d, h)
		around1("attn_k_norm", d)
		square("attn_v", c.KVHeadsOf(l)*d, h)
	}
	square("attn_output", h, c.Heads*d)
	around1("post_attention_norm", h)
	around1("ffn_norm", h)
	square("ffn_gate", ff, h)
	square("ffn_up", ff, h)
	square("ffn_down", h, ff)
	around1("post_ffw_norm", h)
	square("inp_gate", c.PLEDim, h)
	square("proj", h, c.PLEDim)
	around1("post_norm", h)
	f.vector(at+"layer_output_scale.weight", between(0.9, 1.1), 1)
}

// ropeFreqs plans the divisors of the full layers' frequencies: 1 for pairs
// that turn, a huge number for those that stand.
func (f *file) ropeFreqs(c *gemma4.TextConfig) {
	pairs := c.HeadDim[gemma4.Full] / 2
	turning, i := int(float64(pairs)*c.PartialRotary[gemma4.Full]), 0
	f.vector("rope_freqs.weight", func(*random) float64 {
		if i++; i <= turning {
			return 1
		}
		return 1e30
	}, pairs)
}

// keep returns the spread that keeps the length of n values.
func keep(n int) float64 { return 1 / math.Sqrt(float64(n)) }

// norm draws the weights of norms.
var norm = between(0.75, 1.25)
