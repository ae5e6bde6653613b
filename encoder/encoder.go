// Package encoder is the audio tower: 40 ms of sound in, one sound token in the
// decoder's space out. It is exactly causal, so a voice is encoded as it comes,
// each frame once, equal to the whole-signal computation. The network is
// described in models/gemma4/MODEL.md.
package encoder

import (
	"fmt"
	"math"

	"sotto/audio"
	"sotto/encoder/mel"
	"sotto/models/batch"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// Encoder is the tower's weights, ready to compute with and shared by all
// streams, and the queue of those who use it.
type Encoder struct {
	hidden  int // H
	heads   int
	headDim int
	window  int // keys a query sees, its own included
	taps    int // of the depthwise convolution
	outputs int // of the tower, before the projection into the decoder's space
	cap     float32
	half    float32 // residual weight of the feed-forward halves
	eps     float32

	subsample  subsample
	layers     []layer
	outputProj *kernel.Weights // [outputs, H]
	outputBias []float32       // [outputs]
	embedProj  *kernel.Weights // [decoder hidden, outputs]

	queue batch.Queue[request]
}

// New readies the tower of a checkpoint for use by a team: by the fast kernels
// when its matrices are packed, else by the reference.
func New(cfg *gemma4.AudioConfig, w *gemma4.AudioWeights, team *kernel.Team) (*Encoder, error) {
	if cfg.MelBins != mel.Bins {
		return nil, fmt.Errorf("encoder: %d mel bins, want %d", cfg.MelBins, mel.Bins)
	}
	if cfg.ContextRight != 0 || cfg.ContextLeft < 2 {
		return nil, fmt.Errorf("encoder: attention context of %d frames left and %d right, want at least 2 and 0", cfg.ContextLeft, cfg.ContextRight)
	}
	if cfg.Heads < 1 || cfg.HiddenSize%cfg.Heads != 0 || cfg.HiddenSize%2 != 0 {
		return nil, fmt.Errorf("encoder: %d heads over a width of %d, want an even width that they divide", cfg.Heads, cfg.HiddenSize)
	}
	e := &Encoder{
		hidden:     cfg.HiddenSize,
		heads:      cfg.Heads,
		headDim:    cfg.HiddenSize / cfg.Heads,
		window:     cfg.ContextLeft - 1,
		taps:       cfg.ConvKernelSize,
		outputs:    cfg.OutputDims,
		cap:        cfg.AttentionLogitCap,
		half:       cfg.ResidualWeight,
		eps:        cfg.RMSNormEps,
		subsample:  newSubsample(cfg, w),
		outputProj: kernel.Prepare(w.OutputProj),
		outputBias: w.OutputProjBias,
		embedProj:  kernel.Prepare(w.EmbedProj),
	}
	positions := e.distances()
	for i := range w.Layers {
		e.layers = append(e.layers, e.newLayer(&w.Layers[i], positions))
	}
	e.queue = batch.Queue[request]{Max: MaxBlock, Do: newPass(e, team).serve}
	return e, nil
}

// Dims returns the width of a sound token, the decoder's hidden size.
func (e *Encoder) Dims() int { return e.embedProj.Rows() }

// Encode encodes a whole voice, [T, Dims], with T and the last token by the
// reference's rule for every length.
func (e *Encoder) Encode(samples []float32) []float32 {
	if len(samples) == 0 {
		return nil
	}
	s := e.NewStream()
	frames := (len(samples) - 1) / audio.FrameLen
	tokens := make([]float32, (frames+1)*e.Dims())
	block := make([]audio.Frame, min(frames, MaxBlock))
	for t := 0; t < frames; t += len(block) {
		n := min(len(block), frames-t)
		for i := range n {
			copy(block[i][:], samples[(t+i)*audio.FrameLen:])
		}
		s.Step(tokens[t*e.Dims():], block[:n])
	}
	if !s.Flush(tokens[frames*e.Dims():], samples[frames*audio.FrameLen:]) {
		tokens = tokens[:frames*e.Dims()]
	}
	return tokens
}

// distances returns the sinusoids of the distances 0 to window−1, [window, H]:
// sin(d·τᵢ) for i < H/2, then cos(d·τᵢ), τᵢ = 10000^(−i/(H/2−1)).
func (e *Encoder) distances() []float32 {
	half := e.hidden / 2
	table := make([]float32, e.window*e.hidden)
	for d := range e.window {
		row := table[d*e.hidden : (d+1)*e.hidden]
		for i := range half {
			tau := math.Exp(-float64(i) * math.Log(10000) / math.Max(float64(half-1), 1))
			sin, cos := math.Sincos(float64(d) * tau)
			row[i], row[half+i] = float32(sin), float32(cos)
		}
	}
	return table
}
