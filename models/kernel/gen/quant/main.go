// Program quant writes the integer matrix kernels of package simd: Q4_0 and
// Q8_0 panels times quantised activations, and the quantiser itself.
//
//	go run ./quant -pkg simd -out ../simd/quant_amd64.s -stubs ../simd/quant_amd64.go
//
// A panel is 16 rows of a matrix, interleaved, in blocks of 32 columns. Per
// output the arithmetic is the same at every level:
//
//	acc = 0; for each block: acc = fma(float32(Σ w·x), wscale·xscale, acc)
//
// where Σ is exact, so that all levels give the same bits.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	for _, f := range []format{q4, q8} {
		gemm(&avx2{f: f})
		gemv(&avx2{f: f})
		gemm(&avx512{f: f})
		gemv(&avx512{f: f})
	}
	quantize()
	Generate()
}
