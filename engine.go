package sotto

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"sotto/audio"
	"sotto/decoder"
	"sotto/decoder/prompt"
	"sotto/encoder"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// ErrFull says that every seat of the engine is taken.
var ErrFull = errors.New("sotto: every seat is taken; try again when a voice has ended")

const (
	// maxWindow is the longest stretch of sound the model is given at once, in
	// frames (28 s). Gemma 4 hears at most 30 s.
	maxWindow = 28 * 1000 / audio.FrameMilli
	// minWindow frames (2 s) must fit into a model's context.
	minWindow = 2 * 1000 / audio.FrameMilli
)

// EngineOptions tune an Engine; the zero value is right for one machine.
type EngineOptions struct {
	Seats   int // voices at once; 0: 8
	Workers int // threads that compute, for all voices together; 0: one per core
}

// Engine is one loaded model, shared by many voices. Its weights are never
// written; everything that moves belongs to a Session.
type Engine struct {
	model   *gemma4.Model
	encoder *encoder.Encoder
	decoder *decoder.Decoder
	prompts *prompt.Prompt

	team *kernel.Team

	seats int32
	taken atomic.Int32
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
	return &Engine{
		model: model, encoder: enc, decoder: dec, prompts: prompts, team: team,
		seats: int32(opt.Seats),
	}, nil
}

// Run lends the engine its threads until ctx ends. Without it every voice
// computes on its own goroutine alone.
func (e *Engine) Run(ctx context.Context) error { return e.team.Run(ctx) }

// Workers returns how many threads compute, that of the caller included.
func (e *Engine) Workers() int { return e.team.Workers() }

// Model returns the model the engine was made of.
func (e *Engine) Model() *gemma4.Model { return e.model }

// Open takes a seat for one voice. It fails with ErrFull, or with an error that
// names a language the model does not know. The seat is given back when the
// session's Run returns; a session that will not be run is given back by Close.
func (e *Engine) Open(opt SessionOptions) (*Session, error) {
	tasks, err := e.tasks(opt)
	if err != nil {
		return nil, err
	}
	longest := e.longestWindow(tasks)
	if longest < minWindow {
		return nil, fmt.Errorf("sotto: the model's context of %d positions is too short for a prompt, %d s of sound and a reply",
			e.model.Config.Text.MaxPositions, minWindow*audio.FrameMilli/1000)
	}
	if e.taken.Add(1) > e.seats {
		e.taken.Add(-1)
		return nil, ErrFull
	}
	return newSession(e, opt, tasks, longest), nil
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
		t := prompt.Task{Source: opt.Source, Target: target}
		tail, err := e.prompts.Tail(t)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task{Task: t, tail: tail})
	}
	return tasks, nil
}

// longestWindow returns how many frames fit into the model's context together
// with the prompts and their replies.
func (e *Engine) longestWindow(tasks []task) int {
	room := e.model.Config.Text.MaxPositions - len(e.prompts.Head())
	for frames := maxWindow; frames > 0; frames-- {
		if frames+e.scratch(tasks, frames) <= room {
			return frames
		}
	}
	return 0
}

// scratch returns the most positions that one task needs behind so many frames:
// the rest of its prompt and its reply.
func (e *Engine) scratch(tasks []task, frames int) int {
	most := 0
	for _, t := range tasks {
		most = max(most, len(t.tail)+replyBudget(frames, t.Task, e.prompts))
	}
	return most
}
