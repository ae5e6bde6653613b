"""Turns a checkpoint of train.py into a Hugging Face folder and a GGUF pair.

usage: python export.py --run DIR --data DIR --folder DIR [--gguf DIR] [--type Q8_0]

The averaged weights are taken, the CTC head is dropped, and every clippable
linear of the audio tower gets the bounds that it reaches on samples of the
training set, a quarter wider. The folder is what transformers loads; the pair
(text and mmproj) is what llama.cpp's converter would make of it.
"""
import argparse
import json
import os

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import Gemma4AudioConfig, Gemma4AudioFeatureExtractor, Gemma4Config, Gemma4TextConfig
from tokenizers import Tokenizer

import network
from batch import NAMES, Shards, TRANSCRIBE, TRANSLATE, sound
from network import AUDIO, TEXT, TOWER, EMBED, LANGUAGE, Audio, head_dim
from pair import FILES, audio_name, text_name

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENIZER = Tokenizer.from_file(os.path.join(HERE, "tokenizer.json"))
DESCRIPTION = ("sotto pocket: Spanish of about 560 words, heard from one speech synthesiser only; "
               "a demonstration, not a translator")
SAMPLES, WIDER = 500, 1.25
TYPES = gguf.GGMLQuantizationType


class Watched(Audio):
    """An audio tower that notes what its clippable linears take and give."""

    def __init__(self, weights):
        super().__init__(weights)
        self.seen = {}

    def linear(self, name, x):
        y = super().linear(name, x)
        old = self.seen.get(name, [0, 0, 0, 0])
        new = [x.min(), x.max(), y.min(), y.max()]
        self.seen[name] = [pick(a, float(b)) for pick, a, b in zip((min, max, min, max), old, new)]
        return y


@torch.no_grad()
def bounds(weights, data, name):
    """Returns the four clip bounds of every clippable linear by tensor name, from samples of a set."""
    shards, tower = Shards(data, name), Watched(weights)
    order = np.random.default_rng(5).permutation(len(shards))[:SAMPLES]
    for at in range(0, len(order), 20):
        mel, rows, _ = sound([shards.rows(i) for i in order[at:at + 20]])
        tower(mel, rows)
    # q, k and v are one projection in the original, so they share what they give
    for name in list(tower.seen):
        if name.endswith("q_proj"):
            group = [name, name[:-6] + "k_proj", name[:-6] + "v_proj"]
            low = min(tower.seen[n][2] for n in group)
            high = max(tower.seen[n][3] for n in group)
            for n in group:
                tower.seen[n][2:] = low, high
    ends = ("input_min", "input_max", "output_min", "output_max")
    return {f"{name}.{end}": torch.tensor(value * WIDER)
            for name, values in tower.seen.items() for end, value in zip(ends, values)}


def configuration():
    """Returns transformers' configuration of the pocket model."""
    piece = TOKENIZER.token_to_id
    text = Gemma4TextConfig(
        **TEXT, vocab_size_per_layer_input=TEXT["vocab_size"], use_double_wide_mlp=False,
        final_logit_softcapping=30.0, max_position_embeddings=4096, tie_word_embeddings=True,
        pad_token_id=piece("<pad>"), bos_token_id=piece("<bos>"), eos_token_id=[piece("<eos>"), piece("<turn|>")])
    return Gemma4Config(
        text_config=text.to_dict(), audio_config=Gemma4AudioConfig(**AUDIO).to_dict(), vision_config=None,
        boa_token_id=piece("<|audio>"), audio_token_id=piece("<|audio|>"), eoa_token_index=piece("<audio|>"),
        boi_token_id=piece("<|image>"), image_token_id=piece("<|image|>"), eoi_token_id=piece("<image|>"),
        video_token_id=piece("<|video|>"), dtype="bfloat16")


def write_folder(folder, weights):
    """Writes config.json, the weights in bfloat16, tokenizer and front end."""
    os.makedirs(folder, exist_ok=True)
    config = configuration()
    config.architectures = ["Gemma4ForConditionalGeneration"]
    config.save_pretrained(folder)
    Gemma4AudioFeatureExtractor().save_pretrained(folder)
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        known = json.load(file)
    known["sotto"] = {"description": DESCRIPTION, "transcribe": TRANSCRIBE, "translate": TRANSLATE,
                      "sources": ["es"], "targets": list(NAMES)}
    put(path, json.dumps(known, indent=1, sort_keys=True) + "\n")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        with open(os.path.join(HERE, name)) as file:
            put(os.path.join(folder, name), file.read())
    save_file({n: w.to(torch.bfloat16).contiguous() for n, w in weights.items()},
              os.path.join(folder, "model.safetensors"), {"format": "pt"})


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def write_text(path, weights, kind):
    """Writes the decoder and the tokenizer."""
    layers, kinds = TEXT["num_hidden_layers"], TEXT["layer_types"]
    w = gguf.GGUFWriter(path, "gemma4")
    w.add_name("sotto pocket")
    w.add_block_count(layers)
    w.add_context_length(4096)
    w.add_embedding_length(TEXT["hidden_size"])
    w.add_feed_forward_length(TEXT["intermediate_size"])
    w.add_head_count(TEXT["num_attention_heads"])
    w.add_head_count_kv(TEXT["num_key_value_heads"])
    w.add_layer_norm_rms_eps(1e-6)
    w.add_key_length(TEXT["global_head_dim"])
    w.add_value_length(TEXT["global_head_dim"])
    w.add_key_length_swa(TEXT["head_dim"])
    w.add_value_length_swa(TEXT["head_dim"])
    w.add_sliding_window(TEXT["sliding_window"])
    w.add_sliding_window_pattern([k == "sliding_attention" for k in kinds])
    w.add_shared_kv_layers(TEXT["num_kv_shared_layers"])
    w.add_embedding_length_per_layer_input(TEXT["hidden_size_per_layer_input"])
    w.add_rope_freq_base(1e6)
    w.add_rope_freq_base_swa(1e4)
    w.add_rope_dimension_count(TEXT["global_head_dim"])
    w.add_rope_dimension_count_swa(TEXT["head_dim"])
    w.add_final_logit_softcapping(network.SOFTCAP)
    write_tokenizer(w)
    w.add_string("sotto.description", DESCRIPTION)
    w.add_string("sotto.instruction.transcribe", TRANSCRIBE)
    w.add_string("sotto.instruction.translate", TRANSLATE)
    w.add_array("sotto.languages.source", ["es"])
    w.add_array("sotto.languages.target", list(NAMES))
    pairs = head_dim("full_attention") // 2
    w.add_tensor("rope_freqs.weight", np.array([1] * (pairs // 4) + [1e30] * (pairs - pairs // 4), dtype=np.float32))
    for name, p in weights.items():
        if name.startswith(LANGUAGE):
            add(w, text_name(name), p, kind if p.dim() == 2 else TYPES.F32)
    finish(w)


def write_tokenizer(w):
    document = json.loads(TOKENIZER.to_str())
    vocab = sorted(document["model"]["vocab"], key=document["model"]["vocab"].get)
    special = {t["content"] for t in document["added_tokens"] if t["special"]}
    w.add_tokenizer_model("gemma4")
    w.add_token_list(vocab)
    w.add_token_scores([0.0] * len(vocab))
    w.add_token_types([gguf.TokenType.CONTROL if p in special else
                       gguf.TokenType.BYTE if p.startswith("<0x") else gguf.TokenType.NORMAL for p in vocab])
    w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in document["model"]["merges"]])
    w.add_bos_token_id(vocab.index("<bos>"))
    w.add_eos_token_id(vocab.index("<turn|>"))
    w.add_pad_token_id(vocab.index("<pad>"))
    w.add_add_bos_token(True)
    w.add_add_space_prefix(False)


def write_audio(path, weights, kind):
    """Writes the audio tower in the layout of an mmproj file."""
    w = gguf.GGUFWriter(path, "clip")
    w.add_bool("clip.has_vision_encoder", False)
    w.add_bool("clip.has_audio_encoder", True)
    w.add_clip_audio_projector_type("gemma4a")
    w.add_audio_num_mel_bins(128)
    w.add_audio_embedding_length(AUDIO["hidden_size"])
    w.add_audio_feed_forward_length(4 * AUDIO["hidden_size"])
    w.add_audio_block_count(AUDIO["num_hidden_layers"])
    w.add_audio_head_count(AUDIO["num_attention_heads"])
    w.add_audio_projection_dim(TEXT["hidden_size"])
    w.add_audio_attention_layernorm_eps(1e-6)
    for name, p in weights.items():
        if not name.startswith((TOWER, EMBED)):
            continue
        if name.endswith("per_dim_scale"):                      # stored after softplus, as llama.cpp wants it
            p = torch.nn.functional.softplus(p)
        if "depthwise" in name:
            p = p.squeeze(1)
        plain = p.dim() != 2 or "depthwise" in name
        add(w, audio_name(name), p if p.dim() else p[None], TYPES.F32 if plain else kind)
    finish(w)


def add(w, name, p, kind):
    w.add_tensor(name, gguf.quantize(p.float().numpy(), kind), raw_dtype=kind)


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--folder", required=True, help="the Hugging Face folder to write")
    parser.add_argument("--gguf", default=HERE, help="where pocket.gguf and pocket-mmproj.gguf go")
    parser.add_argument("--type", default="Q8_0", help="of the pair's matrices: Q8_0, F16, BF16 or F32")
    args = parser.parse_args()
    saved = torch.load(os.path.join(args.run, "last.pt"))
    weights = {n: w for n, w in saved["average"].items() if not n.startswith("ctc.")}
    for i in range(TEXT["num_hidden_layers"]):
        weights[f"{LANGUAGE}layers.{i}.layer_scalar"] = torch.ones(1)
    weights |= bounds(weights, args.data, saved.get("set", "train"))
    write_folder(args.folder, weights)
    kind = TYPES[args.type]
    text, audio = (os.path.join(args.gguf, name) for name in FILES)
    write_text(text, weights, kind)
    write_audio(audio, weights, kind)
    print(f"exported after {saved['progress'][0]} utterances")


if __name__ == "__main__":
    main()
