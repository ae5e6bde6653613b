"""Writes every.gguf with the `gguf` Python package: each metadata type, arrays
of them, and one tensor of each stored type that is read plus one that is not.

    python models/gguf/testdata/make.py
"""

import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
TYPES = gguf.GGMLQuantizationType


def main():
    w = gguf.GGUFWriter(HERE / "every.gguf", "toy")
    w.add_uint8("a.uint8", 200)
    w.add_int8("a.int8", -100)
    w.add_uint16("a.uint16", 60000)
    w.add_int16("a.int16", -30000)
    w.add_uint32("a.uint32", 4000000000)
    w.add_int32("a.int32", -2000000000)
    w.add_uint64("a.uint64", 2**63 + 5)
    w.add_int64("a.int64", -(2**62))
    w.add_float32("a.float32", 0.5)
    w.add_float64("a.float64", 1e-300)
    w.add_bool("a.bool", True)
    w.add_string("a.string", "señal <|audio> ▁")
    w.add_array("b.strings", ["", "uno", "two words", "três"])
    w.add_array("b.ints", [3, -4, 5])
    w.add_array("b.floats", [0.25, -1.5])
    w.add_array("b.bools", [True, False, True])
    rng = np.random.default_rng(4)
    values = rng.normal(0, 1, (2, 3, 64)).astype(np.float32)
    for kind in (TYPES.F32, TYPES.F16, TYPES.BF16, TYPES.Q8_0, TYPES.Q4_0, TYPES.Q5_1):
        data = gguf.quantize(values, kind)
        w.add_tensor(f"t.{kind.name}", data, raw_dtype=kind)
    w.add_tensor("t.one", np.array([7.5], dtype=np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


main()
