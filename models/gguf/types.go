package gguf

import "sotto/models/tensor"

// ggmlType is one of ggml's stored types, read or not: the layout is needed
// to check where its bytes lie, the name to say what was found.
type ggmlType struct {
	name                 string
	blockLen, blockBytes uint64
	dtype                tensor.DType
}

// ggmlTypes is ggml's numbering. Numbers that are absent were withdrawn.
var ggmlTypes = map[uint32]ggmlType{
	0:  {"F32", 1, 4, tensor.F32},
	1:  {"F16", 1, 2, tensor.F16},
	2:  {"Q4_0", 32, 18, tensor.Q4_0},
	3:  {"Q4_1", 32, 20, tensor.Q4_1},
	6:  {"Q5_0", 32, 22, tensor.Q5_0},
	7:  {"Q5_1", 32, 24, tensor.Q5_1},
	8:  {"Q8_0", 32, 34, tensor.Q8_0},
	9:  {"Q8_1", 32, 40, 0},
	10: {"Q2_K", 256, 84, tensor.Q2_K},
	11: {"Q3_K", 256, 110, tensor.Q3_K},
	12: {"Q4_K", 256, 144, tensor.Q4_K},
	13: {"Q5_K", 256, 176, tensor.Q5_K},
	14: {"Q6_K", 256, 210, tensor.Q6_K},
	15: {"Q8_K", 256, 292, 0},
	16: {"IQ2_XXS", 256, 66, 0},
	17: {"IQ2_XS", 256, 74, 0},
	18: {"IQ3_XXS", 256, 98, 0},
	19: {"IQ1_S", 256, 50, 0},
	20: {"IQ4_NL", 32, 18, tensor.IQ4_NL},
	21: {"IQ3_S", 256, 110, 0},
	22: {"IQ2_S", 256, 82, 0},
	23: {"IQ4_XS", 256, 136, tensor.IQ4_XS},
	24: {"I8", 1, 1, 0},
	25: {"I16", 1, 2, 0},
	26: {"I32", 1, 4, 0},
	27: {"I64", 1, 8, 0},
	28: {"F64", 1, 8, 0},
	29: {"IQ1_M", 256, 56, 0},
	30: {"BF16", 1, 2, tensor.BF16},
	34: {"TQ1_0", 256, 54, 0},
	35: {"TQ2_0", 256, 66, 0},
	39: {"MXFP4", 32, 17, 0},
	40: {"NVFP4", 64, 36, 0},
	41: {"Q1_0", 128, 18, 0},
}

// ggmlID returns ggml's number of a type that can be read.
func ggmlID(d tensor.DType) (uint32, bool) {
	for id, t := range ggmlTypes {
		if t.dtype == d && d != 0 {
			return id, true
		}
	}
	return 0, false
}
