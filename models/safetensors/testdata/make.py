"""Writes every.safetensors with the `safetensors` package: each type that is
read, a scalar, an empty tensor, and an int64 that is not read.

    python models/safetensors/testdata/make.py
"""

import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def main():
    ramp = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 8 - 0.5
    save_file(
        {
            "f32": ramp,
            "f16": ramp.half(),
            "bf16": ramp.bfloat16(),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 4),
            "count": torch.tensor([1, 2, 3]),
            "ñ": torch.tensor([1.0]),
        },
        HERE / "every.safetensors",
        metadata={"format": "pt"},
    )


main()
