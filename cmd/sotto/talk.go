package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/audio/mic"
	"sotto/transport/voice"
)

// keptMost captions are remembered for someone who decides late to save: hours.
const keptMost = 1 << 16

// talk is one voice from its source to the screen. Its run owns everything that
// moves.
type talk struct {
	*listenJob
	voice *voice.Voice
	gate  *gate

	out    printer
	screen *livePrinter // nil where nothing can be redrawn
	saver  *saver       // nil: nothing is saved yet
	kept   []sotto.Caption
	broken error // of saving, as it was told last
	shown  int   // which of the choices of languages
	behind audio.Position
	hint   string
}

// open makes what the talk is written to.
func (t *talk) open() (err error) {
	if t.save != "" {
		if t.saver, err = newSaver(t.save, t.languages); err != nil {
			return err
		}
	}
	t.out, err = newPrinter("text", t.stdout, t.languages, "")
	t.screen, _ = t.out.(*livePrinter)
	if m, ok := t.gate.source.(*mic.Microphone); ok && t.screen != nil {
		return t.note("listening to " + m.Device().Name)
	}
	return err
}

// news is a caption, or why there is none any more.
type news struct {
	caption sotto.Caption
	err     error
}

// run listens until the sound ends or a person ends it, and lets the voice have
// its last words.
func (t *talk) run() error {
	all, cancel := context.WithCancel(context.WithoutCancel(t.c.Context))
	defer cancel()
	hearing, stop := context.WithCancel(t.c.Context)
	defer stop()
	heard, ran := make(chan news), make(chan error, 3)
	go func() {
		t.voice.Run(all) // its error comes out of Next
		ran <- nil
	}()
	go t.tell(all, heard)
	go func() { ran <- t.feed(hearing, all) }()
	go func() { ran <- t.gate.microphone(hearing) }()
	err := t.show(hearing, stop, heard)
	cancel()
	stop()
	for range cap(ran) {
		if told := <-ran; err == nil {
			err = told
		}
	}
	return err
}

// feed carries the sound to the voice. Where there is a microphone its end is
// the end of the sound, so that nothing that was spoken before is left out.
func (t *talk) feed(hearing, all context.Context) error {
	e := ear{source: t.gate, due: func(ctx context.Context) bool { return ctx.Err() == nil }}
	if t.gate.live {
		return e.feed(all, all, t.voice.Session)
	}
	err := e.feed(hearing, all, t.voice.Session)
	if hearing.Err() != nil && t.c.Context.Err() == nil {
		return nil // a key has ended it
	}
	return err
}

// tell hands over captions.
func (t *talk) tell(ctx context.Context, to chan<- news) {
	for {
		c, err := t.voice.Next(ctx)
		select {
		case to <- news{c, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// lookEvery is how often the level is drawn.
const lookEvery = 100 * time.Millisecond

// show draws and writes until the voice has said everything.
func (t *talk) show(hearing context.Context, stop func(), heard <-chan news) error {
	var keyboard *keyboard
	if isTerminal(t.stdout) {
		keyboard = openKeyboard()
	}
	defer func() { keyboard.close() }()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	ending := hearing.Done()
	for {
		var err error
		select {
		case n := <-heard:
			if n.err != nil {
				return t.close(n.err)
			}
			err = t.caption(n.caption)
		case key := <-keyboard.keys():
			err = t.key(key, stop)
		case text := <-t.notices:
			err = t.note(text)
		case <-look.C:
			err = t.look()
		case <-ending: // a second interrupt must find the terminal as it was
			keyboard.close()
			keyboard, ending = nil, nil
		}
		if err != nil {
			t.saver.close()
			return environmentError("cannot write the captions: %w", err)
		}
	}
}

// close completes what was written.
func (t *talk) close(end error) error {
	for len(t.notices) > 0 {
		t.note(<-t.notices)
	}
	out, saved := t.out.close(), t.saver.close()
	switch {
	case end != io.EOF:
		return end
	case out != nil:
		return environmentError("cannot write the captions: %w", out)
	case saved != nil:
		return environmentError("cannot save: %w; make room there", saved)
	}
	return nil
}

// caption shows and saves one.
func (t *talk) caption(c sotto.Caption) error {
	t.behind = max(0, t.gate.position()-c.Heard)
	switch {
	case c.Lost > 0 && c.Cause == causePaused:
		return nil // it was asked for
	case c.Lost > 0:
		return t.note(lostText(&c))
	case c.Mark != 0:
		return nil
	}
	t.keep(c)
	return t.out.caption(c)
}

// lostText says what is missing.
func lostText(c *sotto.Caption) string {
	if ms := c.Lost.Millis(); ms < 1000 {
		return fmt.Sprintf("%d ms lost %s", ms, c.Cause)
	}
	return fmt.Sprintf("%.1f s lost %s", float64(c.Lost)/audio.RateHz, c.Cause)
}

// keep saves a caption, or remembers it.
func (t *talk) keep(c sotto.Caption) {
	if len(c.Words) == 0 && !c.End {
		return
	}
	if t.saver == nil {
		if len(t.kept) == keptMost {
			t.kept = slices.Delete(t.kept, 0, keptMost/8)
		}
		t.kept = append(t.kept, c)
		return
	}
	t.told(t.saver.caption(c))
}

// told says once that saving fails, and once that it works again.
func (t *talk) told(err error) {
	switch {
	case err != nil && t.broken == nil:
		t.note(fmt.Sprintf("cannot save: %v; it is tried again with every word", err))
	case err == nil && t.broken != nil:
		t.note("saved again, nothing is missing")
	}
	t.broken = err
}

// note says something that is not the voice's.
func (t *talk) note(text string) error {
	if t.screen != nil {
		return t.screen.note("[" + text + "]")
	}
	fmt.Fprintln(t.stderr, "sotto: "+printable(text))
	return nil
}

// key does what a key asks for.
func (t *talk) key(key byte, stop func()) error {
	switch key {
	case ' ':
		t.gate.pause(!t.gate.paused.Load())
		return t.look()
	case 't':
		return t.turn()
	case 's':
		return t.saveNow()
	case 'q':
		t.gate.pause(false)
		stop()
	}
	return nil
}

// turn goes on to the next choice of languages.
func (t *talk) turn() error {
	ctx, cancel := context.WithTimeout(t.c.Context, time.Second)
	defer cancel()
	next := (t.shown + 1) % len(t.choices())
	if t.voice.Set(ctx, voice.Change{Targets: t.choices()[next], Transcribe: &t.options.Transcribe}) != nil {
		return t.note("the model is busy; try again")
	}
	t.shown = next
	return t.look()
}

// choices are the languages that may be shown together: all of them, or each
// alone.
func (t *talk) choices() [][]string {
	all := [][]string{t.options.Targets}
	if len(t.options.Targets) > 1 {
		for _, target := range t.options.Targets {
			all = append(all, []string{target})
		}
	}
	return all
}

// saveNow has the disk keep what there is, in a file of its own where none was
// named.
func (t *talk) saveNow() (err error) {
	if t.saver == nil {
		saver, err := newSaver("sotto-"+time.Now().Format("2006-01-02-150405")+".srt", t.languages)
		if err != nil {
			return t.note(err.Error())
		}
		t.saver = saver
		for _, c := range t.kept {
			t.told(t.saver.caption(c))
		}
		t.kept = nil
	}
	if err := t.saver.sync(); err != nil {
		t.told(err)
		return nil
	}
	return t.note("saved to " + t.saver.names())
}

// look shows the level, the delay, and what is wrong with the sound.
func (t *talk) look() error {
	hint := t.gate.gauge.hint()
	if t.screen != nil {
		return t.screen.show(t.status(hint))
	}
	if hint != t.hint && hint != "" {
		t.note(hint)
	}
	t.hint = hint
	return nil
}

// status is the last line of the screen.
func (t *talk) status(hint string) string {
	state := fmt.Sprintf("%.1f s behind", float64(t.behind)/audio.RateHz)
	if t.gate.paused.Load() {
		state = "paused"
	}
	end := "space pause  t language  s save  q end"
	if hint != "" {
		end = hint
	}
	to := strings.Join(t.choices()[t.shown], ",")
	return fmt.Sprintf("%s  %s  %s>%s  %s", t.gate.gauge.bar(), state, t.options.Source, to, end)
}
