package gemma4

import (
	"fmt"
	"math"

	"sotto/models/tensor"
)

// table lists every tensor of a checkpoint: its name in either format, its
// shape as the configuration has it, and where it goes. Shapes are in
// PyTorch's order, outermost first.
type table struct {
	gguf  bool
	slots []slot
	// The names of what is listed next begin with these.
	hfPrefix, ggufPrefix string
}

// slot is one line of the table for one format.
type slot struct {
	name     string
	shape    []int // empty: one element
	optional bool
	put      func(stored) error // nil: known and not used
}

// at begins a block of names; the formats may hold a layer number.
func (t *table) at(hf, gguf string, layer ...any) {
	t.hfPrefix, t.ggufPrefix = fmt.Sprintf(hf, layer...), fmt.Sprintf(gguf, layer...)
}

func (t *table) add(hf, gguf string, s slot) {
	s.name = t.hfPrefix + hf
	if t.gguf {
		s.name = t.ggufPrefix + gguf
	}
	t.slots = append(t.slots, s)
}

// vector lists a tensor that is decoded to float32 at load.
func (t *table) vector(hf, gguf string, dst *[]float32, shape ...int) {
	t.add(hf, gguf, slot{shape: shape, put: func(s stored) (err error) {
		*dst, err = s.floats()
		return err
	}})
}

// matrix lists a tensor that stays as it is stored.
func (t *table) matrix(hf, gguf string, dst *tensor.Matrix, rows, cols int) {
	t.add(hf, gguf, slot{shape: []int{rows, cols}, put: func(s stored) error {
		*dst = tensor.Matrix{Rows: rows, Cols: cols, DType: s.DType, Data: s.Data}
		return nil
	}})
}

// ignored lists a tensor that may be there and is not used.
func (t *table) ignored(hf, gguf string, shape ...int) {
	t.add(hf, gguf, slot{shape: shape, optional: true})
}

// clipped lists a linear layer and its four bounds, which are infinite where
// they are absent. Hugging Face nests the weight in ".linear".
func (t *table) clipped(hf, gguf string, dst *ClippedLinear, use bool, rows, cols int) {
	t.matrix(hf+".linear.weight", gguf+".weight", &dst.Weight, rows, cols)
	inf := float32(math.Inf(1))
	dst.Clip = Clip{InMin: -inf, InMax: inf, OutMin: -inf, OutMax: inf}
	for _, b := range []struct {
		name string
		dst  *float32
	}{
		{".input_min", &dst.Clip.InMin}, {".input_max", &dst.Clip.InMax},
		{".output_min", &dst.Clip.OutMin}, {".output_max", &dst.Clip.OutMax},
	} {
		s := slot{shape: []int{}, optional: true}
		if use {
			s.put = func(s stored) (err error) {
				*b.dst, err = s.bound()
				return err
			}
		}
		t.add(hf+b.name, gguf+b.name, s)
	}
}

// audio lists the audio tower and the projection into the decoder's space.
func (t *table) audio(c *Config, w *AudioWeights) {
	a := &c.Audio
	h, c0, c1 := a.HiddenSize, a.ConvChannels[0], a.ConvChannels[1]
	t.at("model.audio_tower.subsample_conv_projection.", "a.")
	t.vector("layer0.conv.weight", "conv1d.0.weight", &w.Conv0, c0, 1, 3, 3)
	t.vector("layer0.norm.weight", "conv1d.0.norm.weight", &w.Conv0Norm, c0)
	t.vector("layer1.conv.weight", "conv1d.1.weight", &w.Conv1, c1, c0, 3, 3)
	t.vector("layer1.norm.weight", "conv1d.1.norm.weight", &w.Conv1Norm, c1)
	t.matrix("input_proj_linear.weight", "input_projection.weight", &w.InputProj, h, a.MelBins/4*c1)
	// pre_encode is llama.cpp's name for what comes after the layers.
	t.at("model.audio_tower.output_proj.", "a.pre_encode.out.")
	t.matrix("weight", "weight", &w.OutputProj, a.OutputDims, h)
	t.vector("bias", "bias", &w.OutputProjBias, a.OutputDims)
	t.at("model.embed_audio.", "mm.a.")
	t.matrix("embedding_projection.weight", "input_projection.weight", &w.EmbedProj, c.Text.HiddenSize, a.OutputDims)
	w.Layers = make([]AudioLayer, a.Layers)
	for l := range w.Layers {
		t.at("model.audio_tower.layers.%d.", "a.blk.%d.", l)
		t.audioLayer(a, &w.Layers[l])
	}
}

func (t *table) audioLayer(a *AudioConfig, l *AudioLayer) {
	h, clip := a.HiddenSize, a.UseClippedLinears
	t.feedForward("feed_forward1", "", &l.FeedForward1, clip, h)
	t.feedForward("feed_forward2", "_1", &l.FeedForward2, clip, h)
	t.vector("norm_pre_attn.weight", "attn_pre_norm.weight", &l.PreAttnNorm, h)
	t.clipped("self_attn.q_proj", "attn_q", &l.Q, clip, h, h)
	t.clipped("self_attn.k_proj", "attn_k", &l.K, clip, h, h)
	t.clipped("self_attn.v_proj", "attn_v", &l.V, clip, h, h)
	t.clipped("self_attn.post", "attn_out", &l.Post, clip, h, h)
	t.matrix("self_attn.relative_k_proj.weight", "attn_k_rel.weight", &l.RelativeK, h, h)
	t.perDimScale("self_attn.per_dim_scale", "per_dim_scale.weight", &l.PerDimScale, h/a.Heads)
	t.vector("norm_post_attn.weight", "attn_post_norm.weight", &l.PostAttnNorm, h)
	// GGUF's two names are each other's: conv_norm comes before the module and
	// norm_conv is inside it.
	t.vector("lconv1d.pre_layer_norm.weight", "conv_norm.weight", &l.LConv.PreNorm, h)
	t.vector("lconv1d.conv_norm.weight", "norm_conv.weight", &l.LConv.ConvNorm, h)
	t.clipped("lconv1d.linear_start", "conv_pw1", &l.LConv.Start, clip, 2*h, h)
	t.vector("lconv1d.depthwise_conv1d.weight", "conv_dw.weight", &l.LConv.Depthwise, h, 1, a.ConvKernelSize)
	t.clipped("lconv1d.linear_end", "conv_pw2", &l.LConv.End, clip, h, h)
	t.vector("norm_out.weight", "ln2.weight", &l.OutNorm, h)
}

func (t *table) feedForward(hf, gguf string, f *FeedForward, clip bool, h int) {
	t.vector(hf+".pre_layer_norm.weight", "ffn_norm"+gguf+".weight", &f.PreNorm, h)
	t.clipped(hf+".ffw_layer_1", "ffn_up"+gguf, &f.Up, clip, 4*h, h)
	t.clipped(hf+".ffw_layer_2", "ffn_down"+gguf, &f.Down, clip, h, 4*h)
	t.vector(hf+".post_layer_norm.weight", "ffn_post_norm"+gguf+".weight", &f.PostNorm, h)
}

// perDimScale lists the one tensor that GGUF holds transformed: its softplus.
func (t *table) perDimScale(hf, gguf string, dst *[]float32, size int) {
	raw := !t.gguf
	t.add(hf, gguf, slot{shape: []int{size}, put: func(s stored) (err error) {
		*dst, err = s.floats()
		if raw {
			softplus(*dst)
		}
		return err
	}})
}

// softplus replaces z by ln(1+e^z).
func softplus(x []float32) {
	for i, z := range x {
		x[i] = float32(math.Log1p(math.Exp(-math.Abs(float64(z)))) + math.Max(float64(z), 0))
	}
}

// text lists the decoder.
func (t *table) text(c *TextConfig, w *TextWeights) {
	h, packed := c.HiddenSize, c.Layers()*c.PLEDim
	t.at("model.language_model.", "")
	t.matrix("embed_tokens.weight", "token_embd.weight", &w.Embed, c.VocabSize, h)
	t.matrix("embed_tokens_per_layer.weight", "per_layer_token_embd.weight", &w.PLE, c.PLEVocabSize, packed)
	t.matrix("per_layer_model_projection.weight", "per_layer_model_proj.weight", &w.PLEModelProj, packed, h)
	t.vector("per_layer_projection_norm.weight", "per_layer_proj_norm.weight", &w.PLENorm, c.PLEDim)
	t.vector("norm.weight", "output_norm.weight", &w.Norm, h)
	w.Layers = make([]TextLayer, c.Layers())
	for l := range w.Layers {
		t.at("model.language_model.layers.%d.", "blk.%d.", l)
		t.textLayer(c, l, &w.Layers[l])
	}
	// The head is the embedding; some writers store it a second time.
	t.at("", "")
	t.ignored("lm_head.weight", "output.weight", c.VocabSize, h)
}

func (t *table) textLayer(c *TextConfig, n int, l *TextLayer) {
	h, d, ff, p := c.HiddenSize, c.HeadDimOf(n), c.Intermediate[n], c.PLEDim
	kv := c.KVHeadsOf(n) * d
	t.vector("input_layernorm.weight", "attn_norm.weight", &l.InputNorm, h)
	t.matrix("self_attn.q_proj.weight", "attn_q.weight", &l.Q, c.Heads*d, h)
	t.vector("self_attn.q_norm.weight", "attn_q_norm.weight", &l.QNorm, d)
	if n < c.FirstShared() {
		t.matrix("self_attn.k_proj.weight", "attn_k.weight", &l.K, kv, h)
		t.matrix("self_attn.v_proj.weight", "attn_v.weight", &l.V, kv, h)
		t.vector("self_attn.k_norm.weight", "attn_k_norm.weight", &l.KNorm, d)
	} else {
		t.ignored("self_attn.k_proj.weight", "attn_k.weight", kv, h)
		t.ignored("self_attn.v_proj.weight", "attn_v.weight", kv, h)
		t.ignored("self_attn.k_norm.weight", "attn_k_norm.weight", d)
	}
	t.matrix("self_attn.o_proj.weight", "attn_output.weight", &l.O, h, c.Heads*d)
	t.vector("post_attention_layernorm.weight", "post_attention_norm.weight", &l.PostAttnNorm, h)
	t.vector("pre_feedforward_layernorm.weight", "ffn_norm.weight", &l.PreFFNorm, h)
	t.matrix("mlp.gate_proj.weight", "ffn_gate.weight", &l.Gate, ff, h)
	t.matrix("mlp.up_proj.weight", "ffn_up.weight", &l.Up, ff, h)
	t.matrix("mlp.down_proj.weight", "ffn_down.weight", &l.Down, h, ff)
	t.vector("post_feedforward_layernorm.weight", "post_ffw_norm.weight", &l.PostFFNorm, h)
	t.matrix("per_layer_input_gate.weight", "inp_gate.weight", &l.PLEGate, p, h)
	t.matrix("per_layer_projection.weight", "proj.weight", &l.PLEProj, h, p)
	t.vector("post_per_layer_input_norm.weight", "post_norm.weight", &l.PostPLENorm, h)
	t.add("layer_scalar", "layer_output_scale.weight", slot{shape: []int{1}, put: func(s stored) (err error) {
		v, err := s.floats()
		if err == nil {
			l.Scalar = v[0]
		}
		return err
	}})
}
