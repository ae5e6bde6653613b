package sotto

import (
	"context"

	"sotto/decoder"
	"sotto/decoder/guard"
	"sotto/decoder/policy"
	"sotto/decoder/prompt"
)

// Trace is a reply to a recording, decoded to its end, and where each of some
// heads looked while it was written.
type Trace struct {
	IDs    []int
	Frames [][]int     // [token][head], the 40 ms frame that is looked at most; -1: none
	Masses [][]float32 // [token][head], the share of the head's attention on the sound
}

// Trace replies to a whole recording of at most 28 s at 16 kHz: a transcript when
// target is the source. It is how the heads of a model are found that show where
// in the sound a word is.
func (e *Engine) Trace(ctx context.Context, samples []float32, source, target string, heads []policy.Head) (*Trace, error) {
	tail, err := e.prompts.Tail(prompt.Task{Source: source, Target: target})
	if err != nil {
		return nil, err
	}
	watched := make([]decoder.Head, len(heads))
	for i, h := range heads {
		watched[i] = decoder.Head(h)
	}
	sound := e.encoder.Encode(samples)
	frames := len(sound) / e.encoder.Dims()
	trunk := e.decoder.NewStream(len(e.prompts.Head())+frames+e.scratch(source, "", frames), 1)
	if err := trunk.Append(e.prompts.Head()); err != nil {
		return nil, err
	}
	from := trunk.Len()
	if err := trunk.AppendAudio(sound); err != nil {
		return nil, err
	}
	fork := trunk.Fork()
	fork.Watch(watched, from, trunk.Len())
	trace, best, attention := new(Trace), make([]int, 1), make([]float32, len(heads)*frames)
	ids, filter := tail, e.prompts.NewFilter()
	for range guard.Budget(frames) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := e.decoder.Together(decoder.Ask{Stream: fork, IDs: ids, Keep: 1, Best: best, Attention: attention}); err != nil {
			return nil, err
		}
		if e.prompts.Stops(best[0]) {
			break
		}
		if filter.Push(best[0]) {
			trace.add(best[0], attention, len(heads), frames)
		}
		ids = []int{best[0]}
	}
	return trace, nil
}

// add keeps where each head looked when it wrote id.
func (t *Trace) add(id int, attention []float32, heads, frames int) {
	f, m := make([]int, heads), make([]float32, heads)
	for h := range heads {
		f[h], m[h], _ = policy.Frames(attention[h*frames:(h+1)*frames], 1, frames, -1, 3)
	}
	t.IDs, t.Frames, t.Masses = append(t.IDs, id), append(t.Frames, f), append(t.Masses, m)
}
