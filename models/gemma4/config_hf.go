package gemma4

import (
	"encoding/json"
	"strconv"
)

// The pieces whose ids have a meaning of their own.
const (
	pieceTurnOpen     = "<|turn>"
	pieceTurnClose    = "<turn|>"
	pieceAudioOpen    = "<|audio>"
	pieceAudioClose   = "<audio|>"
	pieceAudioSoft    = "<|audio|>"
	pieceChannelOpen  = "<|channel>"
	pieceChannelClose = "<channel|>"
	pieceToolResponse = "<|tool_response>"
)

// readConfig reads config.json. Everything transformers writes there and the
// network depends on is required; what is not implemented is refused.
func readConfig(o object) Config {
	var c Config
	o.only("model_type", "gemma4")
	o.only("tie_word_embeddings", true)
	if !o.has("text_config") || !o.has("audio_config") {
		o.fail("audio_config", "or text_config is missing: this is no Gemma 4 that hears")
		return c
	}
	readAudio(o.inside("audio_config"), &c.Audio)
	readText(o.inside("text_config"), &c.Text)
	readTokens(o, &c.Tokens)
	p := o.inside("sotto")
	c.Profile = Profile{
		Description: p.text("description"), Transcribe: p.text("transcribe"), Translate: p.text("translate"),
		Sources: p.texts("sources"), Targets: p.texts("targets"),
	}
	return c
}

func readAudio(o object, a *AudioConfig) {
	o.only("hidden_act", "silu")
	// The reference takes 1e-6 from here for some norms and from its code for
	// others; any other value would mix the two.
	o.only("rms_norm_eps", 1e-6)
	if o.has("attention_invalid_logits_value") {
		var masked float64
		if o.get("attention_invalid_logits_value", &masked, "a number below -1000") && masked > -1000 {
			o.fail("attention_invalid_logits_value", "is %v, want a number below -1000 that no masked frame survives", masked)
		}
	}
	a.MelBins = melBins
	a.HiddenSize = o.whole("hidden_size", 2, maxWidth)
	a.Layers = o.whole("num_hidden_layers", 1, maxLayers)
	a.Heads = o.whole("num_attention_heads", 1, maxHeads)
	a.ConvKernelSize = o.whole("conv_kernel_size", 1, maxHeads)
	a.ChunkSize = o.whole("attention_chunk_size", 1, maxHeads)
	a.ContextLeft = o.whole("attention_context_left", 2, maxHeads)
	o.only("attention_context_right", 0.0)
	a.AttentionLogitCap = float32(o.number("attention_logit_cap"))
	a.ResidualWeight = float32(o.number("residual_weight"))
	a.GradientClipping = float32(o.number("gradient_clipping"))
	a.UseClippedLinears = o.truth("use_clipped_linears")
	a.RMSNormEps = 1e-6
	a.OutputDims = o.whole("output_proj_dims", 1, maxWidth)
	var channels []int
	if o.get("subsampling_conv_channels", &channels, "two whole numbers") {
		if len(channels) != 2 || !within(channels, 1, maxWidth) {
			o.fail("subsampling_conv_channels", "is %s, want two whole numbers from 1 up", o.raw("subsampling_conv_channels"))
			return
		}
		a.ConvChannels = [2]int(channels)
	}
}

func readText(o object, t *TextConfig) {
	o.only("hidden_activation", "gelu_pytorch_tanh")
	o.only("attention_bias", false)
	o.only("attention_k_eq_v", false)
	o.only("enable_moe_block", false)
	o.only("tie_word_embeddings", true)
	o.only("use_bidirectional_attention")
	t.HiddenSize = o.whole("hidden_size", 1, maxWidth)
	t.Heads = o.whole("num_attention_heads", 1, maxHeads)
	t.KVSharedLayers = o.whole("num_kv_shared_layers", 0, maxLayers)
	t.SlidingWindow = o.whole("sliding_window", 1, maxPositions)
	t.PLEDim = o.whole("hidden_size_per_layer_input", 1, maxWidth)
	t.VocabSize = o.whole("vocab_size", 1, maxVocab)
	t.PLEVocabSize = o.whole("vocab_size_per_layer_input", 1, maxVocab)
	t.MaxPositions = o.whole("max_position_embeddings", 1, maxPositions)
	t.RMSNormEps = float32(o.number("rms_norm_eps"))
	if o.has("final_logit_softcapping") {
		t.FinalLogitSoftcap = float32(o.number("final_logit_softcapping"))
	}
	readLayers(o, t)
	readHeads(o, t)
	readRope(o.inside("rope_parameters"), t)
}

func readLayers(o object, t *TextConfig) {
	layers := o.whole("num_hidden_layers", 1, maxLayers)
	width := o.whole("intermediate_size", 1, maxWidth)
	var types []string
	if !o.get("layer_types", &types, "a list of layer types") {
		return
	}
	if len(types) != layers {
		o.fail("layer_types", "has %d entries, want num_hidden_layers, %d", len(types), layers)
		return
	}
	wide := o.has("use_double_wide_mlp") && o.truth("use_double_wide_mlp")
	for l, name := range types {
		switch name {
		case Sliding.String():
			t.LayerTypes = append(t.LayerTypes, Sliding)
		case Full.String():
			t.LayerTypes = append(t.LayerTypes, Full)
		default:
			o.fail("layer_types", "has %q, and only sliding_attention and full_attention are implemented", name)
		}
		if wide && l >= layers-t.KVSharedLayers {
			t.Intermediate = append(t.Intermediate, 2*width)
		} else {
			t.Intermediate = append(t.Intermediate, width)
		}
	}
	if types[layers-1] != Full.String() {
		o.fail("layer_types", "ends with %s, want full_attention, which the reference forces on the last layer", types[layers-1])
	}
}

// readHeads reads head sizes, which transformers writes in one of two ways:
// global_head_dim for full layers, or since 5.20 a per_layer_config of
// overrides.
func readHeads(o object, t *TextConfig) {
	dim, heads := o.whole("head_dim", 2, maxWidth), o.whole("num_key_value_heads", 1, maxHeads)
	t.HeadDim, t.KVHeads = [2]int{dim, dim}, [2]int{heads, heads}
	if _, listed := o.fields["per_layer_config"]; !listed {
		t.HeadDim[Full] = 512
		if o.has("global_head_dim") {
			t.HeadDim[Full] = o.whole("global_head_dim", 2, maxWidth)
		}
		return
	}
	overrides := o.inside("per_layer_config")
	names := layerNames(overrides, t.Layers())
	var seen [2]bool
	for l, kind := range t.LayerTypes {
		d, h := readOverride(overrides.inside(names[l]), dim, heads)
		if seen[kind] && (d != t.HeadDim[kind] || h != t.KVHeads[kind]) {
			overrides.fail(names[l], "differs from other %s layers, and only one head size and count for each type is implemented", kind)
		}
		seen[kind], t.HeadDim[kind], t.KVHeads[kind] = true, d, h
	}
}

// layerNames returns the keys of layers by number; transformers writes as many
// digits for each as the last layer has ("04"), and a layer without overrides
// may be left out.
func layerNames(o object, layers int) []string {
	names := make([]string, layers)
	for l := range names {
		names[l] = strconv.Itoa(l)
	}
	given := make(map[int]bool)
	for key := range o.fields {
		l, err := strconv.Atoi(key)
		if err != nil || l < 0 || l >= layers {
			o.fail(key, "is no layer, want 0 to %d", layers-1)
			continue
		}
		if given[l] {
			o.fail(key, "is given twice")
			continue
		}
		given[l], names[l] = true, key
	}
	return names
}

// readOverride returns a layer's own head size and key/value heads.
func readOverride(o object, dim, heads int) (int, int) {
	for key := range o.fields {
		switch key {
		case "head_dim":
			dim = o.whole(key, 2, maxWidth)
		case "num_key_value_heads":
			heads = o.whole(key, 1, maxHeads)
		default:
			o.fail(key, "is set for one layer, and only head_dim and num_key_value_heads are implemented there")
		}
	}
	return dim, heads
}

func readRope(o object, t *TextConfig) {
	for _, kind := range []LayerType{Sliding, Full} {
		if !has(t.LayerTypes, kind) {
			t.RopeTheta[kind], t.PartialRotary[kind] = 1e4, 1
			continue
		}
		if !o.has(kind.String()) {
			o.fail(kind.String(), "is missing, want rope_type and rope_theta")
			return
		}
		p := o.inside(kind.String())
		p.only("rope_type", "default", "proportional")
		p.only("factor", 1.0)
		t.RopeTheta[kind] = p.number("rope_theta")
		t.PartialRotary[kind] = 1
		if p.text("rope_type") != "proportional" {
			p.only("partial_rotary_factor", 1.0)
		} else if p.has("partial_rotary_factor") {
			t.PartialRotary[kind] = p.number("partial_rotary_factor")
			if t.PartialRotary[kind] > 1 {
				p.fail("partial_rotary_factor", "is %v, want at most 1", t.PartialRotary[kind])
			}
		}
	}
}

// readTokens reads the ids that config.json carries; those it does not are
// looked up in the tokenizer.
func readTokens(o object, t *Tokens) {
	text := o.inside("text_config")
	*t = Tokens{TurnOpen: -1, TurnClose: -1, ChannelOpen: -1, ChannelClose: -1}
	t.Pad = text.whole("pad_token_id", 0, maxVocab)
	t.BOS = text.whole("bos_token_id", 0, maxVocab)
	t.AudioOpen = o.whole("boa_token_id", 0, maxVocab)
	t.AudioSoft = o.whole("audio_token_id", 0, maxVocab)
	end := "eoa_token_index"
	if !o.has(end) && o.has("eoa_token_id") {
		end = "eoa_token_id"
	}
	t.AudioClose = o.whole(end, 0, maxVocab)
	if o.has("eos_token_id") {
		t.Stop = o.ids("eos_token_id")
	} else {
		t.Stop = text.ids("eos_token_id")
	}
}

// ids returns one id or a list of them.
func (o object) ids(key string) []int {
	var one int
	if o.has(key) && json.Unmarshal(o.fields[key], &one) == nil {
		return []int{one}
	}
	var many []int
	o.get(key, &many, "a token id or a list of them")
	return many
}

func within(values []int, low, high int) bool {
	for _, v := range values {
		if v < low || v > high {
			return false
		}
	}
	return true
}

func has(types []LayerType, kind LayerType) bool {
	for _, t := range types {
		if t == kind {
			return true
		}
	}
	return false
}
