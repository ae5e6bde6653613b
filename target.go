package sotto

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sotto/decoder"
	"sotto/decoder/guard"
	"sotto/decoder/policy"
	"sotto/decoder/prompt"
	"sotto/decoder/words"
)

// manyDrafts is how many drafts a policy may compare.
const manyDrafts = 4

// task is one target language with its rendered prompt.
type task struct {
	prompt.Task
	tail   []int // prompt ids after the sound
	bridge []int // ids between a transcript and its translation; nil: no transcript is asked for
}

func (t *task) language() string {
	if t.Target == "" {
		return t.Source
	}
	return t.Target
}

// saidToken is a committed token and what it leans on.
type saidToken struct {
	id    int
	frame int // of the window, never before the one before; -1: unknown
}

// target is one language of a voice: what it has said in the window, and what it
// would say next.
type target struct {
	reply
	policy policy.Policy
	cutter *words.Cutter

	said     []saidToken
	evidence policy.Evidence
	spoke    bool   // something was committed in this segment
	passed   bool   // the draft before passed as certain
	shown    string // the newest tail
}

func newTarget(e *Engine, t task, p policy.Policy, trunk *decoder.Stream) *target {
	return &target{
		reply:  reply{engine: e, task: t, fork: trunk.Fork(), aligner: e.table.Aligner()},
		policy: p, cutter: words.New(e.model.Tokenizer),
	}
}

// word is committed text and the sound that its tokens lean on. first says that
// it is the first of its draft.
func (t *target) word(text string, first bool, tokens []policy.Token, w *window) Word {
	switch {
	case !t.spoke:
		text = strings.TrimLeft(text, " ")
	case len(t.said) == 0 && first && words.Spaced(text): // a new window of the same segment
		text = " " + strings.TrimLeft(text, " ")
	}
	from, to, mass := t.frames, -1, float32(0)
	for _, d := range tokens {
		if d.Frame >= 0 {
			from, to = min(from, d.Frame), max(to, d.Frame)
		}
		mass += d.Mass / float32(len(tokens))
	}
	if to < 0 {
		from, to = t.frames, t.frames-1
	}
	return Word{Text: guard.Clean(text), Start: w.position(from), End: w.position(to + 1), Evidence: mass}
}

func (t *target) saidIDs() []int {
	ids := make([]int, len(t.said))
	for i := range t.said {
		ids[i] = t.said[i].id
	}
	return ids
}

// settle commits what the policy allows of the newest draft, as whole words, and
// returns them with the tail behind.
func (t *target) settle(final bool, w *window) (committed []Word, tail string, guarded bool) {
	trusted := t.trusted()
	guarded = len(trusted) < len(t.draft)
	ids := t.saidIDs()
	before := len(t.decode(ids))
	for _, d := range trusted {
		ids = append(ids, d.ID)
	}
	allowed, done, end := t.allowed(trusted, final), 0, before
	whole := final || t.ended && !guarded
	cuts, rest := t.cutter.Cuts(ids, whole)
	for _, c := range cuts {
		if n := c.Tokens - len(t.said); n > done && n <= allowed {
			committed = append(committed, t.word(c.Text[end:], done == 0, trusted[done:n], w))
			done, end = n, len(c.Text)
			t.spoke = true
		}
	}
	if len(cuts) > 0 {
		rest = cuts[len(cuts)-1].Text[end:] + rest
	}
	t.commit(done)
	tail = guard.Clean(rest)
	if !t.spoke {
		tail = strings.TrimLeft(tail, " ")
	}
	return committed, tail, guarded
}

// allowed asks the policy.
func (t *target) allowed(trusted []policy.Token, final bool) int {
	e := &t.evidence
	if len(e.Drafts) >= manyDrafts {
		e.Drafts = slices.Delete(e.Drafts, 0, 1)
	}
	e.Drafts = append(e.Drafts, policy.Draft{Tokens: slices.Clone(trusted), Frames: t.frames, Ended: t.ended})
	e.Committed, e.LastFrame, e.Final = len(t.said), t.lastFrame(), final
	return min(max(t.policy.Commit(*e), 0), len(trusted))
}

// lastFrame returns the frame that the last committed token leans on, -1 if there
// is none or if that is not known.
func (t *target) lastFrame() int {
	if n := len(t.said); n > 0 {
		return t.said[n-1].frame
	}
	return -1
}

// trusted returns the draft up to where it loops; nothing of a draft that is in
// another script than its language or that talks about the task.
func (t *target) trusted() []policy.Token {
	ids := t.saidIDs()
	for _, d := range t.draft {
		ids = append(ids, d.ID)
	}
	n := len(ids)
	if from, loops := guard.Loop(ids); loops {
		n = max(from, len(t.said))
		for n < len(ids) && t.draft[n-len(t.said)].Closes { // the mark that ends what was said once
			n++
		}
		t.ended = false
	}
	written := t.decode(ids[:n])
	if !guard.Script(written, t.task.language()) || guard.Refusal(written) {
		return nil
	}
	return t.draft[:n-len(t.said)]
}

// surely is how far above the floor one draft alone is certain, as a share of the
// way to 1.
const surely = 0.6

// certain asks the guard about the drafts with which a segment begins: two in a
// row have to pass, or the last, or one far above the floor.
func (t *target) certain(final bool) bool {
	probs := make([]float32, len(t.draft))
	for i, d := range t.draft {
		probs[i] = d.Prob
	}
	floor, before := t.engine.table.Certainty, t.passed
	t.passed = guard.Certain(probs, floor, final || t.ended)
	return t.passed && (before || final || guard.Certain(probs, floor+surely*(1-floor), t.ended))
}

func (t *target) decode(ids []int) string { return t.engine.model.Tokenizer.Decode(ids) }

// commit makes the first n tokens of the draft part of what was said.
func (t *target) commit(n int) {
	for _, d := range t.draft[:n] {
		t.said = append(t.said, saidToken{d.ID, max(d.Frame, t.lastFrame())})
	}
	t.draft = append(t.draft[:0], t.draft[n:]...)
	t.evidence = t.evidence.After(n)
}

// complete reports that the model has ended its reply with a whole sentence.
func (t *target) complete() bool {
	all := t.saidIDs()
	for _, d := range t.draft {
		all = append(all, d.ID)
	}
	return t.ended && endsSentence(t.decode(all))
}

func endsSentence(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, " \"'»”’)"))
	return strings.ContainsRune(".?!。？！…", last)
}

// keepFrom returns the frame at which the last n sentences begin, and what has
// been begun behind them; the end of all when nothing is kept.
func (t *target) keepFrom(n int) int {
	starts, at, complete := []int{0}, 0, false
	cuts, _ := t.cutter.Cuts(t.saidIDs(), true)
	for _, c := range cuts {
		if complete {
			starts = append(starts, at)
		}
		at, complete = c.Tokens, endsSentence(c.Text)
	}
	if !complete {
		n++
	}
	switch {
	case len(t.said) == 0:
		return 0
	case t.lastFrame() < 0: // not known
		return t.frames
	case n == 0:
		return t.lastFrame() + 1
	}
	return t.said[starts[max(len(starts)-n, 0)]].frame
}

// forget drops the words that lean on sound before a frame, which becomes the
// window's first.
func (t *target) forget(before int) {
	first := 0
	cuts, _ := t.cutter.Cuts(t.saidIDs(), true)
	for _, c := range cuts {
		if t.said[first].frame >= before {
			break
		}
		first = c.Tokens
	}
	t.said = append(t.said[:0], t.said[first:]...)
	for i := range t.said {
		t.said[i].frame -= before
	}
	t.evidence = policy.Evidence{}
}

// clear forgets everything of a window.
func (t *target) clear() {
	t.said, t.evidence, t.draft, t.lead = t.said[:0], policy.Evidence{}, t.draft[:0], t.lead[:0]
}
