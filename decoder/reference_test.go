package decoder

import (
	"fmt"
	"math"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// reference computes a whole prompt at once in float64, straight from the
// equations of models/gemma4/MODEL.md: no memory, no early exit, masks as
// matrices. It is slow and the judge of everything else here.
type reference struct {
	*model
	n, h, p int
	stages  map[string]rows
	// keys and values of the layers that own some
	keys, values []rows
	weights      [][]rows // by layer and head, [n, n]
}

type rows [][]float64

func (r rows) flat() []float64 {
	var out []float64
	for _, row := range r {
		out = append(out, row...)
	}
	return out
}

// whole returns the logits of every position, [n, vocab], and every stage on
// the way.
func whole(m *model, items []item) (rows, *reference) {
	ref := &reference{model: m, n: len(items), h: m.cfg.HiddenSize, p: m.cfg.PLEDim, stages: map[string]rows{}}
	x, perLayer := ref.inputs(items)
	ref.stages["embed"], ref.stages["ple"] = x, perLayer
	ref.keys, ref.values = make([]rows, m.cfg.Layers()), make([]rows, m.cfg.Layers())
	ref.weights = make([][]rows, m.cfg.Layers())
	for l := range m.w.Layers {
		x = ref.layer(l, x, perLayer)
		ref.stages[fmt.Sprintf("layer.%d", l)] = x
	}
	x = rms(x, m.w.Norm, m.cfg.RMSNormEps)
	ref.stages["norm"] = x
	logits := linear(x, m.w.Embed)
	if c := float64(m.cfg.FinalLogitSoftcap); c != 0 {
		logits = each(logits, func(v float64) float64 { return c * math.Tanh(v/c) })
	}
	return logits, ref
}

// inputs returns embeddings [n, h] and per-layer inputs [n, L·P].
func (ref *reference) inputs(items []item) (x, perLayer rows) {
	embed, table := dense(ref.w.Embed), dense(ref.w.PLE)
	for _, it := range items {
		id := it.id
		if it.sound != nil || id == ref.tokens.AudioSoft {
			id = ref.tokens.Pad
		}
		e := times(embed[id], math.Sqrt(float64(ref.h)))
		if it.sound != nil {
			e = widen(it.sound)
		}
		x = append(x, e)
		perLayer = append(perLayer, times(table[id], math.Sqrt(float64(ref.p))))
	}
	context := each(linear(x, ref.w.PLEModelProj), func(v float64) float64 { return v / math.Sqrt(float64(ref.h)) })
	context = rms(context, ref.w.PLENorm, ref.cfg.RMSNormEps)
	for i := range perLayer {
		perLayer[i] = times(plus(perLayer[i], context[i]), 1/math.Sqrt2)
	}
	return x, perLayer
}

func (ref *reference) layer(l int, x, perLayer rows) rows {
	w, eps := &ref.w.Layers[l], ref.cfg.RMSNormEps
	a := ref.attention(l, rms(x, w.InputNorm, eps))
	x = sum(x, rms(a, w.PostAttnNorm, eps))

	n := rms(x, w.PreFFNorm, eps)
	m := linear(product(each(linear(n, w.Gate), gelu), linear(n, w.Up)), w.Down)
	x = sum(x, rms(m, w.PostFFNorm, eps))

	var c rows
	for i := range perLayer {
		c = append(c, perLayer[i][l*ref.p:(l+1)*ref.p])
	}
	y := linear(product(each(linear(x, w.PLEGate), gelu), c), w.PLEProj)
	x = sum(x, rms(y, w.PostPLENorm, eps))
	return each(x, func(v float64) float64 { return v * float64(w.Scalar) })
}

func (ref *reference) attention(l int, n rows) rows {
	w, cfg := &ref.w.Layers[l], &ref.cfg
	q := ref.rotate(l, rms(linear(n, w.Q), w.QNorm, cfg.RMSNormEps))
	source := cfg.KVSource(l)
	if source == l {
		ref.keys[l] = ref.rotate(l, rms(linear(n, w.K), w.KNorm, cfg.RMSNormEps))
		one := make([]float32, cfg.HeadDimOf(l))
		for i := range one {
			one[i] = 1
		}
		ref.values[l] = rms(linear(n, w.V), one, cfg.RMSNormEps)
	}
	k, v := ref.keys[source], ref.values[source]
	d, group := cfg.HeadDimOf(l), cfg.Heads/cfg.KVHeadsOf(l)
	mask := ref.mask(cfg.LayerTypes[l])
	out := zeros(ref.n, cfg.Heads*d)
	ref.weights[l] = make([]rows, cfg.Heads)
	for head := range cfg.Heads {
		kv := head / group * d
		for i := range out {
			p := make([]float64, ref.n)
			for j := range p {
				p[j] = dot(q[i][head*d:(head+1)*d], k[j][kv:kv+d]) + mask[i][j]
			}
			softmax(p)
			ref.weights[l][head] = append(ref.weights[l][head], p)
			for j := range p {
				for e := range d {
					out[i][head*d+e] += p[j] * v[j][kv+e]
				}
			}
		}
	}
	return linear(out, w.O)
}

// mask is 0 where query i sees key j and -Inf elsewhere, [n, n].
func (ref *reference) mask(kind gemma4.LayerType) rows {
	m := zeros(ref.n, ref.n)
	for i := range m {
		for j := range m[i] {
			if j > i || kind == gemma4.Sliding && i-j >= ref.cfg.SlidingWindow {
				m[i][j] = math.Inf(-1)
			}
		}
	}
	return m
}

// rotate turns pairs (i, i+d/2) of every head by position · θ^(-2i/d), for the
// first PartialRotary·d/2 pairs. The angle is rounded to float32, which matters
// at high positions and belongs to the model.
func (ref *reference) rotate(l int, x rows) rows {
	kind, d := ref.cfg.LayerTypes[l], ref.cfg.HeadDimOf(l)
	turning := int(ref.cfg.PartialRotary[kind] * float64(d) / 2)
	for pos := range x {
		for head := 0; head < len(x[pos]); head += d {
			for i := range turning {
				frequency := math.Pow(ref.cfg.RopeTheta[kind], -2*float64(i)/float64(d))
				sin, cos := math.Sincos(float64(float32(pos) * float32(frequency)))
				a, b := x[pos][head+i], x[pos][head+i+d/2]
				x[pos][head+i], x[pos][head+i+d/2] = a*cos-b*sin, b*cos+a*sin
			}
		}
	}
	return x
}

// rms norms every stretch of a row as wide as weight.
func rms(x rows, weight []float32, eps float32) rows {
	out := zeros(len(x), len(x[0]))
	w := len(weight)
	for i := range x {
		for at := 0; at < len(x[i]); at += w {
			part := x[i][at : at+w]
			r := 1 / math.Sqrt(dot(part, part)/float64(w)+float64(eps))
			for j := range part {
				out[i][at+j] = part[j] * r * float64(weight[j])
			}
		}
	}
	return out
}

func gelu(z float64) float64 {
	return 0.5 * z * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z)))
}

func softmax(p []float64) {
	top, total := math.Inf(-1), 0.0
	for _, v := range p {
		top = max(top, v)
	}
	for i := range p {
		p[i] = math.Exp(p[i] - top)
		total += p[i]
	}
	for i := range p {
		p[i] /= total
	}
}

// dense reads a stored matrix of type F32.
func dense(m tensor.Matrix) rows {
	out := make(rows, m.Rows)
	row := make([]float32, m.Cols)
	for i := range out {
		m.Row(row, i)
		out[i] = widen(row)
	}
	return out
}

// linear returns x·Wᵀ.
func linear(x rows, m tensor.Matrix) rows {
	w := dense(m)
	out := zeros(len(x), m.Rows)
	for i := range x {
		for j := range w {
			out[i][j] = dot(x[i], w[j])
		}
	}
	return out
}

func zeros(n, width int) rows {
	out := make(rows, n)
	for i := range out {
		out[i] = make([]float64, width)
	}
	return out
}

func each(x rows, f func(float64) float64) rows {
	out := zeros(len(x), len(x[0]))
	for i := range x {
		for j, v := range x[i] {
			out[i][j] = f(v)
		}
	}
	return out
}

func sum(a, b rows) rows {
	out := make(rows, len(a))
	for i := range a {
		out[i] = plus(a[i], b[i])
	}
	return out
}

func product(a, b rows) rows {
	out := zeros(len(a), len(a[0]))
	for i := range a {
		for j := range a[i] {
			out[i][j] = a[i][j] * b[i][j]
		}
	}
	return out
}

func plus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] + b[i]
	}
	return out
}

func times(a []float64, by float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] * by
	}
	return out
}

func dot(a, b []float64) float64 {
	total := 0.0
	for i := range a {
		total += a[i] * b[i]
	}
	return total
}

func widen(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
