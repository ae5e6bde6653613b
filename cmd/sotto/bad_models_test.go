package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// gguf names a place behind a length-prefixed string of a GGUF file: a key's
// type and value, or a tensor's dimensions.
func gguf(data []byte, name string) []byte {
	prefixed := append(binary.LittleEndian.AppendUint64(nil, uint64(len(name))), name...)
	i := bytes.Index(data, prefixed)
	if i < 0 {
		panic("no " + name + " in the model")
	}
	return data[i+len(prefixed):]
}

// key overwrites a 32-bit value of the text file.
func key(name string, value uint32) func(files) {
	return func(f files) { binary.LittleEndian.PutUint32(gguf(f["model.gguf"], name)[4:], value) }
}

func audioKey(name string, value uint32) func(files) {
	return func(f files) { binary.LittleEndian.PutUint32(gguf(f["mmproj.gguf"], name)[4:], value) }
}

// at overwrites bytes of the text file.
func at(offset int, b ...byte) func(files) {
	return func(f files) { copy(f["model.gguf"][offset:], b) }
}

// tensorInfo overwrites 64 bits behind a tensor's name and its count of
// dimensions.
func tensorInfo(name string, offset int, value uint64) func(files) {
	return func(f files) { binary.LittleEndian.PutUint64(gguf(f["model.gguf"], name)[offset:], value) }
}

// rename gives a string of a file another text of the same length.
func rename(file, from, to string) func(files) {
	return func(f files) {
		b := gguf(f[file], from)
		copy(f[file][len(f[file])-len(b)-len(from):], to)
	}
}

// element overwrites a number of a one-dimensional F32 tensor.
func element(file, tensor string, value float64) func(files) {
	return func(f files) {
		data := f[file]
		info := gguf(data, tensor)
		offset := binary.LittleEndian.Uint64(info[16:])
		begin := len(data) - weightBytes(data)
		binary.LittleEndian.PutUint32(data[begin+int(offset):], math.Float32bits(float32(value)))
	}
}

// weightBytes finds where the weights begin: behind the last tensor's info, at
// the next multiple of 32.
func weightBytes(data []byte) int {
	last := bytes.LastIndex(data, []byte("layer_output_scale.weight"))
	if last < 0 {
		last = bytes.LastIndex(data, []byte(".output_max"))
		last += len(".output_max")
	} else {
		last += len("layer_output_scale.weight")
	}
	end := last + 4 + 8 + 4 + 8 // one dimension
	return len(data) - (end+31)/32*32
}

var big = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}

var badPairs = []badModel{
	{"wrong magic", "not a GGUF file", at(0, 'G', 'G', 'M', 'L')},
	{"zeros", "not a GGUF file", func(f files) { clear(f["model.gguf"]) }},
	{"version 1", "version 1", at(4, 1)},
	{"version 200", "version 200", at(4, 200)},
	{"big-endian", "big-endian", at(4, 0, 0, 0, 3)},
	{"2⁶³ tensors", "tensors are claimed", at(8, big...)},
	{"2⁶³ keys", "metadata keys are claimed", at(16, big...)},
	{"a key of 2⁶³ bytes", "bytes long", at(24, big...)},
	{"a value of no type", "value type 99", func(f files) { gguf(f["model.gguf"], "gemma4.block_count")[0] = 99 }},
	{"another architecture", `"gemma3"`, rename("model.gguf", "gemma4", "gemma3")},
	{"another kind of mmproj", `"flip"`, rename("mmproj.gguf", "clip", "flip")},
	{"a projector not implemented", "gemma3a", rename("mmproj.gguf", "gemma4a", "gemma3a")},
	{"a key twice", "twice", rename("model.gguf", "gemma4.rope.dimension_count", "gemma4.attention.key_length")},
	{"no heads", "head_count", key("gemma4.attention.head_count", 0)},
	{"3 heads", "attn_q", key("gemma4.attention.head_count", 3)},
	{"2³² layers", "block_count", key("gemma4.block_count", math.MaxUint32)},
	{"1000 layers", "", key("gemma4.block_count", 1000)},
	{"no layers", "block_count", key("gemma4.block_count", 0)},
	{"width 2³¹", "embedding_length", key("gemma4.embedding_length", 1<<31)},
	{"width 96", "belong to different models", key("gemma4.embedding_length", 96)},
	{"all layers share", "share", key("gemma4.attention.shared_kv_layers", 6)},
	{"no window", "sliding_window", key("gemma4.attention.sliding_window", 0)},
	{"heads of 2³¹", "key_length", key("gemma4.attention.key_length", 1<<31)},
	{"norm of NaN", "layer_norm_rms_epsilon", key("gemma4.attention.layer_norm_rms_epsilon", 0x7fc00000)},
	{"rope base of −1", "freq_base", key("gemma4.rope.freq_base", math.Float32bits(-1))},
	{"endless soft cap", "softcapping", key("gemma4.final_logit_softcapping", math.Float32bits(float32(math.Inf(1))))},
	{"stop token past the vocabulary", "9999", key("tokenizer.ggml.eos_token_id", 9999)},
	{"no <audio|>", "<audio|>", rename("model.gguf", "<audio|>", "<audjo|>")},
	{"a token twice", "two ids", rename("model.gguf", "<audio|>", "<|audio>")},
	{"a space before the text", "add_space_prefix", func(f files) { gguf(f["model.gguf"], "tokenizer.ggml.add_space_prefix")[4] = 1 }},
	{"another tokenizer", "tokenizer.ggml.model", func(f files) { copy(gguf(f["model.gguf"], "tokenizer.ggml.model")[12:], "gemma9") }},
	{"stop token in words", "tokenizer.ggml.eos_token_id", func(f files) { gguf(f["model.gguf"], "tokenizer.ggml.eos_token_id")[0] = 6 }},
	{"2⁶³ tokens", "array elements are claimed", func(f files) { copy(gguf(f["model.gguf"], "tokenizer.ggml.tokens")[8:], big) }},
	{"a tensor twice", "twice", rename("model.gguf", "blk.0.attn_k_norm.weight", "blk.0.attn_q_norm.weight")},
	{"a tensor missing", "output_norm.weight", rename("model.gguf", "output_norm.weight", "output_mean.weight")},
	{"a tensor of 2³² × 2³²", "impossible dimensions", func(f files) {
		tensorInfo("token_embd.weight", 4, 1<<32)(f)
		tensorInfo("token_embd.weight", 12, 1<<32)(f)
	}},
	{"a tensor of nothing", "impossible dimensions", tensorInfo("output_norm.weight", 4, 0)},
	{"a tensor of 9 dimensions", "9 dimensions", func(f files) { gguf(f["model.gguf"], "output_norm.weight")[0] = 9 }},
	{"a tensor of no type", "type 77", func(f files) { gguf(f["model.gguf"], "output_norm.weight")[12] = 77 }},
	{"a tensor of a type not read", "MXFP4", func(f files) { gguf(f["model.gguf"], "blk.0.attn_k.weight")[20] = 39 }},
	{"a tensor off its alignment", "alignment", tensorInfo("output_norm.weight", 16, 33)},
	{"a tensor past the end", "end past the file", tensorInfo("output_norm.weight", 16, 1<<40)},
	{"a tensor at 2⁶⁴ − 32", "end past the file", tensorInfo("output_norm.weight", 16, math.MaxUint64-31)},
	{"two tensors in one place", "overlaps", tensorInfo("output_norm.weight", 16, 0)},
	{"a norm of NaN", "output_norm.weight", element("model.gguf", "output_norm.weight", math.NaN())},
	{"a norm of Inf", "blk.0.attn_q_norm.weight", element("model.gguf", "blk.0.attn_q_norm.weight", math.Inf(1))},
	{"a scale of NaN", "blk.5.layer_output_scale.weight", element("model.gguf", "blk.5.layer_output_scale.weight", math.NaN())},
	{"a clip bound of NaN", "a.blk.0.ffn_up.input_min", element("mmproj.gguf", "a.blk.0.ffn_up.input_min", math.NaN())},
	{"no audio layers", "block_count", audioKey("clip.audio.block_count", 0)},
	{"7 audio heads", "7 heads", audioKey("clip.audio.attention.head_count", 7)},
	{"64 mel bins", "num_mel_bins", audioKey("clip.audio.num_mel_bins", 64)},
	{"another projection", "", audioKey("clip.audio.projection_dim", 256)},
	{"no mmproj beside it", "--mmproj FILE", func(f files) { delete(f, "mmproj.gguf") }},
	{"an empty mmproj", "empty", func(f files) { f["mmproj.gguf"] = nil }},
	{"an mmproj that is text", "not a GGUF file", func(f files) { f["mmproj.gguf"] = []byte("version https://example.org/lfs\n") }},
	{"the text as mmproj", "is a text model", func(f files) { f["mmproj.gguf"] = f["model.gguf"] }},
}

// edit replaces text in one file of the folder, which must be there.
func edit(file, from, to string) func(files) {
	return func(f files) {
		if !bytes.Contains(f[file], []byte(from)) {
			panic("no " + from + " in " + file)
		}
		f[file] = bytes.Replace(f[file], []byte(from), []byte(to), 1)
	}
}

// header replaces text in the safetensors header by text of the same length.
func header(from, to string) func(files) {
	return edit("model.safetensors", from, to+strings.Repeat(" ", len(from)-len(to)))
}

// drop removes a file, fill replaces it.
func drop(file string) func(files)         { return func(f files) { delete(f, file) } }
func fill(file, text string) func(files)   { return func(f files) { f[file] = []byte(text) } }
func config(from, to string) func(files)   { return edit("config.json", from, to) }
func tokens(from, to string) func(files)   { return edit("tokenizer.json", from, to) }
func features(from, to string) func(files) { return edit("preprocessor_config.json", from, to) }

const norm = `"model.language_model.norm.weight":{"dtype":"BF16","shape":[32]`

var badFolders = []badModel{
	{"no config", "config.json", drop("config.json")},
	{"no weights", "safetensors", drop("model.safetensors")},
	{"no tokenizer", "tokenizer.json", drop("tokenizer.json")},
	{"config of nothing", "config.json", fill("config.json", "")},
	{"config of a list", "config.json", fill("config.json", "[]")},
	{"config nested 100,000 deep", "config.json", fill("config.json", strings.Repeat(`{"a":`, 100000))},
	{"config of another model", "model_type", config(`"model_type": "gemma4"`, `"model_type": "llama"`)},
	{"config without ears", "audio_config", config(`"audio_config"`, `"video_config"`)},
	{"experts", "enable_moe_block", config(`"enable_moe_block": false`, `"enable_moe_block": true`)},
	{"keys as values", "attention_k_eq_v", config(`"attention_k_eq_v": false`, `"attention_k_eq_v": true`)},
	{"another activation", "hidden_activation", config("gelu_pytorch_tanh", "relu")},
	{"a look ahead", "attention_context_right", config(`"attention_context_right": 0`, `"attention_context_right": 4`)},
	{"a layer of another type", "chunked_attention", config(`"sliding_attention"`, `"chunked_attention"`)},
	{"too few layer types", "layer_types", config(`"num_hidden_layers": 4`, `"num_hidden_layers": 5`)},
	{"−4 layers", "num_hidden_layers", config(`"num_hidden_layers": 4`, `"num_hidden_layers": -4`)},
	{"10³⁰ layers", "num_hidden_layers", config(`"num_hidden_layers": 4`, `"num_hidden_layers": 1e30`)},
	{"half a head", "num_attention_heads", config(`"num_attention_heads": 4`, `"num_attention_heads": 4.5`)},
	{"heads as text", "num_attention_heads", config(`"num_attention_heads": 4`, `"num_attention_heads": "4"`)},
	{"a vocabulary of 2⁴⁰", "vocab_size", config(`"vocab_size": 320`, `"vocab_size": 1099511627776`)},
	{"a vocabulary of 200", "the model only 200", config(`"vocab_size": 320`, `"vocab_size": 200`)},
	{"another vocabulary", "[400 32]", config(`"vocab_size": 320,
  "vocab_size_per_layer_input": 320`, `"vocab_size": 400,
  "vocab_size_per_layer_input": 400`)},
	{"rope by yarn", "rope_type", config(`"rope_type": "proportional"`, `"rope_type": "yarn"`)},
	{"no stop", "eos_token_id", edit("generation_config.json", `"eos_token_id": [
    1,
    6
  ]`, `"eos_token_id": "never"`)},
	{"generation config cut", "generation_config.json", fill("generation_config.json", `{"eos_token_id": [1`)},
	{"8 kHz", "sampling_rate", features("16000", "8000")},
	{"80 mel bins", "feature_size", features(`"feature_size": 128`, `"feature_size": 80`)},
	{"dither", "dither", features(`"dither": 0.0`, `"dither": 1.0`)},
	{"mel means", "per_bin_mean", features(`"per_bin_mean": null`, `"per_bin_mean": [1, 2]`)},
	{"a tokenizer of words", "WordPiece", tokens(`"BPE"`, `"WordPiece"`)},
	{"a tokenizer with dropout", "dropout", tokens(`"dropout": null`, `"dropout": 0.1`)},
	{"a token without its id", "<|turn>", tokens(`"content": "<|turn>"`, `"content": "<|torn>"`)},
	{"a negative id", "", tokens(`"<pad>": 0`, `"<pad>": -1`)},
	{"weights of nothing", "empty", fill("model.safetensors", "")},
	{"weights of zeros", "not a safetensors file", fill("model.safetensors", strings.Repeat("\x00", 4096))},
	{"weights that are a pointer", "not a safetensors file", fill("model.safetensors", "version https://example.org/lfs\noid sha256:0\n")},
	{"header of 2⁶³ bytes", "", func(f files) { copy(f["model.safetensors"], big) }},
	{"a tensor in F8", "F8", header(norm, strings.Replace(norm, "BF16", "F8", 1))},
	{"a tensor of another shape", "model.language_model.norm.weight", header(norm, strings.Replace(norm, "[32]", "[31]", 1))},
	{"a tensor missing", "model.language_model.norm.weight", header(norm, strings.Replace(norm, "norm.", "mean.", 1))},
	{"a tensor of −32", "-3", header(norm, strings.Replace(norm, "[32]", "[-3]", 1))},
	{"a hole between tensors", "", header(`"data_offsets":[265644,265708]`, `"data_offsets":[265646,265708]`)},
	{"an index to nowhere", "", func(f files) {
		delete(f, "model.safetensors")
		f["model.safetensors.index.json"] = []byte(`{"weight_map":{"model.language_model.norm.weight":"../gone.safetensors"}}`)
	}},
	{"a norm of NaN", "model.language_model.norm.weight", func(f files) {
		d := f["model.safetensors"]
		begin := 8 + int(binary.LittleEndian.Uint64(d))
		copy(d[begin+265644:], []byte{0xc0, 0x7f})
	}},
}
