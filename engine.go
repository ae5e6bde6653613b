package sotto

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"sotto/audio"
	"sotto/decoder"
	"sotto/decoder/guard"
	"sotto/decoder/policy"
	"sotto/decoder/prompt"
	"sotto/encoder"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// ErrFull says that the engine hears as many voices as it has seats for, or as
// the machine can; it comes as a *BusyError.
var ErrFull = errors.New("sotto: no room for another voice")

const (
	// maxWindow is the longest stretch of sound a model is given at once, in
	// frames (28 s). Gemma 4 hears at most 30 s.
	maxWindow = 28 * 1000 / audio.FrameMilli
	// minWindow frames (2 s) must fit into a model's context.
	minWindow = 2 * 1000 / audio.FrameMilli
)

// EngineOptions tune an Engine; the zero value is right for one machine.
type EngineOptions struct {
	Seats   int // voices at once; 0: 8
	Workers int // threads that compute, for all voices together; 0: one per core
	// Policy is what was found out about the model's attention and certainty, by
	// sotto eval --calibrate; zero: nothing, so drafts have to agree.
	Policy policy.Table
	// Observe is told what happens in all voices, as it happens and from their
	// goroutines; nil: nobody is.
	Observe func(m Measure, value float64)
	// Burden is called while the engine is held, for frames of speech that were
	// heard or for replies that are drafted: tests of load make a slow machine
	// with it.
	Burden func(frames, replies int)
}

// Engine is one loaded model, shared by many voices. Its weights are never
// written; everything that moves belongs to a Session.
type Engine struct {
	model   *gemma4.Model
	encoder *encoder.Encoder
	decoder *decoder.Decoder
	prompts *prompt.Prompt

	team *kernel.Team
	load *load

	table policy.Table
	heads []decoder.Head // whose attention says where in the sound a token leans

	seats  int32
	taken  atomic.Int32
	tell   func(Measure, float64)
	burden func(frames, replies int)
	memory atomic.Int64 // bytes of keys and values of all voices
}

// NewEngine prepares model for listening. The model must stay open as long as
// the engine is used.
func NewEngine(model *gemma4.Model, opt EngineOptions) (*Engine, error) {
	team := kernel.NewTeam(opt.Workers)
	enc, err := encoder.New(&model.Config.Audio, &model.Audio, team)
	if err != nil {
		return nil, err
	}
	dec, err := decoder.New(&model.Config.Text, &model.Config.Tokens, &model.Text, team)
	if err != nil {
		return nil, err
	}
	prompts, err := prompt.New(&model.Config, model.Tokenizer)
	if err != nil {
		return nil, err
	}
	if opt.Seats <= 0 {
		opt.Seats = 8
	}
	e := &Engine{
		model: model, encoder: enc, decoder: dec, prompts: prompts, team: team, load: new(load),
		seats: int32(opt.Seats), tell: opt.Observe, burden: opt.Burden,
	}
	return e, e.adopt(opt.Policy)
}

// adopt checks a policy table against the model and uses it.
func (e *Engine) adopt(table policy.Table) error {
	text := &e.model.Config.Text
	if err := table.Fit(text.Layers(), text.Heads); err != nil {
		return err
	}
	e.table = table
	for _, h := range table.Heads {
		e.heads = append(e.heads, decoder.Head(h))
	}
	return nil
}

// WithPolicy returns an engine with another policy table on the same model and
// the same threads. It has seats of its own.
func (e *Engine) WithPolicy(table policy.Table) (*Engine, error) {
	other := &Engine{model: e.model, encoder: e.encoder, decoder: e.decoder, prompts: e.prompts, team: e.team, load: new(load), seats: e.seats, tell: e.tell, burden: e.burden}
	return other, other.adopt(table)
}

// Policy returns the engine's policy table.
func (e *Engine) Policy() policy.Table { return e.table }

// Run lends the engine its threads until ctx ends. Without it every voice
// computes on its own goroutine alone.
func (e *Engine) Run(ctx context.Context) error { return e.team.Run(ctx) }

// Workers returns how many threads compute, that of the caller included.
func (e *Engine) Workers() int { return e.team.Workers() }

// TakesContext reports whether voices may say what the speech is about.
func (e *Engine) TakesContext() bool { return e.prompts.TakesContext() }

// Model returns the model the engine was made of.
func (e *Engine) Model() *gemma4.Model { return e.model }

// Open takes a seat for one voice. It fails with a *BusyError, or with an error
// that names a language the model does not know. The seat is given back when the
// session's Run returns; a session that will not be run is given back by Close.
func (e *Engine) Open(opt SessionOptions) (*Session, error) {
	tasks, err := e.tasks(opt)
	if err != nil {
		return nil, err
	}
	if opt.Policy == nil {
		if opt.Policy, err = e.policy(opt.Latency); err != nil {
			return nil, err
		}
	}
	counted, err := e.admit(&opt) // before anything that takes time or memory
	if err != nil {
		e.observe(Refused, 1)
		return nil, err
	}
	longest := e.longestWindow(opt.Source, opt.Context)
	if longest < minWindow {
		e.leave(counted)
		return nil, fmt.Errorf("sotto: the model's context of %d positions is too short for a prompt, %d s of sound and a reply",
			e.model.Config.Text.MaxPositions, minWindow*audio.FrameMilli/1000)
	}
	s := newSession(e, opt, tasks, longest)
	s.weight = counted
	e.load.note(s, true)
	return s, nil
}

// admit takes a seat and has the voice counted, unless it is a recording: that takes
// the time the voices leave.
func (e *Engine) admit(opt *SessionOptions) (counted float64, err error) {
	if e.taken.Add(1) > e.seats {
		err = busy("every seat is taken")
	} else if !opt.EveryStep {
		counted = weight(len(opt.Targets))
		err = e.load.admit(time.Now(), counted)
	}
	if err != nil {
		e.taken.Add(-1)
	}
	return counted, err
}

// leave gives a seat back.
func (e *Engine) leave(counted float64) {
	e.load.leave(counted)
	e.taken.Add(-1)
}

// policy returns the model's own at a dial.
func (e *Engine) policy(d policy.Dial) (policy.Policy, error) {
	d, err := policy.ParseDial(string(d))
	if err != nil {
		return nil, err
	}
	if len(e.heads) == 0 {
		return policy.Blind(d)
	}
	return e.table.Policy(d)
}

// tasks turns the wanted targets into rendered prompts.
func (e *Engine) tasks(opt SessionOptions) ([]task, error) {
	if len(opt.Targets) == 0 {
		return nil, errors.New("sotto: no target language; name at least one")
	}
	tasks := make([]task, 0, len(opt.Targets))
	seen := make(map[string]bool)
	for _, target := range opt.Targets {
		if seen[target] {
			return nil, fmt.Errorf("sotto: target language %q is named twice", target)
		}
		seen[target] = true
		t := prompt.Task{Source: opt.Source, Target: target, Context: opt.Context}
		tail, err := e.prompts.Tail(t)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task{Task: t, tail: tail, bridge: e.prompts.Bridge(t)})
	}
	return tasks, nil
}

// longestWindow returns how many frames fit into the model's context together
// with a prompt and its reply.
func (e *Engine) longestWindow(source, context string) int {
	room := e.model.Config.Text.MaxPositions - len(e.prompts.Head())
	most := maxWindow
	if s := e.table.Window; s > 0 {
		most = min(most, s*1000/audio.FrameMilli)
	}
	for frames := most; frames > 0; frames-- {
		if frames+e.scratch(source, context, frames) <= room {
			return frames
		}
	}
	return 0
}

// scratch returns the most positions that a target needs behind so many frames:
// the rest of its prompt and its reply, with the transcript if it has one.
func (e *Engine) scratch(source, context string, frames int) int {
	most, budget := 0, guard.Budget(frames)
	for _, target := range append([]string{source, "en", "es"}, e.model.Config.Profile.Targets...) {
		t := prompt.Task{Source: source, Target: target, Context: context}
		tail, err := e.prompts.Tail(t)
		if err != nil {
			continue // not one of this model's
		}
		n := len(tail) + budget + thoughtLen
		if bridge := e.prompts.Bridge(t); bridge != nil {
			n += len(bridge) + budget
		}
		most = max(most, n)
	}
	return most + otherNames
}

// otherNames is how many ids longer than that of "English" or "Spanish" a
// language's name may be, wherever prompts have it.
const otherNames = 24
