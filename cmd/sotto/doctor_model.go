package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
	"sotto/models/gemma4"
	"sotto/models/packed"
	"sotto/models/pocket"
)

// testSeconds of the bundled clip are heard by a model that is not known to have
// a text for it.
const testSeconds = 10

// model looks at the files, whether they fit, and what the model does.
func (d *doctor) model() []check {
	const name = "model"
	options, err := weights(d.c.String("weights"))
	if err != nil {
		return []check{failing(name, err)}
	}
	m, err := openModel(d.c.String("model"), d.c.String("mmproj"))
	if err != nil {
		return []check{failing(name, err)}
	}
	need := options.Size(m) + m.Config.Text.MemoryBytes(28*audio.RateHz/audio.FrameLen)
	all := []check{
		fine(name, "%s, %s parameters in %s; %s", m.Name, count(m.Source.Parameters), size(m.Source.Bytes), profileLanguages(&m.Config.Profile)),
		d.files(m.Source.Paths),
		fits(need, usableMemory),
		d.packed(options, m),
	}
	m.Close()
	for _, c := range all {
		if c.State == stateFail {
			return all
		}
	}
	return append(all, d.selfTest()...)
}

// fits compares what a model and one voice take with what there is.
func fits(need int64, usable func() (total, free int64)) check {
	const name = "memory"
	total, free := usable()
	switch {
	case total == 0:
		return fine(name, "the model needs about %s; how much there is the system does not say", size(need))
	case need > total:
		return failing(name, environmentError("the model needs about %s, and there are %s altogether; use a smaller model, or --weights q4_0", size(need), size(total)))
	case free > 0 && need > free:
		return warning(name, "close other programs, or use a smaller model", "the model needs about %s, and %s of %s are free", size(need), size(free), size(total))
	}
	return fine(name, "the model needs about %s of %s", size(need), size(cmp.Or(free, total)))
}

// packed looks at the packed form of a model in the cache.
func (d *doctor) packed(options packed.Options, m *gemma4.Model) check {
	const name = "cache"
	if d.c.Bool("reference") || d.c.String("model") == "pocket" || options.Size(m) <= smallModel {
		return fine(name, "not needed: the model is laid out in memory at every start")
	}
	dir, err := cacheDir()
	if err != nil {
		return failing(name, err)
	}
	bar := newPackingBar(d.stderr, "reading "+options.Path(m, dir))
	err = options.Verify(d.c.Context, m, dir, bar.show)
	bar.clear()
	switch {
	case err == nil:
		return fine(name, "%s is as it was written", options.Path(m, dir))
	case errors.Is(err, fs.ErrNotExist):
		return folderCheck(name, dir, options.Size(m), "choose another place with SOTTO_CACHE")
	case errors.Is(err, packed.ErrDamaged):
		return warning(name, "the next run writes it anew", "%v", err)
	}
	return failing(name, environmentError("%w; look at the disk, or choose another place with SOTTO_CACHE", err))
}

// selfTest hears the bundled clip: what comes out, and how fast.
func (d *doctor) selfTest() []check {
	const name, speed = "self-test", "speed"
	engine, done, err := openEngine(d.c, sotto.EngineOptions{})
	if err != nil {
		return []check{failing(name, err)}
	}
	defer done()
	sound, want, err := d.clip()
	if err != nil {
		return []check{failing(name, err)}
	}
	began := time.Now()
	said, err := d.hear(engine, sound)
	took := time.Since(began).Seconds()
	if err != nil {
		return []check{failing(name, modelError(err))}
	}
	seconds := float64(len(sound)) / audio.RateHz
	all := []check{fine(name, "hears %.0f s of sound without an error", seconds)}
	switch {
	case want != "" && said != want:
		all[0] = failing(name, environmentError("the bundled clip gives %.200q and not %.200q; try SOTTO_KERNEL=portable, and report it", said, want))
	case want != "":
		all[0] = fine(name, "the bundled clip gives the expected %d words", len(strings.Fields(want)))
	}
	factor := took / seconds
	if factor >= 1 {
		return append(all, warning(speed, "it does not keep up with a voice; use a smaller model, more cores or --weights q4_0", "a second of sound takes %.2f s", factor))
	}
	return append(all, fine(speed, "a second of sound takes %.2f s, in one language", factor))
}

// clip returns the sound of the test, and the text that the embedded model has to
// give for it.
func (d *doctor) clip() (sound []float32, want string, err error) {
	source, err := intake.Open(d.c.Context, bytes.NewReader(pocket.Demo), "demo.ogg")
	if err != nil {
		return nil, "", err
	}
	defer source.Close()
	for buf := make([]float32, audio.FrameLen); err == nil; {
		var n int
		n, err = source.Read(buf)
		sound = append(sound, buf[:n]...)
	}
	if err != io.EOF {
		return nil, "", err
	}
	if d.c.String("model") != "pocket" {
		return sound[:testSeconds*audio.RateHz], "", nil
	}
	var texts struct{ Sentences []struct{ En string } }
	if err := json.Unmarshal(pocket.DemoTexts, &texts); err != nil {
		return nil, "", fmt.Errorf("the clip's texts: %w", err)
	}
	var all []string
	for _, s := range texts.Sentences {
		all = append(all, s.En)
	}
	return sound, strings.Join(all, " "), nil
}

// hear returns what an engine says to a sound, in one language.
func (d *doctor) hear(engine *sotto.Engine, sound []float32) (string, error) {
	from, to := knownLanguages(engine)
	session, err := engine.Open(sotto.SessionOptions{Source: from, Targets: []string{to}, EveryStep: true})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(d.c.Context)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { session.Run(ctx) }) // its error comes out of Next
	running.Go(func() { d.speak(ctx, session, sound) })
	text, err := saidBy(ctx, session)
	cancel()
	running.Wait()
	return text, err
}

// speak pushes the sound and shows how much of it is heard.
func (d *doctor) speak(ctx context.Context, session *sotto.Session, sound []float32) {
	line := newLiveLine(d.stderr)
	defer line.clear()
	var framer audio.Framer
	framer.Write(sound)
	for f, ok := framer.Next(); ok; f, ok = framer.Next() {
		if session.Push(ctx, f) != nil {
			return
		}
		if now := time.Now(); line.due(now) {
			line.draw(now, fmt.Sprintf("hearing %.1f of %d s ", float64(framer.Position())/audio.RateHz, len(sound)/audio.RateHz))
		}
	}
	session.Finish(framer.Rest())
}

// saidBy joins what a session says in its one language.
func saidBy(ctx context.Context, session *sotto.Session) (string, error) {
	var b strings.Builder
	for {
		c, err := session.Next(ctx)
		if err == io.EOF {
			return strings.Join(strings.Fields(b.String()), " "), nil
		}
		if err != nil {
			return "", err
		}
		b.WriteString(c.Text())
		if c.End {
			b.WriteByte('\n')
		}
	}
}
