// Package prompt says to the model what is wanted, in tokens, and reads its
// reply. The sound stands first, so that one hearing serves every task:
//
//	<bos><|turn>user\n<|audio> sound… <audio|>instruction<turn|>\n<|turn>model\n reply <turn|>
package prompt

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sotto/models/gemma4"
	"sotto/models/tokenizer"
)

// Gemma 4's published instructions. The translating one asks for the transcript
// first, then "{TARGET}: " on a line of its own, then the translation.
const (
	transcribe = "Transcribe the following speech segment in {SOURCE} into {SOURCE} text.\n\n" +
		"Follow these specific instructions for formatting the answer:\n" +
		"*   Only output the transcription, with no newlines.\n" +
		"*   When transcribing numbers, write the digits, i.e. write 1.7 and not one point seven, and write 3 instead of three."
	translate = "Transcribe the following speech segment in {SOURCE}, then translate it into {TARGET}.\n" +
		"When formatting the answer, first output the transcription in {SOURCE}, then one newline, then output the string '{TARGET}: ', then the translation in {TARGET}."
)

// context stands behind a published instruction. The words are ours: none are
// published for it.
const context = "\n\nWhat the speech is about, with names and terms that may be said: {CONTEXT}"

// MaxContext is the longest context, in characters.
const MaxContext = 500

// Task is one thing to do with the sound.
type Task struct {
	Source  string // code of the language spoken
	Target  string // code of the language wanted; "" or Source: a transcript
	Context string // what the speech is about, names and terms; "": nothing is known
}

// Transcribes reports whether the task asks for the source's own text.
func (t Task) Transcribes() bool { return t.Target == "" || t.Target == t.Source }

// Prompt renders tasks for one model.
type Prompt struct {
	tokens    gemma4.Tokens
	profile   gemma4.Profile
	tokenizer *tokenizer.Tokenizer
	head      []int
	turn      []int // what stands between an instruction and the reply
}

// New prepares the parts that all prompts of a model share.
func New(cfg *gemma4.Config, t *tokenizer.Tokenizer) (*Prompt, error) {
	if t == nil {
		return nil, fmt.Errorf("prompt: the model has no tokenizer")
	}
	k := cfg.Tokens
	p := &Prompt{tokens: k, profile: cfg.Profile, tokenizer: t}
	p.head = append([]int{k.BOS, k.TurnOpen}, t.Encode("user\n")...)
	p.head = append(p.head, k.AudioOpen)
	p.turn = append([]int{k.TurnClose}, t.Encode("\n")...)
	p.turn = append(p.turn, k.TurnOpen)
	p.turn = append(p.turn, t.Encode("model\n")...)
	return p, nil
}

// Head returns the ids before the sound.
func (p *Prompt) Head() []int { return p.head }

// Tail returns the ids between the sound and the reply. A language the model
// does not know is an error that lists those it does.
func (p *Prompt) Tail(t Task) ([]int, error) {
	instruction, err := p.Instruction(t)
	if err != nil {
		return nil, err
	}
	ids := append([]int{p.tokens.AudioClose}, p.tokenizer.Encode(instruction)...)
	return append(ids, p.turn...), nil
}

// Instruction returns a task's text.
func (p *Prompt) Instruction(t Task) (string, error) {
	source, err := p.language("hear", t.Source, p.profile.Sources)
	if err != nil {
		return "", err
	}
	template, target := p.translating(), source
	if t.Transcribes() {
		template = p.profile.Transcribe
		if template == "" {
			template = transcribe
		}
		t.Target = t.Source
	}
	if target, err = p.language("write", t.Target, p.profile.Targets); err != nil {
		return "", err
	}
	if t.Context != "" {
		if err := p.CheckContext(t.Context); err != nil {
			return "", err
		}
		template += context
	}
	return strings.NewReplacer("{SOURCE}", source, "{TARGET}", target, "{CONTEXT}", t.Context).Replace(template), nil
}

// TakesContext reports whether the model follows instructions with a context. One
// with instructions of its own was trained on those alone.
func (p *Prompt) TakesContext() bool { return p.profile.Transcribe == "" && p.profile.Translate == "" }

// CheckContext says why a context cannot be part of an instruction.
func (p *Prompt) CheckContext(text string) error {
	switch {
	case !p.TakesContext():
		return &ContextError{"this model takes no context"}
	case utf8.RuneCountInString(text) > MaxContext:
		return &ContextError{fmt.Sprintf("the context has %d characters, at most %d are read", utf8.RuneCountInString(text), MaxContext)}
	case strings.ContainsFunc(text, unicode.IsControl):
		return &ContextError{"the context has control characters; separate its parts with commas"}
	case slices.ContainsFunc(p.tokenizer.Encode(text), p.tokenizer.IsSpecial):
		return &ContextError{"the context spells out a token with which the model marks structure"}
	}
	return nil
}

// ContextError says that a context cannot be taken.
type ContextError struct{ why string }

func (e *ContextError) Error() string { return e.why }

func (p *Prompt) translating() string {
	if p.profile.Translate != "" {
		return p.profile.Translate
	}
	return translate
}

// language checks a code against what the model knows and names it.
func (p *Prompt) language(verb, code string, known []string) (string, error) {
	name, err := Name(code)
	if err != nil {
		return "", err
	}
	if known != nil && !slices.Contains(known, code) {
		return "", fmt.Errorf("this model does not %s %s (%s); it does %s", verb, name, code, strings.Join(known, ", "))
	}
	return name, nil
}

// Stops reports whether id ends a reply.
func (p *Prompt) Stops(id int) bool { return slices.Contains(p.tokens.Stop, id) }

// RepeatsSource reports whether a reply to t holds the transcript before the
// translation, and so is about twice as long.
func (p *Prompt) RepeatsSource(t Task) bool { return !t.Transcribes() && p.profile.Translate == "" }

// Bridge returns the ids between the line of the transcript and the translation,
// for a task whose reply holds both; nil for others.
func (p *Prompt) Bridge(t Task) []int {
	if !p.RepeatsSource(t) {
		return nil
	}
	name, err := Name(t.Target)
	if err != nil {
		return nil
	}
	return p.tokenizer.Encode(name + ":")
}

// NewFilter returns a filter at the beginning of a reply.
func (p *Prompt) NewFilter() *Filter {
	return &Filter{tokenizer: p.tokenizer, open: p.tokens.ChannelOpen, close: p.tokens.ChannelClose}
}

// Filter tells text from what is never shown: channels of thought, and tokens
// of structure.
type Filter struct {
	tokenizer   *tokenizer.Tokenizer
	open, close int // -1 in a vocabulary without channels
	inside      bool
}

// Push takes the next id of a reply and reports whether it is text.
func (f *Filter) Push(id int) (visible bool) {
	switch {
	case id == f.open:
		f.inside = true
	case id == f.close:
		f.inside = false
	default:
		return !f.inside && !f.tokenizer.IsSpecial(id)
	}
	return false
}

// Inside reports whether the last id belongs to a channel of thought.
func (f *Filter) Inside() bool { return f.inside }
