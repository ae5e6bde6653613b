"""Writes the golden vectors of this folder with the `gguf` Python package.

    python models/tensor/testdata/make.py

TYPE.bin holds rows of 512 elements in their stored type, TYPE.f32 the same as
little-endian float32. The first two rows are quantised values, or random bytes
with sensible scales where that package has no quantiser. Four more rows are
random bytes under every kind of scale: zeros of both signs, subnormals, the
least normal and the largest half of both signs; then all codes least and all
codes largest.

QUANTISED.TYPE.f32 holds rows of 512 values, QUANTISED.TYPE.bin what that
package makes of them. The rows are random ones of many magnitudes and ones that
meet the ends of the rule: see `hard_rows`.
"""

import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
TYPES = gguf.GGMLQuantizationType
PLAIN = (TYPES.F32, TYPES.F16, TYPES.BF16)
# Where the halves of a block lie.
HALVES = {
    TYPES.Q8_0: [0],
    TYPES.Q4_0: [0],
    TYPES.Q4_1: [0, 2],
    TYPES.Q5_0: [0],
    TYPES.Q5_1: [0, 2],
    TYPES.Q2_K: [80, 82],
    TYPES.Q3_K: [108],
    TYPES.Q4_K: [0, 2],
    TYPES.Q5_K: [0, 2],
    TYPES.Q6_K: [208],
    TYPES.IQ4_NL: [0],
    TYPES.IQ4_XS: [0],
}
SCALES = np.array([0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x3555], "<u2")


def with_halves(kind, raw, halves):
    """raw [blocks, bytes] with halves [blocks, n] in their places."""
    for n, at in enumerate(HALVES[kind]):
        raw[:, at : at + 2] = halves[:, n : n + 1].view(np.uint8)
    return raw


def usual(kind, values, rng):
    try:
        return gguf.quantize(values, kind).view(np.uint8)
    except NotImplementedError:
        length, size = gguf.GGML_QUANT_SIZES[kind]
        n = values.size // length
        halves = rng.normal(0, 0.01, (n, 2)).astype("<f2").view("<u2")
        return with_halves(kind, rng.integers(0, 256, (n, size), dtype=np.uint8), halves).reshape(2, -1)


def extreme(kind, rng):
    """Four rows of 512."""
    length, size = gguf.GGML_QUANT_SIZES[kind]
    n = 4 * 512 // length
    raw = rng.integers(0, 256, (n, size), dtype=np.uint8)
    raw[n - 2] = 0x00
    raw[n - 1] = 0xFF
    first = SCALES[np.arange(n) % 8]
    second = SCALES[(np.arange(n) // 8 + np.arange(n) * 3 + 1) % 8]
    return with_halves(kind, raw, np.stack([first, second], axis=1)).reshape(4, -1)


def decoded():
    rng = np.random.default_rng(20)
    values = (rng.normal(0, 1, (2, 512)) * 10.0 ** rng.integers(-6, 4, (2, 512))).astype(np.float32)
    values[0, :4] = [0.0, -0.0, 65504.0, 6e-8]
    for kind in (*PLAIN, *HALVES):
        data = usual(kind, values, rng)
        if kind not in PLAIN:
            data = np.concatenate([data, extreme(kind, rng)])
        (HERE / f"{kind.name}.bin").write_bytes(np.ascontiguousarray(data).tobytes())
        (HERE / f"{kind.name}.f32").write_bytes(gguf.dequantize(data, kind).astype("<f4").tobytes())


def hard_rows(rng, steps):
    """Sixteen blocks of 32, steps being how many codes the largest value is away from 0."""
    ramp = np.arange(-16, 16) / 16
    rows = np.zeros((16, 32))
    rows[1] = -0.0
    rows[2] = ramp  # the least value is the largest
    rows[3] = -ramp
    rows[4] = np.where(np.arange(32) % 2, 3.0, -3.0)  # equal magnitudes, the first counts
    rows[5] = -rows[4]
    rows[6] = 0.7
    rows[7] = -0.7
    rows[8, 5] = 1e-3  # one value alone
    rows[9] = (np.arange(32) % steps + 0.5) / steps  # halves between two codes
    rows[9, 0] = -1
    rows[10] = -rows[9]
    rows[11] = ramp * 1e-7  # the scale is a subnormal half, or zero
    rows[12] = ramp * 2.0**-30
    rows[13] = ramp * 4e5  # the scale is near the largest half
    rows[14] = np.nextafter(np.float32(rows[9]), np.float32(2))  # just over the halves
    rows[15] = 2.0 ** -rng.integers(0, 40, 32)
    return rows


def quantised():
    rng = np.random.default_rng(21)
    for kind, steps in ((TYPES.Q4_0, 8), (TYPES.Q8_0, 127)):
        wide = rng.normal(0, 1, (24, 16, 32)) * 10.0 ** rng.integers(-5, 4, (24, 16, 1))
        tailed = rng.standard_t(2, (8, 16, 32)) * 0.02
        rows = np.concatenate([wide.reshape(-1, 32), tailed.reshape(-1, 32), hard_rows(rng, steps)])
        rows = rows.astype("<f4").reshape(-1, 512)
        (HERE / f"QUANTISED.{kind.name}.f32").write_bytes(rows.tobytes())
        (HERE / f"QUANTISED.{kind.name}.bin").write_bytes(gguf.quantize(rows, kind).tobytes())


decoded()
quantised()
