package encoder

import (
	"encoding/binary"
	"math"

	"sotto/encoder/mel"
	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// whole is the tower over a whole signal at once, as models/gemma4/MODEL.md
// writes it down: in double precision, every stage over all rows before the
// next, and nothing taken from the code that streams but the mel rows.
type whole struct {
	cfg *gemma4.AudioConfig
	w   *gemma4.AudioWeights
}

// rows is a sequence, [T, width].
type rows [][]float64

func (r *whole) tokens(samples []float32) []float32 {
	x := r.subsample(mel.Rows(samples))
	for i := range r.w.Layers {
		x = r.layer(x, &r.w.Layers[i])
	}
	var tokens []float32
	for _, v := range x {
		y := times(v, r.w.OutputProj)
		for i, b := range r.w.OutputProjBias {
			y[i] += float64(b)
		}
		for _, v := range times(r.norm(y, nil), r.w.EmbedProj) {
			tokens = append(tokens, float32(v))
		}
	}
	return tokens
}

// subsample is two convolutions over time and frequency, then a projection.
func (r *whole) subsample(m []mel.Row) (out rows) {
	image := make([]rows, len(m)) // [T][frequency, channel]
	for t := range m {
		for _, v := range m[t] {
			image[t] = append(image[t], []float64{float64(v)})
		}
	}
	image = r.conv(image, r.w.Conv0, r.w.Conv0Norm)
	image = r.conv(image, r.w.Conv1, r.w.Conv1Norm)
	for _, cells := range image {
		var flat []float64
		for _, c := range cells {
			flat = append(flat, c...)
		}
		out = append(out, times(flat, r.w.InputProj))
	}
	return out
}

// conv is 3×3 with stride 2 and a border of zeros, weights [out, in, 3, 3], then
// a LayerNorm without bias over the channels, then ReLU. Rows that are not there
// are zeros.
func (r *whole) conv(in []rows, weights, norm []float32) []rows {
	channels := len(in[0][0])
	out := make([]rows, (len(in)+1)/2)
	for t := range out {
		for f := range len(in[0]) / 2 {
			cell := make([]float64, len(norm))
			for o := range cell {
				for k := range channels * 9 {
					c, dt, df := k/9, k/3%3-1, k%3-1
					if tt, ff := 2*t+dt, 2*f+df; tt >= 0 && tt < len(in) && ff >= 0 && ff < len(in[0]) {
						cell[o] += in[tt][ff][c] * float64(weights[o*channels*9+k])
					}
				}
			}
			out[t] = append(out[t], r.layerNormReLU(cell, norm))
		}
	}
	return out
}

func (r *whole) layerNormReLU(x []float64, norm []float32) []float64 {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	for i, v := range x {
		x[i] = math.Max(0, (v-mean)/math.Sqrt(variance+float64(r.cfg.RMSNormEps))*float64(norm[i]))
	}
	return x
}

func (r *whole) layer(x rows, l *gemma4.AudioLayer) rows {
	x = plus(x, float64(r.cfg.ResidualWeight), r.feedForward(x, &l.FeedForward1))
	x = plus(x, 1, r.each(r.attention(r.each(x, l.PreAttnNorm), l), l.PostAttnNorm))
	x = plus(x, 1, r.lightConv(r.each(x, l.LConv.PreNorm), &l.LConv))
	x = plus(x, float64(r.cfg.ResidualWeight), r.feedForward(x, &l.FeedForward2))
	return r.each(x, l.OutNorm)
}

func (r *whole) feedForward(x rows, f *gemma4.FeedForward) rows {
	y := linears(r.each(x, f.PreNorm), f.Up)
	for _, v := range y {
		silu(v)
	}
	return r.each(linears(y, f.Down), f.PostNorm)
}

// attention sees its own frame and the 11 before it.
func (r *whole) attention(x rows, l *gemma4.AudioLayer) rows {
	q, k, v := linears(x, l.Q), linears(x, l.K), linears(x, l.V)
	h, d := r.cfg.HiddenSize, r.cfg.HiddenSize/r.cfg.Heads
	out := make(rows, len(x))
	for t := range x {
		out[t] = make([]float64, h)
		for at := 0; at < h; at += d {
			var weights []float64
			first, sum := max(0, t-(r.cfg.ContextLeft-2)), 0.0
			for s := first; s <= t; s++ {
				far, dot := times(r.sinusoid(t-s), l.RelativeK), 0.0
				for i := range d {
					query := q[t][at+i] * float64(l.PerDimScale[i]) / math.Sqrt(float64(d)) / math.Ln2
					dot += query * (k[s][at+i]*math.Log(1+math.E)/math.Ln2 + far[at+i])
				}
				limit := float64(r.cfg.AttentionLogitCap)
				weights = append(weights, math.Exp(limit*math.Tanh(dot/limit)))
				sum += weights[len(weights)-1]
			}
			for i, p := range weights {
				for j := range d {
					out[t][at+j] += p / sum * v[first+i][at+j]
				}
			}
		}
	}
	return linears(out, l.Post)
}

// sinusoid is the encoding of a distance: all the sines, then all the cosines.
func (r *whole) sinusoid(distance int) []float64 {
	half := r.cfg.HiddenSize / 2
	x := make([]float64, 2*half)
	for i := range half {
		angle := float64(distance) * math.Pow(10000, -float64(i)/float64(half-1))
		x[i], x[half+i] = math.Sin(angle), math.Cos(angle)
	}
	return x
}

func (r *whole) lightConv(x rows, c *gemma4.LightConv) rows {
	h, taps := r.cfg.HiddenSize, r.cfg.ConvKernelSize
	gated := linears(x, c.Start)
	for _, g := range gated {
		for i := range h {
			g[i] /= 1 + math.Exp(-g[h+i])
		}
	}
	out := make(rows, len(x))
	for t := range x {
		mixed := make([]float64, h)
		for j := range taps {
			if s := t - taps + 1 + j; s >= 0 {
				for i := range h {
					mixed[i] += float64(c.Depthwise[i*taps+j]) * gated[s][i]
				}
			}
		}
		out[t] = r.norm(mixed, c.ConvNorm)
		silu(out[t])
	}
	return linears(out, c.End)
}

// each normalises every row.
func (r *whole) each(x rows, weight []float32) rows {
	out := make(rows, len(x))
	for t := range x {
		out[t] = r.norm(x[t], weight)
	}
	return out
}

// norm is the RMSNorm, without weight if that is nil.
func (r *whole) norm(x []float64, weight []float32) []float64 {
	mean := float64(r.cfg.RMSNormEps)
	for _, v := range x {
		mean += v * v / float64(len(x))
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v / math.Sqrt(mean)
		if weight != nil {
			out[i] *= float64(weight[i])
		}
	}
	return out
}

// linears clamps, multiplies and clamps again.
func linears(x rows, l gemma4.ClippedLinear) rows {
	out := make(rows, len(x))
	for t := range x {
		out[t] = clamp(times(clamp(x[t], l.Clip.InMin, l.Clip.InMax), l.Weight), l.Clip.OutMin, l.Clip.OutMax)
	}
	return out
}

func clamp(x []float64, low, high float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Min(math.Max(v, float64(low)), float64(high))
	}
	return out
}

func times(x []float64, m tensor.Matrix) []float64 {
	out := make([]float64, m.Rows)
	for i := range out {
		for j, v := range x {
			at := 4 * (i*m.Cols + j)
			out[i] += v * float64(math.Float32frombits(binary.LittleEndian.Uint32(m.Data[at:])))
		}
	}
	return out
}

func plus(x rows, share float64, y rows) rows {
	for t := range x {
		for i := range x[t] {
			x[t][i] += share * y[t][i]
		}
	}
	return x
}

func silu(x []float64) {
	for i, v := range x {
		x[i] = v / (1 + math.Exp(-v))
	}
}
