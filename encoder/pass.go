package encoder

import (
	"strconv"

	"sotto/audio"
	"sotto/encoder/mel"
	"sotto/models/batch"
	"sotto/models/kernel"
)

// MaxBlock is the most frames that go through the tower together, of one voice
// or of several.
const MaxBlock = 24

// request is frames of one voice and room for their tokens, [len(frames), Dims].
// Of the last frame only the first valid mel rows count.
type request struct {
	s      *Stream
	frames []audio.Frame
	valid  int
	dst    []float32
}

// row is one frame on its way through the tower.
type row struct {
	s   *Stream
	pos int // frames before it in its voice
}

// pass is the memory of all passes of a tower, one after another. The layers
// find a row's past in its stream.
type pass struct {
	e       *Encoder
	team    *kernel.Team
	tickets []*batch.Ticket[request]
	observe func(stage string, values []float32)

	rows  [MaxBlock]row
	n     int // rows
	index int // of the layer in work
	l     *layer
	half  *feedForward // in work
	in    *linear      // in work, with
	x, y  []float32    // its input and output
	do    func(p *pass, i int)

	flat   []float32 // [n, freq1·C1], the convolutions' output
	stream []float32 // [n, H], the residual stream
	normed []float32 // [n, H]
	input  []float32 // [n, H], a clamped copy of normed
	query  []float32 // [n, H]
	key    []float32 // [n, H]
	value  []float32 // [n, H]
	mixed  []float32 // [n, H]
	branch []float32 // [n, H]
	wide   []float32 // [n, 4H]
	tower  []float32 // [n, outputs]
	tokens []float32 // [n, Dims]
	scores []float32 // [n, window]
}

func newPass(e *Encoder, team *kernel.Team) *pass {
	floats := func(width int) []float32 { return make([]float32, MaxBlock*width) }
	h := e.hidden
	return &pass{
		e: e, team: team,
		flat: floats(e.subsample.outputs()), stream: floats(h), normed: floats(h), input: floats(h), query: floats(h),
		key: floats(h), value: floats(h), mixed: floats(h), branch: floats(h), wide: floats(4 * h),
		tower: floats(e.outputs), tokens: floats(e.Dims()), scores: floats(e.window),
	}
}

// serve encodes the frames of all requests.
func (p *pass) serve(tickets []*batch.Ticket[request]) {
	p.team.Lock()
	defer p.team.Unlock()
	p.gather(tickets)
	p.team.Do((*hearing)(p), len(tickets))
	p.matmul(p.stream, p.flat, p.e.subsample.project)
	p.saw("subsample", p.stream)
	for i := range p.e.layers {
		p.index, p.l = i, &p.e.layers[i]
		p.layer()
		if p.observe != nil {
			p.saw("layer."+strconv.Itoa(i), p.stream)
		}
	}
	p.matmul(p.tower, p.stream, p.e.outputProj)
	p.each((*pass).addBias)
	p.saw("tower", p.tower)
	p.each((*pass).normTower)
	p.matmul(p.tokens, p.tower, p.e.embedProj)
	p.saw("token", p.tokens)
	p.answer()
}

func (p *pass) gather(tickets []*batch.Ticket[request]) {
	p.tickets, p.n, p.observe = tickets, 0, nil
	for _, t := range tickets {
		r := &t.Request
		for i := range r.frames {
			p.rows[p.n] = row{s: r.s, pos: r.s.frames + i}
			p.n++
		}
		if len(tickets) == 1 {
			p.observe = r.s.observe
		}
	}
}

func (p *pass) answer() {
	tokens := p.tokens
	for _, t := range p.tickets {
		r := &t.Request
		n := len(r.frames) * p.e.Dims()
		copy(r.dst, tokens[:n])
		tokens = tokens[n:]
		r.s.frames += len(r.frames)
	}
}

// hearing is mel and the convolutions, which follow each other frame by frame,
// one voice at a time.
type hearing pass

func (h *hearing) Chunk(_, i int) {
	at := 0
	for _, t := range h.tickets[:i] {
		at += len(t.Request.frames)
	}
	r, width := &h.tickets[i].Request, h.e.subsample.outputs()
	for k := range r.frames {
		valid := mel.RowsPerFrame
		if k == len(r.frames)-1 {
			valid = r.valid
		}
		r.s.mel.Step(&r.s.four, (*[mel.FrameLen]float32)(&r.frames[k]))
		clear(r.s.four[valid:])
		h.e.subsample.step(h.flat[(at+k)*width:(at+k+1)*width], r.s.subsample, &r.s.four, valid)
	}
}

func (p *pass) addBias(i int) { kernel.Add(rowOf(p.tower, p.e.outputs, i), p.e.outputBias) }

func (p *pass) normTower(i int) {
	x := rowOf(p.tower, p.e.outputs, i)
	kernel.RMSNorm(x, x, nil, p.e.eps)
}

// matmul multiplies all rows.
func (p *pass) matmul(dst, x []float32, w *kernel.Weights) {
	p.team.MatMul(x, p.n, kernel.Product{Dst: dst, W: w})
}

// each does a step for every row.
func (p *pass) each(do func(p *pass, i int)) {
	p.do = do
	p.team.Do(p, p.n)
}

// Chunk does the step for one row.
func (p *pass) Chunk(_, i int) { p.do(p, i) }

// rowOf returns row i of a scratch of the given width.
func rowOf(x []float32, width, i int) []float32 { return x[i*width : (i+1)*width] }

// row returns row i of a scratch of width H.
func (p *pass) row(x []float32, i int) []float32 { return rowOf(x, p.e.hidden, i) }

func (p *pass) saw(stage string, x []float32) {
	if p.observe == nil {
		return
	}
	width := len(x) / MaxBlock
	for i := range p.n {
		p.observe(stage, rowOf(x, width, i))
	}
}
