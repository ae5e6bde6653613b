package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"sotto/models/kernel/simd"
	"sotto/models/tensor"
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
	l.name, l.group, l.batch = "avx2", 4, 6
	l.quantise = quantiseAVX2
	l.q4 = quantKernel(simd.Q4GemmAVX2, simd.Q4GemvAVX2, tensor.Q4_0)
	l.q8 = quantKernel(simd.Q8GemmAVX2, simd.Q8GemvAVX2, tensor.Q8_0)
	l.f32 = floatKernelOf(simd.GemmF32AVX2, simd.GemvF32AVX2, tensor.F32)
	l.f16 = floatKernelOf(simd.GemmF16AVX2, simd.GemvF16AVX2, tensor.F16)
	l.bf16 = floatKernelOf(simd.GemmBF16AVX2, simd.GemvBF16AVX2, tensor.BF16)
	l.scores, l.blend = scoresAVX2, blendAVX2
	l.dot = func(a, b []float32) float32 { return simd.Dot(first(a), first(b), len(a)) }
	l.axpy = func(dst []float32, a float32, x []float32) { simd.Axpy(first(dst), first(x), a, len(x)) }
	l.add = func(dst, x []float32) { simd.Add(first(dst), first(x), len(x)) }
	l.scale = func(x []float32, by float32) { simd.Scale(first(x), by, len(x)) }
	l.normScale = func(dst, x, weight []float32, by float32) {
		simd.NormScale(first(dst), first(x), first(weight), by, len(x))
	}
	l.softmax = func(x []float32) { simd.Softmax(first(x), len(x)) }
	l.softCap = func(x []float32, limit float32) { simd.SoftCap(first(x), limit, len(x)) }
	l.silu = func(x []float32) { simd.SiLU(first(x), len(x)) }
	l.glu = func(dst, value, gate []float32) { simd.GLU(first(dst), first(value), first(gate), len(dst)) }
	l.geluTanhMul = func(gate, up []float32) { simd.GELUTanhMul(first(gate), first(up), len(gate)) }
	l.clamp = func(x []float32, lo, hi float32) { simd.Clamp(first(x), lo, hi, len(x)) }
	l.rotate = func(x, cos, sin []float32) { simd.Rotate(first(x), first(cos), first(sin), len(cos)) }
	l.narrow = func(dst []uint16, x []float32) { simd.NarrowF16(unsafe.SliceData(dst), first(x), len(x)) }
	l.integerPeak = Peak{"VPMADDUBSW and VPADDW, 256 bits", 2 * 6 * 32, simd.PeakIntegersAVX2}
	l.floatPeak = Peak{"VFMADD231PS, 256 bits", 2 * 12 * 8, simd.PeakFloatsAVX2}
	l.read = func(data []byte, ahead int) { simd.ReadAVX2(&data[0], len(data)/stretch, ahead) }
	return l
}

// avx512 has its own products; all else is avx2's.
func avx512() level {
	l := avx2()
	l.name, l.group, l.batch = "avx512", 12, 12
	l.q4 = quantKernel(simd.Q4GemmAVX512, simd.Q4GemvAVX512, tensor.Q4_0)
	l.q8 = quantKernel(simd.Q8GemmAVX512, simd.Q8GemvAVX512, tensor.Q8_0)
	l.f32 = floatKernelOf(simd.GemmF32AVX512, simd.GemvF32AVX512, tensor.F32)
	l.f16 = floatKernelOf(simd.GemmF16AVX512, simd.GemvF16AVX512, tensor.F16)
	l.bf16 = floatKernelOf(simd.GemmBF16AVX512, simd.GemvBF16AVX512, tensor.BF16)
	l.integerPeak = Peak{"VPDPBUSD, 512 bits", 2 * 12 * 64, simd.PeakIntegersAVX512}
	l.floatPeak = Peak{"VFMADD231PS, 512 bits", 2 * 12 * 16, simd.PeakFloatsAVX512}
	l.read = func(data []byte, ahead int) { simd.ReadAVX512(&data[0], len(data)/stretch, ahead) }
	return l
}

func quantiseAVX2(q []int8, meta []Meta, x []float32, qStride, metaStride int) {
	blocks := len(x) / blockLen
	check(len(q) >= (blocks-1)*qStride+blockLen && len(meta) > (blocks-1)*metaStride, "%d blocks into %d codes", blocks, len(q))
	simd.QuantizeAVX2(&q[0], metaBytes(meta), &x[0], blocks, qStride, metaStride*int(unsafe.Sizeof(meta[0])))
}

// first returns where a slice begins; nil of none.
func first(x []float32) *float32 { return unsafe.SliceData(x) }

func metaBytes(meta []Meta) *byte { return (*byte)(unsafe.Pointer(&meta[0])) }

// quantKernel joins the kernel of one panel and several rows with that of
// several panels and one row.
func quantKernel(
	gemm func(dst *float32, dstStride int, w *byte, q *int8, meta *byte, group, m, blocks int),
	gemv func(dst *float32, w *byte, panels int, q *int8, meta *byte, blocks int),
	d tensor.DType,
) quantProduct {
	return func(dst []float32, stride int, w []byte, panels, blocks int, in group) {
		size := blocks * panelRows * d.BlockBytes()
		inside(dst, stride, w, panels, in.rows, size)
		if in.rows == 1 {
			gemv(&dst[0], &w[0], panels, &in.q[0], metaBytes(in.meta), blocks)
			return
		}
		for p := range panels {
			gemm(&dst[p*panelRows], stride, &w[p*size], &in.q[0], metaBytes(in.meta), in.rows, in.rows, blocks)
		}
	}
}

func floatKernelOf(
	gemm func(dst *float32, dstStride int, w *byte, x *float32, xStride, k, m int),
	gemv func(dst *float32, w *byte, panels int, x *float32, k int),
	d tensor.DType,
) floatProduct {
	return func(dst []float32, stride int, w []byte, panels, cols int, x []float32, xStride, n int) {
		size := cols * panelRows * d.BlockBytes()
		inside(dst, stride, w, panels, n, size)
		if n == 1 {
			gemv(&dst[0], &w[0], panels, &x[0], cols)
			return
		}
		for p := range panels {
			gemm(&dst[p*panelRows], stride, &w[p*size], &x[0], xStride, cols, n)
		}
	}
}

// inside stops a product that would leave its slices.
func inside(dst []float32, stride int, w []byte, panels, n, size int) {
	check(len(dst) >= (n-1)*stride+panels*panelRows && len(w) >= panels*size,
		"product of %d panels of %d bytes with %d inputs, given %d bytes and %d outputs", panels, size, n, len(w), len(dst))
}

// wide is how many numbers the attention kernels take at once.
const wide = 8

func scoresAVX2(dst []float32, stride int, q Heads, keys Vectors, n int) {
	dim := len(q.Values) / q.Count
	if dim%wide != 0 {
		scoresPortable(dst, stride, q, keys, n)
		return
	}
	check(len(dst) >= (q.Count-1)*stride+n && keys.Len() >= (n-1)*keys.Stride+dim, "scores of %d heads with %d keys into %d", q.Count, n, len(dst))
	if keys.Half != nil {
		simd.ScoresF16(&dst[0], stride, &q.Values[0], dim, &keys.Half[0], keys.Stride, dim, n, q.Count)
		return
	}
	simd.ScoresF32(&dst[0], stride, &q.Values[0], dim, &keys.Single[0], keys.Stride, dim, n, q.Count)
}

func blendAVX2(dst Heads, weights []float32, stride int, values Vectors, n int) {
	dim := len(dst.Values) / dst.Count
	if dim%wide != 0 {
		blendPortable(dst, weights, stride, values, n)
		return
	}
	check(len(weights) >= (dst.Count-1)*stride+n && values.Len() >= (n-1)*values.Stride+dim, "blend of %d heads with %d values by %d weights", dst.Count, n, len(weights))
	if values.Half != nil {
		simd.BlendF16(&dst.Values[0], dim, &weights[0], stride, &values.Half[0], values.Stride, dim, n, dst.Count)
		return
	}
	simd.BlendF32(&dst.Values[0], dim, &weights[0], stride, &values.Single[0], values.Stride, dim, n, dst.Count)
}
