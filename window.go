package sotto

import (
	"math"
	"slices"

	"sotto/audio"
	"sotto/decoder"
	"sotto/encoder"
)

// block frames are encoded together (480 ms), sooner when the model is asked.
const block = 12

// silentDB stands for silence.
const silentDB = -120

// window is the sound that the model is given at once, and what both towers
// remember of it. Every frame is encoded once and enters the decoder's memory
// once; what a cut carries over enters the next window's.
type window struct {
	ear   *encoder.Stream
	trunk *decoder.Stream
	head  []int // prompt ids before the sound
	dims  int

	waiting []audio.Frame // heard and not encoded yet, fewer than block
	sound   []float32     // sound tokens of the window, [encoded, dims]
	levels  []float32     // dB of every frame heard
	places  []place       // where the frames were in the voice
}

// place says that from a frame on the window goes on at a position.
type place struct {
	frame int
	at    audio.Position
}

func newWindow(e *Engine, longest, scratch int) *window {
	dims, head := e.encoder.Dims(), e.prompts.Head()
	return &window{
		ear:   e.encoder.NewStream(),
		trunk: e.decoder.NewStream(len(head)+longest+scratch, 1),
		head:  head, dims: dims,
		waiting: make([]audio.Frame, 0, block),
		sound:   make([]float32, 0, longest*dims),
		levels:  make([]float32, 0, longest),
	}
}

// frames returns how many have been heard.
func (w *window) frames() int { return len(w.levels) }

// clear makes the window empty, with an encoder that has heard nothing.
func (w *window) clear() error {
	w.ear.Reset()
	w.waiting, w.sound, w.levels, w.places = w.waiting[:0], w.sound[:0], w.levels[:0], w.places[:0]
	w.trunk.Reset()
	return w.trunk.Append(w.head)
}

// goOn says where in the voice the next frame is.
func (w *window) goOn(at audio.Position) {
	w.places = append(w.places, place{w.frames(), at})
}

// hear takes one frame. A block of them is encoded together, so that the weights
// are read once for all.
func (w *window) hear(f *audio.Frame, levelDB float64) error {
	w.waiting = append(w.waiting, *f)
	w.levels = append(w.levels, float32(math.Max(levelDB, silentDB)))
	if len(w.waiting) < block {
		return nil
	}
	return w.encode()
}

// encode gives what is waiting to both towers.
func (w *window) encode() error {
	if len(w.waiting) == 0 {
		return nil
	}
	at, more := len(w.sound), len(w.waiting)*w.dims
	w.sound = slices.Grow(w.sound, more)[:at+more]
	w.ear.Step(w.sound[at:], w.waiting)
	w.waiting = w.waiting[:0]
	return w.trunk.AppendAudio(w.sound[at:])
}

// position returns where in the voice a frame begins.
func (w *window) position(frame int) audio.Position {
	i := len(w.places) - 1
	for i > 0 && w.places[i].frame > frame {
		i--
	}
	return w.places[i].at + audio.Position(frame-w.places[i].frame)*audio.FrameLen
}

// quietest returns the frame of [from, to] that is least loud.
func (w *window) quietest(from, to int) int {
	best := max(from, 0)
	for f := best + 1; f <= min(to, w.frames()-1); f++ {
		if w.levels[f] < w.levels[best] {
			best = f
		}
	}
	return best
}

// cut forgets all frames before one; the encoder goes on as if nothing had
// happened.
func (w *window) cut(frame int) error {
	at := w.position(frame)
	w.sound = append(w.sound[:0], w.sound[frame*w.dims:]...)
	w.levels = append(w.levels[:0], w.levels[frame:]...)
	kept := []place{{0, at}}
	for _, p := range w.places {
		if p.frame > frame {
			kept = append(kept, place{p.frame - frame, p.at})
		}
	}
	w.places = kept
	w.trunk.Reset()
	if err := w.trunk.Append(w.head); err != nil {
		return err
	}
	return w.trunk.AppendAudio(w.sound)
}
