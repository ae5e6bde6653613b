// Float writes the float kernels of models/kernel/simd:
//
//	go run ./float -pkg simd -out ../simd/float_amd64.s -stubs ../simd/float_amd64.go
//
// Its output is committed; the same generator writes the same bytes.
package main

import "github.com/mmcloughlin/avo/build"

func main() {
	for _, l := range []level{avx2, avx512} {
		for _, f := range []format{f32, f16, bf16} {
			gemm(l, f)
			gemv(l, f)
		}
	}
	narrowF16()
	widenF16()
	for _, f := range []format{f32, f16} {
		scores(f)
		blend(f)
	}
	sums()
	elements()
	build.Generate()
}
