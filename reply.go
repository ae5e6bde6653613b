package sotto

import (
	"strings"

	"sotto/decoder"
	"sotto/decoder/guard"
	"sotto/decoder/policy"
	"sotto/decoder/prompt"
)

const (
	// draftLen is the most that one step drafts behind what was said.
	draftLen = 32
	// thoughtLen is the most that a reply may say before its text, beside a
	// transcript.
	thoughtLen = 64
)

// stage says what part of a reply is being written.
type stage uint8

const (
	text       stage = iota
	transcript       // of the sound, before its translation
	thought          // in a channel of its own
	over
)

// reply is what the model would say to the sound so far. Every step writes it
// anew, behind the end of the sound, on a fork of the decoder's memory:
//
//	sound · tail · lead · said · draft
//
// The tail ends the prompt; the lead is a transcript or thoughts, which are never
// shown; said is committed text. What the step before wrote is expected again
// and verified in the same pass.
type reply struct {
	engine  *Engine
	task    task
	fork    *decoder.Stream
	aligner *policy.Aligner

	draft []policy.Token // behind said
	ended bool           // the model ended its reply behind the draft

	// of the step in work
	stage   stage
	said    []int
	frames  int // of sound
	limit   int // of the draft
	lead    []int
	before  []int // the lead of the step before
	filter  *prompt.Filter
	visible []int // what a reader would see of the lead
	ids     []int // to append, the expected ones last
	spec    []int // expected

	best      []int
	probs     []float32
	attention []float32
}

// begin prepares a step behind so many frames of sound, which lie at a position
// of the trunk, and behind the ids that were said. A final reply may be as long
// as the sound allows.
func (r *reply) begin(said []int, soundAt, frames int, final bool) {
	r.fork.Rebase()
	r.fork.Watch(r.engine.heads, soundAt, soundAt+frames)
	r.said, r.frames, r.ended = said, frames, false
	r.limit = max(guard.Budget(frames)-len(said), 0)
	if !final {
		r.limit = min(r.limit, draftLen)
	}
	r.ids = append(r.ids[:0], r.task.tail...)
	r.before, r.lead = r.lead, r.before[:0]
	r.filter, r.visible = r.engine.prompts.NewFilter(), r.visible[:0]
	r.stage = text
	if r.task.bridge != nil {
		r.stage = transcript
		r.expect(r.before)
		return
	}
	r.expectText()
}

// expectText goes on with what was said and, perhaps, the draft before.
func (r *reply) expectText() {
	r.ids = append(r.ids, r.said...)
	expected := make([]int, 0, len(r.draft))
	for i := range r.draft {
		expected = append(expected, r.draft[i].ID)
	}
	r.draft = r.draft[:0]
	r.expect(expected[:min(len(expected), r.limit)])
}

func (r *reply) expect(ids []int) {
	r.spec = ids
	r.ids = append(r.ids, ids...)
}

// ask is what the step wants of the decoder next; ok is false when it has all.
func (r *reply) ask() (a decoder.Ask, ok bool) {
	keep := len(r.spec) + 1
	r.best = resized(r.best, keep)
	r.probs = resized(r.probs, keep)
	r.attention = resized(r.attention, keep*r.row())
	return decoder.Ask{Stream: r.fork, IDs: r.ids, Keep: keep, Best: r.best, Probs: r.probs, Attention: r.attention}, r.stage != over
}

// row is the number of attention weights of one token.
func (r *reply) row() int { return len(r.engine.heads) * r.frames }

func resized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n, 2*n)
	}
	return x[:n]
}

// take reads the answer to ask: the expected ids as far as the model says them
// too, and one more, which the next ask appends.
func (r *reply) take() {
	spec := r.spec
	r.ids, r.spec = r.ids[:0], nil
	for i, id := range r.best {
		expected := i < len(spec) && spec[i] == id
		was := r.stage
		r.push(id, r.probs[i], r.attention[i*r.row():(i+1)*r.row()])
		if expected && r.stage == was {
			continue
		}
		wrong := len(spec) - i
		if expected {
			wrong--
		} else {
			r.ids = append(r.ids, id)
		}
		r.fork.Drop(wrong)
		if r.stage == text && was != text {
			if was == transcript {
				r.ids = append(r.ids, r.task.bridge...)
			}
			r.expectText()
		}
		return
	}
}

// push takes the next id that the model says.
func (r *reply) push(id int, prob float32, attention []float32) {
	p := r.engine.prompts
	visible := r.filter.Push(id)
	switch {
	case r.stage == text && p.Stops(id):
		r.stage, r.ended = over, true
	case r.stage == text && visible:
		r.write(id, prob, attention)
	case r.stage == text && r.filter.Inside() && len(r.said)+len(r.draft) == 0:
		r.stage = thought
		r.lead = append(r.lead, id)
	case r.stage == text, p.Stops(id), len(r.lead) >= thoughtLen+guard.Budget(r.frames):
		r.stage = over
	default:
		r.lead = append(r.lead, id)
		r.leave(id, visible)
	}
}

// write adds an id to the draft.
func (r *reply) write(id int, prob float32, attention []float32) {
	if len(r.draft) >= r.limit {
		r.stage = over
		return
	}
	d := policy.Token{ID: id, Prob: prob, Closes: closes(r.engine.model.Tokenizer.Decode([]int{id}))}
	d.Frame, d.Mass, d.Recent = r.aligner.Frames(attention, len(r.engine.heads), r.frames, -1, r.engine.table.Median)
	r.draft = append(r.draft, d)
}

// leave goes from the lead to the text: behind the line of the transcript, or
// behind thoughts.
func (r *reply) leave(id int, visible bool) {
	switch {
	case r.stage == thought && !r.filter.Inside():
		r.stage = text
	case r.stage == transcript && visible:
		r.visible = append(r.visible, id)
		if strings.Contains(r.engine.model.Tokenizer.Decode(r.visible), "\n") {
			r.stage = text
		}
	}
}

// closes reports that a token is nothing but closing marks.
func closes(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && strings.Trim(text, ".,;:?!。、，？！…") == ""
}
