package kernel

import "sotto/models/tensor"

// Product is one output of a multiplication: Dst [n, rows of W] = x·Wᵀ.
type Product struct {
	Dst []float32
	W   *Weights
}

// MatMul multiplies n inputs x [n, cols] by one matrix or by several of the
// same width, on all workers.
func (t *Team) MatMul(x []float32, n int, products ...Product) {
	m := &t.matmul
	m.begin(x, n, products)
	if m.integer {
		t.Do(&m.inputs, n)
	}
	t.Do(m, (m.panels+m.per-1)/m.per)
}

// matmul is one multiplication in work.
type matmul struct {
	x        []float32
	n, cols  int
	products [maxProducts]Product
	count    int
	panels   int  // of all products
	per      int  // panels of a chunk
	integer  bool // some product wants quantised inputs
	inputs   quantised
	partial  [][]float32 // by worker, the outputs of a last panel that is not full
}

const (
	maxProducts = 3
	// chunkPanels and chunkWork limit a chunk, in panels and in multiplications:
	// 64 to 400 kB of weights, up to 100 µs of one core's work, which is also how
	// long the collector may have to wait for it.
	chunkPanels = 16
	chunkWork   = 10 << 20
)

func (m *matmul) begin(x []float32, n int, products []Product) {
	check(len(products) <= maxProducts, "%d products at once, at most %d", len(products), maxProducts)
	m.x, m.n, m.cols, m.panels, m.integer = x, n, products[0].W.Cols(), 0, false
	m.count = copy(m.products[:], products)
	for _, p := range products {
		rows, cols := p.W.Rows(), p.W.Cols()
		check(cols == m.cols && len(x) >= n*cols && len(p.Dst) >= n*rows, "MatMul of [%d, %d] with %d inputs into %d values", rows, cols, n, len(p.Dst))
		m.panels += p.W.panels()
		m.integer = m.integer || p.W.integer()
	}
	m.per = max(1, min(chunkPanels, chunkWork/(n*m.cols*panelRows), m.panels/(4*len(m.partial))))
	if m.integer {
		m.inputs.begin(x, n, m.cols)
	}
}

// Chunk computes some panels, which may end in the middle of a product and go on
// in the next.
func (m *matmul) Chunk(worker, i int) {
	from, to := i*m.per, min((i+1)*m.per, m.panels)
	for k := range m.count {
		p := &m.products[k]
		panels := p.W.panels()
		if from < panels && from < to {
			m.product(p, from, min(to, panels), m.partial[worker])
		}
		from, to = max(0, from-panels), to-panels
	}
}

// product computes panels [from, to) of one product.
func (m *matmul) product(p *Product, from, to int, partial []float32) {
	w, rows := p.W, p.W.Rows()
	if !w.Packed() {
		w.reference(p.Dst, m.x, m.n, from*panelRows, min(to*panelRows, rows))
		return
	}
	full := min(to, rows/panelRows)
	if from < full {
		m.multiply(p.Dst[from*panelRows:], rows, w, from, full-from, 0, m.n)
	}
	if full == to {
		return
	}
	// The last panel has outputs to spare: it goes through a scratch.
	at := full * panelRows
	for t := 0; t < m.n; t += use.group {
		n := min(use.group, m.n-t)
		m.multiply(partial, panelRows, w, full, 1, t, n)
		for i := range n {
			copy(p.Dst[(t+i)*rows+at:(t+i+1)*rows], partial[i*panelRows:])
		}
	}
}

// multiply computes some panels for inputs [first, first+n); first is a multiple
// of the level's group. A panel stays near while all inputs meet it.
func (m *matmul) multiply(dst []float32, stride int, w *Weights, panel, panels, first, n int) {
	most, run := use.group, m.integers
	if !w.integer() {
		most, run = use.batch, m.floats
	}
	if n <= most {
		run(dst, stride, w, panel, panels, first, n)
		return
	}
	for p := range panels {
		for t := 0; t < n; t += most {
			run(dst[t*stride+p*panelRows:], stride, w, panel+p, 1, first+t, min(most, n-t))
		}
	}
}

// integers multiplies one group of quantised inputs.
func (m *matmul) integers(dst []float32, stride int, w *Weights, panel, panels, first, _ int) {
	kernel := use.q4
	if w.stored.DType == tensor.Q8_0 {
		kernel = use.q8
	}
	kernel(dst, stride, w.panel(panel), panels, m.cols/blockLen, m.inputs.group(first))
}

// floats multiplies n inputs as they are.
func (m *matmul) floats(dst []float32, stride int, w *Weights, panel, panels, first, n int) {
	floatKernel(w.stored.DType)(dst, stride, w.panel(panel), panels, m.cols, m.x[first*m.cols:], m.cols, n)
}

func floatKernel(d tensor.DType) floatProduct {
	switch d {
	case tensor.F16:
		return use.f16
	case tensor.BF16:
		return use.bf16
	}
	return use.f32
}

// quantised holds the inputs of a multiplication as blocks of 32 codes, in
// groups of use.group rows.
type quantised struct {
	x       []float32
	n, cols int
	q       []int8
	meta    []Meta
}

func (z *quantised) begin(x []float32, n, cols int) {
	z.x, z.n, z.cols = x, n, cols
	if len(z.q) < n*cols {
		z.q, z.meta = make([]int8, n*cols), make([]Meta, n*cols/blockLen)
	}
}

// Chunk quantises row i.
func (z *quantised) Chunk(_, i int) {
	g := z.group(i - i%use.group)
	t := i % use.group
	use.quantise(g.q[t*blockLen:], g.meta[t:], z.x[i*z.cols:(i+1)*z.cols], g.rows*blockLen, g.rows)
}

// group returns the group that starts with row first.
func (z *quantised) group(first int) group {
	rows, blocks := min(use.group, z.n-first), z.cols/blockLen
	return group{
		q:    z.q[first*z.cols : (first+rows)*z.cols],
		meta: z.meta[first*blocks : (first+rows)*blocks],
		rows: rows,
	}
}

// MatMul multiplies n inputs by a matrix that is not quantised, on the calling
// goroutine: x [n, cols] → dst [n, rows] = x·wᵀ.
func MatMul(dst, x []float32, n int, w *Weights) {
	rows, cols := w.Rows(), w.Cols()
	check(len(x) >= n*cols && len(dst) >= n*rows, "MatMul of [%d, %d] with %d inputs into %d values", rows, cols, n, len(dst))
	if !w.Packed() {
		w.reference(dst, x, n, 0, rows)
		return
	}
	check(!w.integer() && rows%panelRows == 0, "MatMul of %d packed rows, which a team must do", rows)
	for t := 0; t < n; t += use.batch {
		floatKernel(w.stored.DType)(dst[t*rows:], rows, w.panel(0), w.panels(), cols, x[t*cols:], cols, min(use.batch, n-t))
	}
}
