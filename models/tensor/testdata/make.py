"""Writes the golden vectors of this folder with the `gguf` Python package.

    python models/tensor/testdata/make.py

TYPE.bin holds two rows of 512 elements in their stored type, TYPE.f32 the same
as little-endian float32. Q6_K has no quantiser in that package, so its blocks
are random bytes with a finite super-scale; that reaches every bit pattern.
"""

import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
TYPES = gguf.GGMLQuantizationType


def blocks(kind, values, rng):
    if kind is not TYPES.Q6_K:
        return gguf.quantize(values, kind)
    raw = rng.integers(0, 256, (2, 2 * 210), dtype=np.uint8).reshape(4, 210)
    raw[:, 208:] = rng.normal(0, 0.01, (4, 1)).astype("<f2").view(np.uint8)
    return raw.reshape(2, 420)


def main():
    rng = np.random.default_rng(20)
    values = (rng.normal(0, 1, (2, 512)) * 10.0 ** rng.integers(-6, 4, (2, 512))).astype(np.float32)
    values[0, :4] = [0.0, -0.0, 65504.0, 6e-8]
    for kind in (TYPES.F32, TYPES.F16, TYPES.BF16, TYPES.Q8_0, TYPES.Q4_0, TYPES.Q6_K):
        data = blocks(kind, values, rng)
        (HERE / f"{kind.name}.bin").write_bytes(np.ascontiguousarray(data).tobytes())
        (HERE / f"{kind.name}.f32").write_bytes(gguf.dequantize(data, kind).astype("<f4").tobytes())


main()
