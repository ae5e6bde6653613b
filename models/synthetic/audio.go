package synthetic

import (
	"fmt"
	"math"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// audioKeys sets the metadata of the mmproj file.
func (f *file) audioKeys(s Shape) {
	w, a := f.gguf, &s.Config.Audio
	w.String("general.architecture", "clip")
	w.String("general.name", "synthetic "+s.Name)
	w.Uint32("general.file_type", 1) // mostly F16
	w.Bool("clip.has_vision_encoder", false)
	w.Bool("clip.has_audio_encoder", true)
	w.String("clip.audio.projector_type", "gemma4a")
	w.Uint32("clip.audio.num_mel_bins", uint32(a.MelBins))
	w.Uint32("clip.audio.embedding_length", uint32(a.HiddenSize))
	w.Uint32("clip.audio.feed_forward_length", uint32(4*a.HiddenSize))
	w.Uint32("clip.audio.block_count", uint32(a.Layers))
	w.Uint32("clip.audio.attention.head_count", uint32(a.Heads))
	w.Uint32("clip.audio.projection_dim", uint32(s.Config.Text.HiddenSize))
	w.Float32("clip.audio.attention.layer_norm_epsilon", a.RMSNormEps)
}

// audioTensors plans the audio tower and the projection into the decoder's
// space. Matrices are F16, of llama.cpp's types the one it is fastest with.
func (f *file) audioTensors(c *gemma4.Config) {
	a := &c.Audio
	h, c0, c1 := a.HiddenSize, a.ConvChannels[0], a.ConvChannels[1]
	f.vector("a.conv1d.0.weight", bell(keep(9)), 3, 3, 1, c0)
	f.vector("a.conv1d.0.norm.weight", norm, c0)
	f.vector("a.conv1d.1.weight", bell(keep(9*c0)), 3, 3, c0, c1)
	f.vector("a.conv1d.1.norm.weight", norm, c1)
	f.half("a.input_projection.weight", h, a.MelBins/4*c1)
	for l := range a.Layers {
		f.audioLayer(a, fmt.Sprintf("a.blk.%d.", l))
	}
	f.half("a.pre_encode.out.weight", a.OutputDims, h)
	f.vector("a.pre_encode.out.bias", bell(0.1), a.OutputDims)
	f.half("mm.a.input_projection.weight", c.Text.HiddenSize, a.OutputDims)
}

func (f *file) half(name string, rows, cols int) { f.matrix(name, tensor.F16, rows, cols, keep(cols)) }

func (f *file) audioLayer(a *gemma4.AudioConfig, at string) {
	h := a.HiddenSize
	for _, name := range []string{"ffn_norm", "ffn_post_norm", "ffn_norm_1", "ffn_post_norm_1",
		"attn_pre_norm", "attn_post_norm", "conv_norm", "norm_conv", "ln2"} {
		f.vector(at+name+".weight", norm, h)
	}
	for _, half := range []string{"", "_1"} {
		f.clipped(at+"ffn_up"+half, at+"ffn_up"+half, 4*h, h)
		f.clipped(at+"ffn_down"+half, at+"ffn_down"+half, h, 4*h)
	}
	for _, name := range []string{"attn_q", "attn_k", "attn_v"} {
		f.clipped(at+name, at+"qkv", h, h)
	}
	f.clipped(at+"attn_out", at+"attn_out", h, h)
	f.half(at+"attn_k_rel.weight", h, h)
	f.vector(at+"per_dim_scale.weight", softplus, h/a.Heads)
	f.clipped(at+"conv_pw1", at+"conv_pw1", 2*h, h)
	f.vector(at+"conv_dw.weight", bell(keep(a.ConvKernelSize)), a.ConvKernelSize, h)
	f.clipped(at+"conv_pw2", at+"conv_pw2", h, h)
}

// clipped plans a linear layer and its bounds: bfloat16 numbers that a few of a
// thousand values exceed. Layers with one source share bounds, as queries,
// keys and values do, which were one layer when bounds were learned.
func (f *file) clipped(name, source string, rows, cols int) {
	f.half(name+".weight", rows, cols)
	r := newRandom(f.seed, source+".bounds")
	for _, bound := range []string{".input_min", ".input_max", ".output_min", ".output_max"} {
		limit := brain(3 + 3*r.unit())
		if bound == ".input_min" || bound == ".output_min" {
			limit = -limit
		}
		f.vector(name+bound, always(limit), 1)
	}
}

// softplus draws what GGUF holds of per_dim_scale: ln(1+e^z) of a normal z.
func softplus(r *random) float64 { return math.Log1p(math.Exp(0.5 * r.normal())) }
