"""Writes two files with the `gguf` Python package. every.gguf: each metadata
type, arrays of them, and one tensor of each stored type that is read plus one
that is not. written.gguf: what the writer's test writes as well.

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
    for kind in (TYPES.F32, TYPES.F16, TYPES.BF16, TYPES.Q8_0, TYPES.Q4_0, TYPES.Q5_1, TYPES.MXFP4):
        data = gguf.quantize(values, kind)
        w.add_tensor(f"t.{kind.name}", data, raw_dtype=kind)
    w.add_tensor("t.one", np.array([7.5], dtype=np.float32))
    finish(w)


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def written():
    w = gguf.GGUFWriter(HERE / "written.gguf", "toy")
    w.add_string("a.string", "señal <|audio> ▁")
    w.add_uint32("a.uint32", 4000000000)
    w.add_float32("a.float32", 0.1)
    w.add_bool("a.bool", True)
    w.add_array("b.strings", ["", "uno", "three words here"])
    w.add_array("b.ints", [3, -4, 5])
    w.add_array("b.floats", [0.25, -1.5])
    w.add_array("b.bools", [True, False, True])
    values = np.random.default_rng(5).normal(0, 1, 256).astype(np.float32)
    w.add_tensor("t.F32", values[:3])
    w.add_tensor("t.Q8_0", gguf.quantize(values[:192].reshape(3, 64), TYPES.Q8_0), raw_dtype=TYPES.Q8_0)
    w.add_tensor("t.BF16", gguf.quantize(values[:20].reshape(2, 5, 2), TYPES.BF16), raw_dtype=TYPES.BF16)
    finish(w)


main()
written()
