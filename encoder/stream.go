package encoder

import (
	"strconv"

	"sotto/audio"
	"sotto/encoder/mel"
	"sotto/models/kernel"
)

// Stream is what the tower remembers of one voice. Its size is fixed: the last
// 10 ms of samples, one mel row, one row of the first convolution, and for each
// layer window keys, window values and taps gated rows, of H floats each.
type Stream struct {
	encoder   *Encoder
	mel       *mel.Stream
	subsample *subsampleState
	layers    []layerState
	frames    int // stepped since the voice began; beyond the window only its being large matters
	observe   func(stage string, values []float32)

	// scratch of one frame
	four    [mel.RowsPerFrame]mel.Row
	x       []float32 // [H], the residual stream
	normed  []float32 // [H]
	input   []float32 // [H], a clipped copy of normed
	query   []float32 // [H]
	mixed   []float32 // [H]
	branch  []float32 // [H]
	wide    []float32 // [4H]
	weights []float32 // [window]
	tower   []float32 // [outputs]
}

// layerState is what one layer remembers.
type layerState struct {
	keys, values ring // [window, H]
	gated        ring // [taps, H]
}

// NewStream returns the memory of a voice that has not begun.
func (e *Encoder) NewStream() *Stream {
	s := &Stream{
		encoder:   e,
		mel:       mel.NewStream(),
		subsample: e.subsample.newState(),
		layers:    make([]layerState, len(e.layers)),
		x:         make([]float32, e.hidden),
		normed:    make([]float32, e.hidden),
		input:     make([]float32, e.hidden),
		query:     make([]float32, e.hidden),
		mixed:     make([]float32, e.hidden),
		branch:    make([]float32, e.hidden),
		wide:      make([]float32, 4*e.hidden),
		weights:   make([]float32, e.window),
		tower:     make([]float32, e.outputs),
	}
	for i := range s.layers {
		s.layers[i] = layerState{newRing(e.window, e.hidden), newRing(e.window, e.hidden), newRing(e.taps, e.hidden)}
	}
	return s
}

// Reset goes back to a voice that has not begun.
func (s *Stream) Reset() {
	s.mel.Reset()
	s.subsample.reset()
	for i := range s.layers {
		s.layers[i].gated.clear() // absent keys are not looked at, absent gated rows are zero
	}
	s.frames = 0
}

// Observe calls f with every stage of every later step: "subsample", "layer.0"
// and so on, "tower" and "token". It exists for comparison with a reference.
func (s *Stream) Observe(f func(stage string, values []float32)) { s.observe = f }

// Step hears the next 40 ms and writes their sound token, [Dims]. The voice is
// taken to go on: no later sound changes the token.
func (s *Stream) Step(dst []float32, frame *audio.Frame) {
	s.mel.Step(&s.four, (*[mel.FrameLen]float32)(frame))
	s.token(dst, mel.RowsPerFrame)
}

// Flush hears the last samples of the voice, at most a frame, and reports
// whether they gave a token. A mel row counts only when a sample behind its
// window exists, so 160 samples or fewer give none. The stream is spent
// afterwards, until Reset.
func (s *Stream) Flush(dst []float32, tail []float32) bool {
	valid := mel.Count(s.frames*audio.FrameLen+len(tail)) - s.frames*mel.RowsPerFrame
	if valid <= 0 {
		return false
	}
	var last audio.Frame
	copy(last[:], tail)
	s.mel.Step(&s.four, (*[mel.FrameLen]float32)(&last))
	clear(s.four[valid:])
	s.token(dst, valid)
	return true
}

// token carries the four mel rows of a frame, valid of them real, through the
// tower.
func (s *Stream) token(dst []float32, valid int) {
	e := s.encoder
	e.subsample.step(s.x, s.subsample, &s.four, valid)
	s.saw("subsample", s.x)
	for i := range e.layers {
		e.layers[i].step(s, &s.layers[i], s.x)
		if s.observe != nil {
			s.observe("layer."+strconv.Itoa(i), s.x)
		}
	}
	kernel.MatMul(s.tower, s.x, 1, e.outputProj)
	kernel.Axpy(s.tower, 1, e.outputBias)
	s.saw("tower", s.tower)
	kernel.RMSNorm(s.tower, s.tower, nil, e.eps)
	kernel.MatMul(dst, s.tower, 1, e.embedProj)
	s.saw("token", dst[:e.Dims()])
	s.frames++
}

func (s *Stream) saw(stage string, values []float32) {
	if s.observe != nil {
		s.observe(stage, values)
	}
}

// copied returns a copy of s.normed for a linear layer to clamp.
func (s *Stream) copied() []float32 {
	copy(s.input, s.normed)
	return s.input
}

// ring holds the newest rows of a sequence.
type ring struct {
	rows []float32 // [size, width]
	size int
	next int // where the next row goes
}

func newRing(size, width int) ring { return ring{rows: make([]float32, size*width), size: size} }

// push makes room for a new row and returns it, with whatever it held.
func (r *ring) push() []float32 {
	at := r.next
	r.next = (r.next + 1) % r.size
	return r.at(at)
}

// row returns the row pushed ago pushes before the newest.
func (r *ring) row(ago int) []float32 { return r.at((r.next - 1 - ago + 2*r.size) % r.size) }

func (r *ring) at(i int) []float32 {
	width := len(r.rows) / r.size
	return r.rows[i*width : (i+1)*width]
}

func (r *ring) clear() {
	clear(r.rows)
	r.next = 0
}
