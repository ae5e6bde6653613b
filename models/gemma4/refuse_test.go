package gemma4_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto/models/gemma4"
)

func encodeFloats(values []float32) []byte {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// set changes a key of config.json: "text_config.hidden_size".
func set(path string, value any) func(map[string]any) {
	return func(o map[string]any) {
		parts := strings.Split(path, ".")
		for _, p := range parts[:len(parts)-1] {
			o = o[p].(map[string]any)
		}
		o[parts[len(parts)-1]] = value
	}
}

func gone(path string) func(map[string]any) {
	return func(o map[string]any) {
		parts := strings.Split(path, ".")
		for _, p := range parts[:len(parts)-1] {
			o = o[p].(map[string]any)
		}
		delete(o, parts[len(parts)-1])
	}
}

var badConfigs = []struct {
	want string
	edit func(map[string]any)
}{
	{`model_type is "gemma3n", and only "gemma4" is implemented`, set("model_type", "gemma3n")},
	{`tie_word_embeddings is false, and only true is implemented`, set("tie_word_embeddings", false)},
	{`audio_config or text_config is missing`, gone("audio_config")},
	{`text_config.enable_moe_block is true`, set("text_config.enable_moe_block", true)},
	{`text_config.attention_k_eq_v is true`, set("text_config.attention_k_eq_v", true)},
	{`text_config.attention_bias is true`, set("text_config.attention_bias", true)},
	{`text_config.use_bidirectional_attention is "vision"`, set("text_config.use_bidirectional_attention", "vision")},
	{`text_config.hidden_activation is "silu"`, set("text_config.hidden_activation", "silu")},
	{`text_config.hidden_size is 0, want a whole number`, set("text_config.hidden_size", 0)},
	{`text_config.hidden_size is 1e+300, want a whole number`, set("text_config.hidden_size", 1e300)},
	{`text_config.hidden_size is "32", want a whole number`, set("text_config.hidden_size", "32")},
	{`text_config.num_attention_heads is -4`, set("text_config.num_attention_heads", -4)},
	{`text_config.rms_norm_eps is 0, want a number above 0`, set("text_config.rms_norm_eps", 0)},
	{`text_config.sliding_window is missing`, gone("text_config.sliding_window")},
	{`text_config.layer_types has 3 entries, want num_hidden_layers, 4`, set("text_config.layer_types", []string{"sliding_attention", "sliding_attention", "full_attention"})},
	{`text_config.layer_types has "chunked_attention"`, set("text_config.layer_types", []string{"chunked_attention", "full_attention", "sliding_attention", "full_attention"})},
	{`text_config.layer_types ends with sliding_attention`, set("text_config.layer_types", []string{"sliding_attention", "full_attention", "full_attention", "sliding_attention"})},
	{`text_config.per_layer_config.9 is no layer, want 0 to 3`, set("text_config.per_layer_config", map[string]any{"9": map[string]any{"head_dim": 16}})},
	{`text_config.per_layer_config.1.skip is set for one layer`, set("text_config.per_layer_config", map[string]any{"1": map[string]any{"skip": true}})},
	{`differs from other full_attention layers`, set("text_config.per_layer_config", map[string]any{"1": map[string]any{"head_dim": 16}})},
	{`is given twice`, set("text_config.per_layer_config", map[string]any{"1": map[string]any{"head_dim": 16}, "01": map[string]any{"head_dim": 16}})},
	{`text_config.rope_parameters.full_attention.rope_type is "yarn"`, set("text_config.rope_parameters.full_attention.rope_type", "yarn")},
	{`text_config.rope_parameters.full_attention.factor is 8`, set("text_config.rope_parameters.full_attention.factor", 8)},
	{`text_config.rope_parameters.full_attention.partial_rotary_factor is 1.5`, set("text_config.rope_parameters.full_attention.partial_rotary_factor", 1.5)},
	{`4 of 4 layers share keys and values`, set("text_config.num_kv_shared_layers", 4)},
	{`layer 1 shares keys and values, but no full_attention layer`, set("text_config.num_kv_shared_layers", 3)},
	{`audio_config.hidden_act is "gelu"`, set("audio_config.hidden_act", "gelu")},
	{`audio_config.rms_norm_eps is 0.00001`, set("audio_config.rms_norm_eps", 1e-5)},
	{`audio_config.attention_context_right is 2`, set("audio_config.attention_context_right", 2)},
	{`attention_chunk_size 20 with attention_context_left 13`, set("audio_config.attention_chunk_size", 20)},
	{`audio_config.attention_invalid_logits_value is -1`, set("audio_config.attention_invalid_logits_value", -1)},
	{`audio_config.subsampling_conv_channels is [128]`, set("audio_config.subsampling_conv_channels", []int{128})},
	{`width 32, want an even multiple of the 5 heads`, set("audio_config.num_attention_heads", 5)},
	{`audio_config.use_clipped_linears is 1, want true or false`, set("audio_config.use_clipped_linears", 1)},
	{`audio_token_id is 99999999`, set("audio_token_id", 99999999)},
	{`tensors are too few for 1002 layers`, set("audio_config.num_hidden_layers", 998)},
}

func TestAConfigurationThatIsNotImplementedIsRefusedByName(t *testing.T) {
	for _, c := range badConfigs {
		dir := copyFolder(t)
		editJSON(t, filepath.Join(dir, "config.json"), c.edit)
		wantRefusal(t, dir, "", c.want)
	}
}

func wantRefusal(t *testing.T, path, mmproj, want string) {
	t.Helper()
	m, err := gemma4.Open(path, mmproj)
	if err == nil {
		m.Close()
		t.Errorf("opened; want %s", want)
		return
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestAFrontEndThatIsNotImplementedIsRefusedByName(t *testing.T) {
	for want, edit := range map[string]func(map[string]any){
		"sampling_rate is 24000":   set("sampling_rate", 24000),
		"mel_floor is 0.00001":     set("mel_floor", 0.00001),
		"feature_size is 80":       set("feature_size", 80),
		"per_bin_mean is [1]":      set("per_bin_mean", []int{1}),
		"fft_overdrive is true":    set("fft_overdrive", true),
		"feature_extractor_type i": set("feature_extractor_type", "WhisperFeatureExtractor"),
	} {
		dir := copyFolder(t)
		editJSON(t, filepath.Join(dir, "preprocessor_config.json"), edit)
		wantRefusal(t, dir, "", want)
	}
}

const clipName = "model.audio_tower.layers.1.self_attn.q_proj.input_min"

// Names are of the folder and, behind the bar, of the pair.
var badTensors = []struct {
	want   string
	folder func([]entry) []entry
	text   func([]entry) []entry
	audio  func([]entry) []entry
}{
	{want: `tensor "model.language_model.norm.weight" [32] is missing`, folder: without(named("model.language_model.norm.weight"))},
	{want: `tensor "model.audio_tower.layers.1.norm_out.weight" [32] is missing`, folder: without(named("model.audio_tower.layers.1.norm_out.weight"))},
	{want: ` is missing, and `, folder: without(func(n string) bool { return strings.Contains(n, "language_model.layers.2.") })},
	{want: `tensor "model.lora.weight" is none that Gemma 4's network has`, folder: with("model.lora.weight", 3)},
	{want: `tensor "model.language_model.layers.3.self_attn.k_norm.weight": shape [8], want [16]`, folder: with("model.language_model.layers.3.self_attn.k_norm.weight", 8)},
	{want: `tensor "model.language_model.norm.weight": shape [4 8], want [32]`, folder: change("model.language_model.norm.weight", func(e *entry) { e.Shape = []int{4, 8} })},
	{want: `tensor "` + clipName + `": is not a number`, folder: change(clipName, func(e *entry) { e.Data = []byte{0xC0, 0x7F} })},
	{want: `tensor "model.language_model.norm.weight": element 1 is +Inf`, folder: change("model.language_model.norm.weight", func(e *entry) {
		e.Data = append([]byte{0, 0, 0x80, 0x7F}, e.Data[4:]...)
	})},
	{want: `is stored as I16`, folder: change("model.language_model.norm.weight", func(e *entry) { e.Type = "I16" })},
	{want: `tensor "output_norm.weight" [32] is missing`, text: without(named("output_norm.weight"))},
	{want: `tensor "rope_freqs.weight" is missing`, text: without(named("rope_freqs.weight"))},
	{want: `tensor "rope_freqs.weight": element 2 is 2, want 1`, text: change("rope_freqs.weight", func(e *entry) {
		e.Data = encodeFloats([]float32{1, 1, 2, 3, 4, 5, 6, 7})
	})},
	{want: `tensor "rope_freqs.weight": [4] of F32, want [8]`, text: change("rope_freqs.weight", func(e *entry) { e.Shape, e.Data = []int{4}, e.Data[:16] })},
	{want: `tensor "blk.0.ffn_gate_exps.weight" is none`, text: with("blk.0.ffn_gate_exps.weight", 32)},
	{want: `tensor "blk.1.attn_k_norm.weight": shape [8], want [16]`, text: change("blk.1.attn_k_norm.weight", func(e *entry) { e.Shape, e.Data = []int{8}, e.Data[:32] })},
	{want: `tensor "a.blk.0.conv_norm.weight" [32] is missing`, audio: without(named("a.blk.0.conv_norm.weight"))},
	{want: `tensor "a.blk.0.norm_conv.weight" [32] is missing`, audio: without(named("a.blk.0.norm_conv.weight"))},
	{want: `tensor "mm.a.input_projection.weight": shape [16 24], want [32 24]`, audio: change("mm.a.input_projection.weight", func(e *entry) {
		e.Shape, e.Data = []int{16, 24}, e.Data[:len(e.Data)/2]
	})},
	{want: `tensor "a.blk.7.ln2.weight" is none`, audio: with("a.blk.7.ln2.weight", 32)},
}

func TestMissingMisshapenAndUnknownTensorsAreNamed(t *testing.T) {
	same := func(all []entry) []entry { return all }
	for _, c := range badTensors {
		if c.folder != nil {
			dir := copyFolder(t)
			editWeights(t, dir, c.folder)
			wantRefusal(t, dir, "", c.want)
			continue
		}
		if c.text == nil {
			c.text = same
		}
		if c.audio == nil {
			c.audio = same
		}
		dir := t.TempDir()
		text, audio := filepath.Join(dir, "toy.gguf"), filepath.Join(dir, "mmproj-toy.gguf")
		write(t, text, editGGUF(t, read(t, "text.gguf"), c.text))
		write(t, audio, editGGUF(t, read(t, "mmproj.gguf"), c.audio))
		wantRefusal(t, text, "", c.want)
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheWrongPathIsExplained(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "toy.gguf")
	write(t, text, read(t, "text.gguf"))
	wantRefusal(t, text, "", "no mmproj file beside "+text)
	mmproj := filepath.Join(dir, "mmproj-a.gguf")
	write(t, mmproj, read(t, "mmproj.gguf"))
	wantRefusal(t, mmproj, text, "is the audio half of a pair")
	wantRefusal(t, text, text, "is a text model, want the mmproj file")
	write(t, filepath.Join(dir, "mmproj-b.gguf"), read(t, "mmproj.gguf"))
	wantRefusal(t, text, "", "2 mmproj files beside")
	wantRefusal(t, dir, "", "holds no config.json; to load a GGUF pair name its text file")
	wantRefusal(t, testdata+"folder", mmproj, "is a folder, which has its audio half inside")
	wantRefusal(t, testdata+"folder/config.json", "", "is one file of a model; name its folder")
	wantRefusal(t, filepath.Join(dir, "nothing"), "", "cannot read")
}
