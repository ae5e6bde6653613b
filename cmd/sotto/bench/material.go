package bench

import (
	"math/rand/v2"

	"sotto/audio"
	"sotto/decoder"
	"sotto/encoder"
	"sotto/encoder/mel"
	"sotto/models/tensor"
)

const (
	leastPositions = 256
	contextLen     = 300 // positions, 12 s of sound, that prefill and decode are measured behind
	longest        = 512 // tokens of a prefill
	vocabulary     = 4096
)

// material is what the stations work on.
type material struct {
	random  *rand.Rand
	frames  [encoder.MaxBlock]audio.Frame // noise
	sound   []float32                     // sound tokens, [longest, hidden]
	ids     []int                         // of text, some thousands of different ones
	streams []*decoder.Stream             // of decode
	behind  int                           // positions
	costs   costs
}

// costs are counted from the matrices.
type costs struct {
	encoder, prefill, decode work
}

// work is the arithmetic for one row, and the weights that are read for all.
type work struct{ ops, bytes float64 }

func (w *work) add(all ...tensor.Matrix) {
	for _, m := range all {
		w.ops += 2 * float64(m.Elements())
		w.bytes += float64(m.Size())
	}
}

// first makes the material; its first frame and token are a model's first.
func (b *bench) first() error {
	b.random = rand.New(rand.NewPCG(1, 2))
	for i := range b.frames {
		for k := range b.frames[i] {
			b.frames[i][k] = 0.4*b.random.Float32() - 0.2
		}
	}
	t := &b.model.Config.Text
	for range vocabulary {
		b.ids = append(b.ids, b.random.IntN(min(t.VocabSize, t.PLEVocabSize)))
	}
	token := make([]float32, b.encoder.Dims())
	b.encoder.NewStream().Step(token, b.frames[:1])
	s := b.decoder.NewStream(2, 1)
	if err := s.AppendAudio(token); err != nil {
		return err
	}
	_, err := s.Logits(b.text(1))
	return err
}

// text returns n ids, other ones every time: rows of tables are not found near.
func (b *bench) text(n int) []int {
	at := b.random.IntN(len(b.ids) - n + 1)
	return b.ids[at : at+n]
}

// prepare counts the model and makes the probes.
func (b *bench) prepare() error {
	b.count()
	t := &b.model.Config.Text
	b.behind = min(contextLen, t.MaxPositions/4)
	b.report.Positions = b.behind
	dims := b.encoder.Dims()
	b.sound = make([]float32, longest*dims)
	s := b.encoder.NewStream()
	for at := 0; at < longest; at += encoder.MaxBlock {
		n := min(encoder.MaxBlock, longest-at)
		s.Step(b.sound[at*dims:], b.frames[:n])
	}
	budgets := []float64{6, 10, 12, 10, 8} // encoder, prefill, its longest, decode, verify
	if b.opt.Quick {
		budgets = []float64{0.8, 1.8, 0, 1.4, 0.8}
	}
	groups, err := b.probes()
	if err != nil {
		return err
	}
	for i, g := range groups {
		g.budget, g.guess = budgets[i], budgets[i]
	}
	b.stations, b.verify = groups[:4], groups[4]
	return nil
}

// count adds up what a row costs. A position that nobody asks for goes through
// the layers below the last that owns keys and values, and gets those of it.
func (b *bench) count() {
	m, c := b.model, &b.costs
	exit := m.Config.Text.FirstShared() - 1
	for i := range m.Text.Layers {
		l := &m.Text.Layers[i]
		all := []tensor.Matrix{l.Q, l.K, l.V, l.O, l.Gate, l.Up, l.Down, l.PLEGate, l.PLEProj}
		c.decode.add(all...)
		switch {
		case i < exit:
			c.prefill.add(all...)
		case i == exit:
			c.prefill.add(l.K, l.V)
		}
	}
	c.prefill.add(m.Text.PLEModelProj)
	c.decode.add(m.Text.PLEModelProj, m.Text.HeadMatrix())
	for _, n := range m.Multiplied() {
		if n.Audio {
			c.encoder.add(*n.Matrix)
		}
	}
	b.report.Model = Model{
		Name: m.Name, Paths: m.Source.Paths, Parameters: m.Source.Parameters,
		EncoderBytes: int64(c.encoder.bytes), DecoderBytes: int64(c.decode.bytes),
		EncoderOps: int64(c.encoder.ops), PrefillOps: int64(c.prefill.ops), DecodeOps: int64(c.decode.ops),
		Layers: len(m.Text.Layers), ExitLayers: exit + 1,
	}
}

// probes returns those of the encoder, of prefill, of its longest, of decode and
// of verify.
func (b *bench) probes() ([]*group, error) {
	prefill, err := b.prefillProbe()
	if err != nil {
		return nil, err
	}
	verify, err := b.verifyProbe()
	if err != nil {
		return nil, err
	}
	decode, err := b.decodeProbe()
	if err != nil {
		return nil, err
	}
	hear := b.sizes(b.encoderProbe(), 1, 4, 12, 24)
	hear.probes = append([]*probe{b.melProbe()}, hear.probes...)
	return []*group{hear, b.sizes(prefill, 1, 12, 64), b.sizes(prefill, longest), b.sizes(decode, 1, 2, 4, 8), b.sizes(verify, 1, 12, 64)}, nil
}

// sizes makes a group of probes, without those that do not fit the context.
func (b *bench) sizes(make func(n int) *probe, sizes ...int) *group {
	g := &group{}
	for _, n := range sizes {
		p := make(n)
		if b.behind+n > b.model.Config.Text.MaxPositions {
			b.report.LeftOut = append(b.report.LeftOut, p.what())
			continue
		}
		p.Size = n
		g.probes = append(g.probes, p)
	}
	return g
}

func (b *bench) melProbe() *probe {
	s, rows := mel.NewStream(), new([mel.RowsPerFrame]mel.Row)
	return &probe{Station: Station{Name: "mel", Size: 1, Unit: "frames"}, run: func() error {
		s.Step(rows, (*[mel.FrameLen]float32)(&b.frames[0]))
		return nil
	}}
}

func (b *bench) encoderProbe() func(n int) *probe {
	s, tokens := b.encoder.NewStream(), make([]float32, encoder.MaxBlock*b.encoder.Dims())
	return func(n int) *probe {
		return &probe{
			Station: Station{Name: "encoder", Size: n, Unit: "frames", Peak: "f32"},
			ops:     b.costs.encoder.ops * float64(n), bytes: b.costs.encoder.bytes,
			run: func() error { s.Step(tokens, b.frames[:n]); return nil },
		}
	}
}

// passRows is how many positions the decoder takes at a time.
const passRows = 64

func (b *bench) prefillProbe() (func(n int) *probe, error) {
	s, back, err := b.stream(longest)
	return func(n int) *probe {
		return &probe{
			Station: Station{Name: "prefill", Size: n, Unit: "tokens", Peak: "int8"},
			ops:     b.costs.prefill.ops * float64(n), bytes: b.costs.prefill.bytes * float64((n+passRows-1)/passRows),
			run: func() error { defer back(); return b.remember(s, b.sound[:n*b.encoder.Dims()]) },
		}
	}, err
}

// remember appends sound a pass at a time, so that an interrupt need not wait
// for all of it.
func (b *bench) remember(s *decoder.Stream, sound []float32) error {
	for most := passRows * b.encoder.Dims(); len(sound) > 0 && b.ctx.Err() == nil; {
		n := min(most, len(sound))
		if err := s.AppendAudio(sound[:n]); err != nil {
			return err
		}
		sound = sound[n:]
	}
	return b.ctx.Err()
}

func (b *bench) verifyProbe() (func(n int) *probe, error) {
	s, back, err := b.stream(passRows)
	return func(n int) *probe {
		return &probe{
			Station: Station{Name: "verify", Size: n, Unit: "tokens", Peak: "int8"},
			ops:     b.costs.decode.ops * float64(n), bytes: b.costs.decode.bytes,
			run: func() error { defer back(); _, err := s.LogitsAll(b.text(n)); return err },
		}
	}, err
}

// stream returns one with the context to measure behind, room for more,
// and what takes that back.
func (b *bench) stream(more int) (*decoder.Stream, func(), error) {
	s := b.decoder.NewStream(b.behind+more, more)
	err := s.AppendBlank(b.behind)
	mark := s.Mark()
	return s, func() { s.Rewind(mark) }, err
}

// decodeProbe gives each of n streams one token, in one pass.
func (b *bench) decodeProbe() (func(n int) *probe, error) {
	const most = 8
	backs, asks := make([]func(), most), make([]decoder.Ask, most)
	for i := range most {
		s, back, err := b.stream(1)
		if err != nil {
			return nil, err
		}
		asks[i] = decoder.Ask{Stream: s, IDs: make([]int, 1), Keep: 1, Best: make([]int, 1)}
		b.streams, backs[i] = append(b.streams, s), back
	}
	return func(n int) *probe {
		return &probe{
			Station: Station{Name: "decode", Size: n, Unit: "streams", Peak: "int8"},
			ops:     b.costs.decode.ops * float64(n), bytes: b.costs.decode.bytes,
			run: func() error {
				for i, id := range b.text(n) {
					asks[i].IDs[0] = id
				}
				err := b.decoder.Together(asks[:n]...)
				for _, back := range backs[:n] {
					back()
				}
				return err
			},
		}
	}, nil
}
