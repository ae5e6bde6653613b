"""Writes one random toy checkpoint in both formats that are loaded.

    python models/gemma4/gemma4test/testdata/make.py

folder/      as transformers saves it (bfloat16), with a toy tokenizer
text.gguf    the decoder and the tokenizer, names from the gguf package's map
mmproj.gguf  the audio tower, with the transformations of llama.cpp's converter:
             softplus of per_dim_scale, depthwise kernels squeezed, scalars [1]
probes.json  a few values per tensor of the module tree, read back by the tests
"""

import json
import pathlib

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
from transformers import (
    Gemma4AudioConfig,
    Gemma4AudioFeatureExtractor,
    Gemma4Config,
    Gemma4ForConditionalGeneration,
    Gemma4TextConfig,
)

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "folder"
VOCAB = 320
SPECIALS = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|turn>", "<turn|>", "<|audio>", "<|audio|>", "<audio|>",
            "<|channel>", "<channel|>", "<|tool_response>"]
TYPES = gguf.GGMLQuantizationType
S, F = "sliding_attention", "full_attention"
INSTRUCTIONS = {"transcribe": "Write {SOURCE}.", "translate": "Turn {SOURCE} into {TARGET}."}


def toy_tokenizer():
    vocab = {piece: i for i, piece in enumerate(SPECIALS)}
    for b in range(256):
        vocab[f"<0x{b:02X}>"] = len(vocab)
    for piece in ["▁", "\n", "a", "b", "c", "ab", "▁a", "abc"]:
        vocab[piece] = len(vocab)
    merges = [("a", "b"), ("▁", "a"), ("ab", "c")]
    tok = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tok.normalizer = normalizers.Replace(" ", "▁")
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tok.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIALS])
    return tok, vocab, merges


def toy_model():
    text = Gemma4TextConfig(
        vocab_size=VOCAB, vocab_size_per_layer_input=VOCAB, hidden_size=32, intermediate_size=64, num_hidden_layers=4,
        layer_types=[S, F, S, F], num_kv_shared_layers=2, use_double_wide_mlp=True, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, global_head_dim=16, sliding_window=6, hidden_size_per_layer_input=8,
        final_logit_softcapping=30.0, max_position_embeddings=512, eos_token_id=[1, 6],
    )
    audio = Gemma4AudioConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, subsampling_conv_channels=[128, 2], output_proj_dims=24,
    )
    config = Gemma4Config(text_config=text.to_dict(), audio_config=audio.to_dict(), vision_config=None,
                          boa_token_id=7, audio_token_id=8, eoa_token_index=9)
    torch.manual_seed(7)
    model = Gemma4ForConditionalGeneration(config)
    for name, p in list(model.named_parameters()) + list(model.named_buffers()):
        if name.endswith(("input_min", "output_min")):
            p.data.copy_(-torch.rand(()) - 1)
        elif name.endswith(("input_max", "output_max")):
            p.data.copy_(torch.rand(()) + 1)
        elif name.endswith("layer_scalar") or p.dim() == 1 and "norm" in name:
            p.data.uniform_(0.5, 1.5)
        elif name in model.state_dict():
            p.data.normal_(0, 0.2)
    return model.bfloat16()


def write_folder(model, tok):
    model.save_pretrained(FOLDER)
    Gemma4AudioFeatureExtractor().save_pretrained(FOLDER)
    tok.save(str(FOLDER / "tokenizer.json"))
    (FOLDER / "tokenizer_config.json").write_text(json.dumps({"clean_up_tokenization_spaces": False, "bos_token": "<bos>"}) + "\n")
    config = json.loads((FOLDER / "config.json").read_text())
    config["sotto"] = {"description": "a toy", **INSTRUCTIONS, "sources": ["es"], "targets": ["es", "en"]}
    (FOLDER / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def write_text(model, vocab, merges):
    c = model.config.text_config
    w = gguf.GGUFWriter(HERE / "text.gguf", "gemma4")
    w.add_name("toy")
    w.add_block_count(4)
    w.add_context_length(512)
    w.add_embedding_length(32)
    w.add_feed_forward_length([64, 64, 128, 128])
    w.add_head_count(4)
    w.add_head_count_kv(2)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_key_length(16)
    w.add_value_length(16)
    w.add_key_length_swa(8)
    w.add_value_length_swa(8)
    w.add_sliding_window(6)
    w.add_sliding_window_pattern([True, False, True, False])
    w.add_shared_kv_layers(2)
    w.add_embedding_length_per_layer_input(8)
    w.add_rope_freq_base(1e6)
    w.add_rope_freq_base_swa(1e4)
    w.add_rope_dimension_count(16)
    w.add_rope_dimension_count_swa(8)
    w.add_final_logit_softcapping(30.0)
    w.add_tokenizer_model("gemma4")
    w.add_token_list(list(vocab))
    w.add_token_scores([0.0] * len(vocab))
    kinds = [3 if p in SPECIALS else 6 if p.startswith("<0x") else 1 for p in vocab]
    w.add_token_types(kinds)
    w.add_token_merges([" ".join(m) for m in merges])
    w.add_bos_token_id(2)
    w.add_eos_token_id(1)
    w.add_pad_token_id(0)
    w.add_add_bos_token(True)
    w.add_add_space_prefix(False)
    w.add_string("sotto.description", "a toy")
    w.add_string("sotto.instruction.transcribe", INSTRUCTIONS["transcribe"])
    w.add_string("sotto.instruction.translate", INSTRUCTIONS["translate"])
    w.add_array("sotto.languages.source", ["es"])
    w.add_array("sotto.languages.target", ["es", "en"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA4, 4)
    w.add_tensor("rope_freqs.weight", np.array([1, 1] + [1e30] * 6, dtype=np.float32))
    for name, p in model.model.language_model.state_dict().items():
        full = "model." + name + (".weight" if name.endswith("layer_scalar") else "")
        kind = TYPES.BF16 if p.dim() == 2 else TYPES.F32
        if name.endswith(("down_proj.weight", "q_proj.weight")):
            kind = TYPES.Q8_0
        if name.startswith("embed_tokens_per_layer"):
            kind = TYPES.Q4_0
        add(w, names.get_name(full, try_suffixes=(".weight",)), p, kind)
    finish(w)


def write_audio(model):
    w = gguf.GGUFWriter(HERE / "mmproj.gguf", "clip")
    w.add_bool("clip.has_vision_encoder", False)
    w.add_bool("clip.has_audio_encoder", True)
    w.add_clip_audio_projector_type("gemma4a")
    w.add_audio_num_mel_bins(128)
    w.add_audio_embedding_length(32)
    w.add_audio_feed_forward_length(128)
    w.add_audio_block_count(2)
    w.add_audio_head_count(2)
    w.add_audio_projection_dim(32)
    w.add_audio_attention_layernorm_eps(1e-5)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, 2)
    suffixes = (".weight", ".bias", ".input_max", ".input_min", ".output_max", ".output_min")
    tower = {"conformer." + n.replace(".linear.", "."): p for n, p in model.model.audio_tower.state_dict().items()}
    tower |= {"model.embed_audio." + n: p for n, p in model.model.embed_audio.state_dict().items()}
    for name, p in tower.items():
        p = p.float()
        if name.endswith("per_dim_scale"):
            name, p = name + ".weight", torch.nn.functional.softplus(p)
        if "depthwise" in name:
            p = p.squeeze(1)
        kind = TYPES.F32 if p.dim() != 2 or "conv" in name and "linear" not in name else TYPES.BF16
        add(w, names.get_name(name, try_suffixes=suffixes), p if p.dim() else p[None], kind)
    finish(w)


def add(w, name, p, kind):
    assert name, name
    w.add_tensor(name, gguf.quantize(p.float().numpy(), kind), raw_dtype=kind)


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write_probes(model):
    probes = {}
    for name, p in model.state_dict().items():
        flat = p.float().flatten()
        probes[name] = [round(float(flat[i]), 6) for i in sorted({0, len(flat) // 3, len(flat) - 1})]
    (HERE / "probes.json").write_text(json.dumps(probes, indent=0) + "\n")


def main():
    tok, vocab, merges = toy_tokenizer()
    model = toy_model()
    write_folder(model, tok)
    write_text(model, vocab, merges)
    write_audio(model)
    write_probes(model)


main()
