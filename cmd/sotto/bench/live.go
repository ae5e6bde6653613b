package bench

import (
	"math"
	"runtime/debug"
	"time"

	"sotto/audio"
	"sotto/decoder"
	"sotto/decoder/sample"
	"sotto/encoder"
)

const (
	blockFrames  = 12   // that a session hands over together
	spanSeconds  = 28   // the longest window of a session
	stretchSpan  = 4    // blocks of a stretch
	quickSpan    = 2    // of a quick run
	quickCount   = 2    // stretches of a quick run
	mostCount    = 14   // and of a whole one
	talkBudget   = 35.0 // seconds
	framesPerSec = 1000.0 / audio.FrameMilli
)

// talkPlan is where the stretches begin, in frames, and how long they are.
type talkPlan struct {
	begins []int
	blocks int
	rates  []*speaker
}

// speaker is one rate of text while it is measured.
type speaker struct {
	Live
	owed, written float64 // tokens
	stretches     []float64
	seconds       float64
}

// planTalk spreads the stretches over the longest window, as many as the time
// allows. What lies between them is left blank.
func (b *bench) planTalk() {
	b.talking = talkPlan{blocks: stretchSpan, rates: []*speaker{{Live: Live{TextPerSecond: 4}}, {Live: Live{TextPerSecond: 8}}}}
	p := &b.talking
	count := mostCount
	if b.opt.Quick {
		p.blocks, count = quickSpan, quickCount
	}
	frames := p.blocks * blockFrames
	once := func(name string, size int) float64 { return b.probe(name, size).times[0] }
	block, token := once("encoder", blockFrames)+once("prefill", blockFrames), once("decode", 1)
	each := 2*float64(p.blocks)*block + 12*token*float64(frames)/framesPerSec
	if !b.opt.Quick {
		count = max(3, min(count, int(talkBudget/each)))
	}
	b.live = float64(count) * each
	room := min(int(spanSeconds*framesPerSec), b.model.Config.Text.MaxPositions-2*frames) - frames
	for i := range count {
		p.begins = append(p.begins, i*room/(count-1))
	}
}

// talk measures a voice as it is spoken. Both rates are run at every place, one
// after the other.
func (b *bench) talk() error {
	b.streams = nil
	debug.FreeOSMemory()
	fresh := resetPeak()
	p := &b.talking
	frames := p.blocks * blockFrames
	hearing := b.encoder.NewStream()
	text := b.decoder.NewStream(p.begins[len(p.begins)-1]+2*frames, 2*frames)
	total := b.live
	for i, begin := range p.begins {
		if err := text.AppendBlank(begin - text.Len()); err != nil {
			return err
		}
		mark := text.Mark()
		for _, r := range p.rates {
			b.live = total * float64(len(p.begins)-i) / float64(len(p.begins))
			if err := b.at("a voice as it is spoken"); err != nil {
				return err
			}
			if err := b.stretch(r, hearing, text); err != nil {
				return err
			}
			text.Rewind(mark)
		}
	}
	b.live = 0
	for _, r := range p.rates {
		b.report.Live = append(b.report.Live, r.result())
	}
	b.report.Memory = resident()
	if !fresh { // then the peak is that of the roofs
		b.report.Memory.PeakBytes = 0
	}
	return nil
}

// stretch runs some blocks of sound, and behind each the text that is due.
func (b *bench) stretch(r *speaker, hearing *encoder.Stream, text *decoder.Stream) error {
	began, before := time.Now(), text.Len()
	for range b.talking.blocks {
		if err := b.block(r, hearing, text); err != nil {
			return err
		}
	}
	took := time.Since(began).Seconds()
	span := float64(b.talking.blocks*blockFrames) / framesPerSec
	r.seconds += took
	r.stretches = append(r.stretches, took/span)
	r.AudioSeconds += span
	r.ByContext = append(r.ByContext, Context{float64(before) / framesPerSec, took / span})
	return nil
}

// block hears twelve frames, remembers them and writes behind them; the text is
// taken back, as a draft is. The rate is never undercut.
func (b *bench) block(r *speaker, hearing *encoder.Stream, text *decoder.Stream) error {
	tokens := b.sound[:blockFrames*b.encoder.Dims()]
	start := time.Now()
	hearing.Step(tokens, b.frames[:blockFrames])
	heard := time.Now()
	if err := text.AppendAudio(tokens); err != nil {
		return err
	}
	remembered := time.Now()
	mark := text.Mark()
	r.owed += float64(r.TextPerSecond) * blockFrames / framesPerSec
	for next := b.text(1); r.written < math.Ceil(r.owed-1e-6); r.written++ {
		logits, err := text.Logits(next)
		if err != nil {
			return err
		}
		next = []int{min(sample.Greedy(logits), b.model.Config.Text.PLEVocabSize-1)}
	}
	text.Rewind(mark)
	r.Encoder += heard.Sub(start).Seconds()
	r.Prefill += remembered.Sub(heard).Seconds()
	r.Decode += time.Since(remembered).Seconds()
	return nil
}

// result turns sums into what a second of sound costs.
func (r *speaker) result() Live {
	l := r.Live
	l.BlockFrames = blockFrames
	l.RealTimeFactor = r.seconds / l.AudioSeconds
	l.Encoder, l.Prefill, l.Decode = l.Encoder/l.AudioSeconds, l.Prefill/l.AudioSeconds, l.Decode/l.AudioSeconds
	l.Stretches = spread(r.stretches)
	return l
}
