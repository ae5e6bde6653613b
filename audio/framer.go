package audio

// Framer cuts samples into frames. The zero value is ready.
type Framer struct {
	waiting []float32
	frame   Frame
	taken   Position
}

// Write takes samples of any number.
func (f *Framer) Write(samples []float32) { f.waiting = append(f.waiting, samples...) }

// Next returns the next complete frame; it is overwritten by the call after.
func (f *Framer) Next() (frame *Frame, ok bool) {
	if len(f.waiting) < FrameLen {
		return nil, false
	}
	copy(f.frame[:], f.waiting)
	f.waiting = f.waiting[:copy(f.waiting, f.waiting[FrameLen:])]
	f.taken += FrameLen
	return &f.frame, true
}

// Rest returns the samples that do not fill a frame, fewer than FrameLen once
// Next has said no. They are overwritten by the next Write.
func (f *Framer) Rest() []float32 { return f.waiting }

// Position returns where the next frame begins.
func (f *Framer) Position() Position { return f.taken }
