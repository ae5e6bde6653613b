package kernel

// reference writes outputs [from, to) of n inputs x [n, cols] to dst [n, rows],
// every sum in double precision.
func (w *Weights) reference(dst, x []float32, n, from, to int) {
	rows, cols := w.Rows(), w.Cols()
	var buf []float32
	if w.expanded == nil {
		s := w.scratch.Get().(*[]float32)
		defer w.scratch.Put(s)
		buf = *s
	}
	for r := from; r < to; r += 4 {
		have := min(4, to-r)
		block := w.rows(buf, r, have)
		if have < 4 {
			for i := range have {
				row := block[i*cols : (i+1)*cols]
				for k := range n {
					dst[k*rows+r+i] = dotPortable(row, x[k*cols:(k+1)*cols])
				}
			}
			continue
		}
		w0, w1, w2, w3 := block[:cols], block[cols:2*cols], block[2*cols:3*cols], block[3*cols:4*cols]
		k := 0
		for ; k+2 <= n; k += 2 {
			dot4x2(dst[k*rows+r:], dst[(k+1)*rows+r:], w0, w1, w2, w3, x[k*cols:(k+1)*cols], x[(k+1)*cols:(k+2)*cols])
		}
		if k < n {
			dot4(dst[k*rows+r:], w0, w1, w2, w3, x[k*cols:(k+1)*cols])
		}
	}
}

// dot4 writes the products of four rows with one input.
func dot4(dst, w0, w1, w2, w3, x []float32) {
	w0, w1, w2, w3 = w0[:len(x)], w1[:len(x)], w2[:len(x)], w3[:len(x)]
	var a0, a1, a2, a3 float64
	for i, u := range x {
		v := float64(u)
		a0 += float64(w0[i]) * v
		a1 += float64(w1[i]) * v
		a2 += float64(w2[i]) * v
		a3 += float64(w3[i]) * v
	}
	dst = dst[:4]
	dst[0], dst[1], dst[2], dst[3] = float32(a0), float32(a1), float32(a2), float32(a3)
}

// dot4x2 writes the products of four rows with two inputs: each weight is read
// once for both. Every sum runs over its terms in order, as in dot4.
func dot4x2(dst0, dst1, w0, w1, w2, w3, x0, x1 []float32) {
	n := len(x0)
	w0, w1, w2, w3, x1 = w0[:n], w1[:n], w2[:n], w3[:n], x1[:n]
	var a0, a1, a2, a3, b0, b1, b2, b3 float64
	for i := range n {
		u, v := float64(x0[i]), float64(x1[i])
		y0, y1, y2, y3 := float64(w0[i]), float64(w1[i]), float64(w2[i]), float64(w3[i])
		a0 += y0 * u
		b0 += y0 * v
		a1 += y1 * u
		b1 += y1 * v
		a2 += y2 * u
		b2 += y2 * v
		a3 += y3 * u
		b3 += y3 * v
	}
	dst0, dst1 = dst0[:4], dst1[:4]
	dst0[0], dst0[1], dst0[2], dst0[3] = float32(a0), float32(a1), float32(a2), float32(a3)
	dst1[0], dst1[1], dst1[2], dst1[3] = float32(b0), float32(b1), float32(b2), float32(b3)
}
