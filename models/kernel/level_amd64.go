package kernel

import (
	"golang.org/x/sys/cpu"

	"sotto/models/kernel/simd"
)

// faster returns the forms beyond portable that this processor can use, the
// fastest first.
func faster() []level {
	var all []level
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VNNI {
		all = append(all, avx512())
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, avx2())
	}
	return all
}

func avx2() level {
	l := portable
	l.name, l.group = "avx2", 4
	l.quantise = quantiseAVX2
	l.q4 = quantKernel(simd.Q4GemmAVX2, simd.Q4GemvAVX2)
	l.q8 = quantKernel(simd.Q8GemmAVX2, simd.Q8GemvAVX2)
	return l
}

// avx512 has its own products; all else is avx2's.
func avx512() level {
	l := avx2()
	l.name, l.group = "avx512", 12
	l.q4 = quantKernel(simd.Q4GemmAVX512, simd.Q4GemvAVX512)
	l.q8 = quantKernel(simd.Q8GemmAVX512, simd.Q8GemvAVX512)
	return l
}

func quantiseAVX2(q []int8, meta []Meta, x []float32, qStride, metaStride int) {
	blocks := len(x) / blockLen
	check(len(q) >= (blocks-1)*qStride+blockLen && len(meta) > (blocks-1)*metaStride, "%d blocks into %d codes", blocks, len(q))
	simd.QuantizeAVX2(&q[0], bytes(meta), &x[0], blocks, qStride, metaStride*metaBytes)
}

// quantKernel joins the kernel of one panel and several rows with that of
// several panels and one row.
func quantKernel(
	gemm func(dst *float32, dstStride int, w *byte, q *int8, meta *byte, group, m, blocks int),
	gemv func(dst *float32, w *byte, panels int, q *int8, meta *byte, blocks int),
) quantProduct {
	return func(dst []float32, stride int, w []byte, panels, blocks int, in group) {
		size := len(w) / panels // at least the panel's bytes
		_ = dst[(in.rows-1)*stride+panels*panelRows-1]
		if in.rows == 1 {
			gemv(&dst[0], &w[0], panels, &in.q[0], bytes(in.meta), blocks)
			return
		}
		_ = size
		for p := range panels {
			gemm(&dst[p*panelRows], stride, &w[p*size], &in.q[0], bytes(in.meta), in.rows, in.rows, blocks)
		}
	}
}
