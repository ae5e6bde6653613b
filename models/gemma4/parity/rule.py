"""Weights from a rule instead of a file: a tensor is known by its name and a seed.

Element i of a tensor takes the top byte of splitmix64(start + i), where start is the FNV-1a hash of
"SEED/NAME". Every value fits bfloat16 exactly, so one rule serves F32, F16 and BF16 checkpoints.
rule_test.go is the same rule in Go.
"""

import math

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def start(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = (h ^ b) * 0x100000001B3 % 2**64
    return h


def octets(text, n):
    """The n first values of the generator that text seeds, each -128 to 127."""
    with np.errstate(over="ignore"):
        z = np.uint64(start(text)) + np.arange(1, n + 1, dtype=np.uint64) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(56)).astype(np.uint8).view(np.int8).astype(np.float32)


def values(seed, name, shape, infinite):
    """Matrices keep the length of a vector; norms and layer scalars lie in [0.5, 1.5),
    those of queries and keys in half of that, the last one in ±2, or every id would ask for itself again; clip bounds in ±[1, 3)."""
    k = octets(f"{seed}/{name}", math.prod(shape))
    if name.endswith(("_min", "_max")):
        sign = -1 if name.endswith("_min") else 1
        v = np.full_like(k, np.inf) if infinite else (np.floor(k / 2) + 128) / 64
        return (sign * v).reshape(shape)
    if name.endswith("language_model.norm.weight"):
        return ((2 * k + 1) / 128).reshape(shape)
    if len(shape) == 1 and ("norm" in name or name.endswith("layer_scalar")):
        return ((1 + np.floor(k / 2) / 128) * halved(name)).reshape(shape)
    return ((2 * k + 1) / 256 * np.float32(spread(name, shape))).reshape(shape)


def halved(name):
    """Scores are not divided by anything but what these two norms learn; without it they drown all but one key."""
    return np.float32(0.5 if name.endswith(("self_attn.q_norm.weight", "self_attn.k_norm.weight")) else 1)


def spread(name, shape):
    """A power of two near the square root of 3 over the inputs of one output."""
    if name.endswith("embed_tokens_per_layer.weight"):
        return 0.25
    if len(shape) < 2:
        return 1.0 if name.endswith("per_dim_scale") else 0.25
    inputs = math.prod(shape[1:])
    exponent = 1
    while 4.0**exponent * inputs > 6:
        exponent -= 1
    return 2.0**exponent
