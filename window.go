package sotto

import (
	"context"
	"strings"

	"sotto/audio"
	"sotto/decoder"
	"sotto/decoder/prompt"
	"sotto/decoder/sample"
	"sotto/encoder"
)

const (
	// A window ends after this many frames in which nobody spoke (the voice
	// activity's own hang-over comes on top), sooner once it has grown long.
	pauseFrames     = 8
	longPauseFrames = 2
	longWindow      = 15 * 1000 / audio.FrameMilli

	// block frames are encoded together (480 ms).
	block = 12

	// A reply may have this many tokens, and so many more per second of sound.
	// A model that wants more is repeating itself.
	replyTokens          = 16
	replyTokensPerSecond = 10
)

// window is one stretch of speech: what the encoder and the decoder remember
// of it. Every frame is encoded once and enters the decoder's memory once;
// drafts are written behind the sound and rewound.
type window struct {
	engine  *Engine
	tasks   []task
	segment int
	start   audio.Position
	longest int // frames after which it ends in any case

	ear     *encoder.Stream
	memory  *decoder.Stream
	waiting []audio.Frame // heard and not encoded yet, fewer than block
	sound   []float32     // sound tokens of a block

	frames int      // heard
	quiet  int      // frames since somebody spoke
	shown  []string // the newest text of each task
}

func newWindow(e *Engine, tasks []task, longest, segment int, start audio.Position) (*window, error) {
	head := e.prompts.Head()
	scratch := e.scratch(tasks, longest)
	w := &window{
		engine: e, tasks: tasks, segment: segment, start: start, longest: longest,
		ear:     e.encoder.NewStream(),
		memory:  e.decoder.NewStream(len(head)+longest+scratch, scratch),
		waiting: make([]audio.Frame, 0, block),
		sound:   make([]float32, block*e.encoder.Dims()),
		shown:   make([]string, len(tasks)),
	}
	return w, w.memory.Append(head)
}

// hear takes one frame. A block of them is encoded together, so that the weights
// are read once for all; sooner when the model is asked.
func (w *window) hear(f *audio.Frame, speech bool) error {
	w.waiting = append(w.waiting, *f)
	w.frames++
	w.quiet++
	if speech {
		w.quiet = 0
	}
	if len(w.waiting) < block {
		return nil
	}
	return w.encode()
}

// encode gives what is waiting to both towers: each frame is encoded once and
// its sound token remembered once.
func (w *window) encode() error {
	if len(w.waiting) == 0 {
		return nil
	}
	sound := w.sound[:len(w.waiting)*w.engine.encoder.Dims()]
	w.ear.Step(sound, w.waiting)
	w.waiting = w.waiting[:0]
	return w.memory.AppendAudio(sound)
}

// finish hears the voice's last samples, fewer than a frame, as a frame that
// ends in silence. The reference would give the model a part of a frame; that
// tells a model trained on whole sentences that the sentence is complete, and
// it completes one that was cut off.
func (w *window) finish(tail []float32) error {
	if len(tail) == 0 {
		return nil
	}
	var last audio.Frame
	copy(last[:], tail)
	return w.hear(&last, true)
}

// over reports that the stretch has ended, by a pause or by its length.
func (w *window) over() bool {
	switch {
	case w.frames >= w.longest:
		return true
	case w.frames >= longWindow:
		return w.quiet >= longPauseFrames
	}
	return w.quiet >= pauseFrames
}

func (w *window) end() audio.Position {
	return w.start + audio.Position(w.frames)*audio.FrameLen
}

// say writes task i's reply to the sound so far, then forgets having written it.
func (w *window) say(ctx context.Context, i int) (string, error) {
	if err := w.encode(); err != nil {
		return "", err
	}
	mark := w.memory.Mark()
	defer w.memory.Rewind(mark)
	t := &w.tasks[i]
	logits, err := w.memory.Logits(t.tail)
	if err != nil {
		return "", err
	}
	e := w.engine
	filter := e.prompts.NewFilter()
	var reply []int
	for range replyBudget(w.frames, t.Task, e.prompts) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		id := sample.Greedy(logits)
		if e.prompts.Stops(id) {
			break
		}
		if filter.Push(id) {
			reply = append(reply, id)
		}
		if logits, err = w.memory.Logits([]int{id}); err != nil {
			return "", err
		}
	}
	text := e.prompts.Extract(t.Task, e.model.Tokenizer.Decode(reply))
	return strings.TrimSpace(text), nil
}

// replyBudget returns how many tokens a reply to so many frames may have.
func replyBudget(frames int, t prompt.Task, p *prompt.Prompt) int {
	n := replyTokens + replyTokensPerSecond*frames*audio.FrameMilli/1000
	if p.RepeatsSource(t) {
		n *= 2
	}
	return n
}
