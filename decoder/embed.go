package decoder

import "sotto/models/kernel"

// embedText writes what enters the network for text: the id's embedding times
// √h, and its row of the per-layer table. The placeholder for sound is read as
// padding wherever no sound takes its place, as the reference does.
func (s *Stream) embedText(ids []int) {
	cfg := &s.d.cfg
	h := cfg.HiddenSize
	for i, id := range ids {
		if id == s.d.tokens.AudioSoft {
			id = s.d.tokens.Pad
		}
		row := s.embedded[i*h : (i+1)*h]
		s.d.embed.Row(row, id)
		scale(row, root(h))
		s.pleRow(i, id)
	}
}

// embedAudio writes what enters the network for sound: the sound tokens as they
// are, and the padding's row of the per-layer table.
func (s *Stream) embedAudio(soundTokens []float32) {
	copy(s.embedded, soundTokens)
	for i := range len(soundTokens) / s.d.cfg.HiddenSize {
		s.pleRow(i, s.d.tokens.Pad)
	}
}

// pleRow reads the identity part of position i's per-layer inputs: the id's
// table row times √P.
func (s *Stream) pleRow(i, id int) {
	width := s.d.cfg.Layers() * s.d.cfg.PLEDim
	row := s.ple[i*width : (i+1)*width]
	s.d.ple.Row(row, id)
	scale(row, root(s.d.cfg.PLEDim))
}

// perLayerInput returns layer l's input of position i, [P].
func (s *Stream) perLayerInput(l *layer, i int) []float32 {
	p := s.d.cfg.PLEDim
	at := (i*s.d.cfg.Layers() + l.index) * p
	return s.ple[at : at+p]
}

// mixPerLayer completes layer l's inputs of rows [lo, n):
// (rms(e·Wᵀ/√h) + table row·√P) / √2, e being what entered the network.
func (s *Stream) mixPerLayer(l *layer, lo, n int) {
	h, p := s.d.cfg.HiddenSize, s.d.cfg.PLEDim
	context := s.mix[:(n-lo)*p]
	kernel.MatMul(context, s.embedded[lo*h:n*h], n-lo, l.pleModelProj)
	scale(context, inverseRoot(h))
	normRows(context, context, s.d.pleNorm, s.d.cfg.RMSNormEps)
	for i := lo; i < n; i++ {
		input := s.perLayerInput(l, i)
		add(input, context[(i-lo)*p:(i-lo+1)*p])
		scale(input, inverseRoot(2))
	}
}
