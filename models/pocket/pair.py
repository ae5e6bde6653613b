"""The GGUF pair's tensor names, and reading an exported pair back into network.py's dictionary.

A Q8_0 pair gives the weights back as they are stored: each block of 32 numbers
of a matrix is rounded to 255 steps.
"""
import os

import gguf
import torch

from network import AUDIO, EMBED, LANGUAGE, TEXT, TOWER, init

FILES = ("pocket.gguf", "pocket-mmproj.gguf")
_TEXT = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA4, TEXT["num_hidden_layers"])
_AUDIO = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, AUDIO["num_hidden_layers"])
_SUFFIXES = (".weight", ".bias", ".input_max", ".input_min", ".output_max", ".output_min")


def text_name(name):
    """Returns what a tensor of the decoder is called in pocket.gguf."""
    full = name.replace("language_model.", "") + (".weight" if name.endswith("layer_scalar") else "")
    return _TEXT.get_name(full, try_suffixes=(".weight",))


def audio_name(name):
    """Returns what a tensor of the audio half is called in pocket-mmproj.gguf."""
    if name.startswith(TOWER):
        name = "conformer." + name[len(TOWER):].replace(".linear.", ".")
    if name.endswith("per_dim_scale"):
        name += ".weight"
    return _AUDIO.get_name(name, try_suffixes=_SUFFIXES)


def load(folder):
    """Returns the weights of a pair without its clip bounds, which export.py measures afresh."""
    stored = {}
    for file in FILES:
        for t in gguf.GGUFReader(os.path.join(folder, file)).tensors:
            stored[t.name] = gguf.quants.dequantize(t.data, t.tensor_type)
    weights = {}
    for name, like in init().items():
        key = text_name(name) if name.startswith(LANGUAGE) else audio_name(name)
        if key not in stored or stored[key].size != like.numel():
            raise ValueError(f"pair: {folder} has no {key} of {like.numel()} numbers; is it a pair that export.py wrote?")
        w = torch.from_numpy(stored[key].copy()).float().reshape(like.shape)
        if name.endswith("per_dim_scale"):
            w = torch.log(torch.expm1(w))                # stored after softplus
        weights[name] = w.contiguous()
    return weights
