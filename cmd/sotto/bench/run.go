package bench

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"sotto/decoder"
	"sotto/encoder"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// Options say what is measured.
type Options struct {
	// Open opens the model as it is used, packed. Source opens it as it is
	// stored, which shows how long packing takes.
	Open, Source func() (*gemma4.Model, error)
	Threads      int // 0: one per core
	Quick        bool
	// Progress may be nil; it is told what is measured now and how long the
	// whole will still take.
	Progress func(what string, left time.Duration)
}

// bench is one run.
type bench struct {
	ctx    context.Context
	opt    Options
	team   *kernel.Team
	report *Report

	model   *gemma4.Model
	encoder *encoder.Encoder
	decoder *decoder.Decoder

	material
	stations []*group
	verify   *group
	talking  talkPlan
	live     float64 // seconds that the live part will still take
}

// Run measures. It returns the error of ctx when that ends first.
func Run(ctx context.Context, opt Options) (*Report, error) {
	b := &bench{ctx: ctx, opt: opt, team: kernel.NewTeam(opt.Threads), report: &Report{Quick: opt.Quick}}
	all, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); b.team.Run(all) }()
	defer func() { stop(); <-ended }()
	b.report.Machine = describeMachine(b.team.Workers())
	err := b.measure()
	if b.model != nil {
		b.model.Close()
	}
	if err != nil {
		return nil, err
	}
	return b.report, nil
}

func (b *bench) measure() error {
	for _, step := range []func() error{b.roofs, b.load, b.prepare, b.warm, b.each, b.talk, b.all, b.pack} {
		if err := step(); err != nil {
			return err
		}
	}
	b.report.compare()
	return nil
}

// at tells what is measured now; its error is that of an interrupt.
func (b *bench) at(what string) error {
	if b.opt.Progress != nil {
		b.opt.Progress(what, time.Duration(b.left()*float64(time.Second)))
	}
	return b.ctx.Err()
}

// left is how many seconds the rest takes, as far as one knows.
func (b *bench) left() float64 {
	if b.stations == nil {
		return 0
	}
	sum := b.live
	for _, g := range append(b.stations[:len(b.stations):len(b.stations)], b.verify) {
		sum += g.expect()
	}
	return sum
}

// load opens the model and has it ready.
func (b *bench) load() error {
	if err := b.at("how fast the model loads"); err != nil {
		return err
	}
	var err error
	start := time.Now()
	if b.model, err = b.opt.Open(); err != nil {
		return err
	}
	opened := time.Now()
	if err := b.towers(); err != nil {
		return err
	}
	prepared := time.Now()
	if err := b.first(); err != nil {
		return err
	}
	b.report.Load = Load{
		OpenMillis: millis(opened.Sub(start)), PrepareMillis: millis(prepared.Sub(opened)),
		FirstMillis: millis(time.Since(prepared)), ReadyMillis: millis(time.Since(start)),
	}
	return nil
}

func millis(d time.Duration) float64 { return d.Seconds() * 1e3 }

func (b *bench) towers() (err error) {
	c := &b.model.Config
	if c.Text.MaxPositions < leastPositions {
		return fmt.Errorf("bench: a context of %d positions is too short to measure, want %d", c.Text.MaxPositions, leastPositions)
	}
	if b.encoder, err = encoder.New(&c.Audio, &b.model.Audio, b.team); err != nil {
		return err
	}
	b.decoder, err = decoder.New(&c.Text, &c.Tokens, &b.model.Text, b.team)
	return err
}

// warm runs everything once, so that what is left can be foretold.
func (b *bench) warm() error {
	for _, g := range b.stations {
		kept := g.probes[:0]
		for _, p := range g.probes {
			if b.tooLong(p) {
				b.report.LeftOut = append(b.report.LeftOut, p.what())
				continue
			}
			if err := b.at(p.what() + ", to warm up"); err != nil {
				return err
			}
			if err := p.warm(); err != nil {
				return err
			}
			kept = append(kept, p)
		}
		if g.probes = kept; len(kept) == 0 {
			g.budget = 0
			continue
		}
		g.plan(b.opt.Quick)
	}
	b.planTalk()
	return nil
}

// tooLong reports, of a quick run, what eight times the one before would spoil.
func (b *bench) tooLong(p *probe) bool {
	before := b.probe("prefill", 64)
	return b.opt.Quick && p.Name == "prefill" && p.Size > 64 && before != nil && before.times[0]*float64(p.Size)/64 > 2
}

// probe returns a warm probe.
func (b *bench) probe(name string, size int) *probe {
	for _, g := range b.stations {
		for _, p := range g.probes {
			if p.Name == name && p.Size == size && len(p.times) > 0 {
				return p
			}
		}
	}
	return nil
}

// each measures the stations.
func (b *bench) each() error {
	for _, g := range b.stations {
		if err := b.rounds(g); err != nil {
			return err
		}
	}
	b.streams = nil
	return nil
}

// all measures passes through the whole network. They come last, since they
// hold many logits.
func (b *bench) all() error {
	for _, p := range b.verify.probes {
		if err := b.at(p.what()); err != nil {
			return err
		}
		if err := p.warm(); err != nil {
			return err
		}
	}
	b.verify.plan(b.opt.Quick)
	err := b.rounds(b.verify)
	debug.FreeOSMemory()
	return err
}

func (b *bench) rounds(g *group) error {
	for round := range g.rounds {
		for _, p := range g.probes {
			if len(p.times) > round {
				continue
			}
			if err := b.at(p.what()); err != nil {
				return err
			}
			if err := p.sample(); err != nil {
				return err
			}
		}
	}
	for _, p := range g.probes {
		b.report.Stations = append(b.report.Stations, p.station(&b.report.Roofs))
	}
	return nil
}
