package encoder

import (
	"sotto/audio"
	"sotto/encoder/mel"
	"sotto/models/batch"
)

// Stream is what the tower remembers of one voice. Its size is fixed: the last
// 10 ms of samples, one mel row, one row of the first convolution, and for each
// layer the keys, values and gated rows that a block looks back at, of H floats
// each. It belongs to one goroutine at a time; steps of several voices that come
// together are computed together.
type Stream struct {
	encoder   *Encoder
	mel       *mel.Stream
	subsample *subsampleState
	layers    []layerState
	frames    int // stepped since the voice began
	observe   func(stage string, values []float32)

	four   [mel.RowsPerFrame]mel.Row
	last   [1]audio.Frame
	ticket *batch.Ticket[request]
}

// layerState is what one layer remembers.
type layerState struct {
	keys, values ring // [window−1 + MaxBlock, H]
	gated        ring // [taps−1 + MaxBlock, H]
}

// NewStream returns the memory of a voice that has not begun.
func (e *Encoder) NewStream() *Stream {
	s := &Stream{
		encoder:   e,
		mel:       mel.NewStream(),
		subsample: e.subsample.newState(),
		layers:    make([]layerState, len(e.layers)),
		ticket:    batch.NewTicket[request](),
	}
	for i := range s.layers {
		window, taps := e.window-1+MaxBlock, e.taps-1+MaxBlock
		s.layers[i] = layerState{newRing(window, e.hidden), newRing(window, e.hidden), newRing(taps, e.hidden)}
	}
	return s
}

// Reset goes back to a voice that has not begun.
func (s *Stream) Reset() {
	s.mel.Reset()
	s.subsample.reset()
	s.frames = 0
}

// Observe calls f with every stage of every later frame: "subsample", "layer.0"
// and so on, "tower" and "token". It exists for comparison with a reference.
func (s *Stream) Observe(f func(stage string, values []float32)) { s.observe = f }

// Step hears the next frames, 40 ms each, and writes their sound tokens,
// [len(frames), Dims]. The voice is taken to go on: no later sound changes the
// tokens, and they are the same however the voice is cut into steps.
func (s *Stream) Step(dst []float32, frames []audio.Frame) {
	for len(frames) > 0 {
		n := min(MaxBlock, len(frames))
		s.pass(request{frames: frames[:n], valid: mel.RowsPerFrame, dst: dst})
		dst, frames = dst[n*s.encoder.Dims():], frames[n:]
	}
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
	s.last[0] = audio.Frame{}
	copy(s.last[0][:], tail)
	s.pass(request{frames: s.last[:], valid: valid, dst: dst})
	return true
}

// pass has frames encoded, with whatever other voices have now.
func (s *Stream) pass(r request) {
	r.s = s
	s.ticket.Request, s.ticket.Size = r, len(r.frames)
	if s.observe != nil {
		s.ticket.Size = MaxBlock // alone
	}
	s.encoder.queue.Wait(s.ticket)
}

// ring holds the newest rows of a sequence.
type ring struct {
	rows        []float32 // [size, width]
	size, width int
}

func newRing(size, width int) ring {
	return ring{rows: make([]float32, size*width), size: size, width: width}
}

// row returns the place of row pos, which holds it until row pos+size comes.
func (r *ring) row(pos int) []float32 { return rowOf(r.rows, r.width, pos%r.size) }
