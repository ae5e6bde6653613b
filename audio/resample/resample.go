// Package resample changes a stream's sample rate: a polyphase filter with a
// Kaiser window, so that nothing above the lower rate's half folds down.
package resample

import "math"

const (
	// zeros of the sinc on each side of its middle, at the lower rate.
	zeros = 32
	// kaiserBeta gives more than 80 dB of stop band.
	kaiserBeta = 8.6
	// rolloff puts the pass band's edge below half the lower rate, so that the
	// transition ends there.
	rolloff = 0.95
	// phases of the filter are tabulated; between them it is interpolated.
	phases = 512
)

// Resampler converts one stream. Its output does not depend on how the input is
// sliced, has no delay, and holds ceil(n·to/from) samples for n.
type Resampler struct {
	from, to int64
	half     int64       // input samples on each side of an output sample
	table    [][]float64 // [phases+1][2·half], table[p] for an output p/phases behind an input sample; nil before any input

	history []float32 // input from sample first on
	first   int64     // index of history[0]; half zeros stand before the stream
	read    int64     // input samples taken
	written int64     // output samples given
	out     []float32
}

// New returns a resampler from and to the given rates in Hz, both at least 1.
func New(from, to int) *Resampler {
	g := gcd(int64(from), int64(to))
	r := &Resampler{from: int64(from) / g, to: int64(to) / g}
	r.half = int64(math.Ceil(zeros * r.scale()))
	r.Reset()
	return r
}

// scale is how much wider the filter is than the input's own sinc.
func (r *Resampler) scale() float64 { return math.Max(1, float64(r.from)/float64(r.to)) }

// Reset goes back to the beginning of a stream.
func (r *Resampler) Reset() {
	r.history = append(r.history[:0], make([]float32, r.half)...)
	r.first, r.read, r.written = -r.half, 0, 0
}

// filter tabulates the windowed sinc. The weights of each phase sum to one.
func filter(half int, scale float64) [][]float64 {
	table := make([][]float64, phases+1)
	for p := range table {
		row := make([]float64, 2*half)
		sum := 0.0
		for i := range row {
			// distance from the output sample to input sample i−half+1, in input samples
			d := float64(i-half+1) - float64(p)/phases
			row[i] = sinc(d*rolloff/scale) * kaiser(d/float64(half))
			sum += row[i]
		}
		for i := range row {
			row[i] /= sum
		}
		table[p] = row
	}
	return table
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window over [−1, 1].
func kaiser(x float64) float64 {
	if x < -1 || x > 1 {
		return 0
	}
	return bessel(kaiserBeta*math.Sqrt(1-x*x)) / bessel(kaiserBeta)
}

// bessel is the modified Bessel function of the first kind, order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1; term > 1e-12*sum; k++ {
		term *= x * x / float64(4*k*k)
		sum += term
	}
	return sum
}

// Write takes input and returns the output that is now certain; it is
// overwritten by the next call.
func (r *Resampler) Write(in []float32) []float32 {
	r.out = r.out[:0]
	if r.from == r.to {
		return append(r.out, in...)
	}
	r.history = append(r.history, in...)
	r.read += int64(len(in))
	r.produce(r.read - r.half)
	return r.out
}

// Flush returns the rest of the stream, as if silence followed, and resets.
func (r *Resampler) Flush() []float32 {
	r.out = r.out[:0]
	if r.from != r.to {
		r.history = append(r.history, make([]float32, r.half)...)
		r.produce(r.read)
	}
	r.Reset()
	return r.out
}

// produce writes every output sample whose place in the input is before limit.
func (r *Resampler) produce(limit int64) {
	if r.table == nil { // milliseconds of work, which a stream that is refused does not cost
		r.table = filter(int(r.half), r.scale())
	}
	for {
		scaled := r.written * r.from // place of the output sample, in input samples times r.to
		at := scaled / r.to
		if at >= limit {
			break
		}
		fraction := float64(scaled%r.to) / float64(r.to) * phases
		p := int(fraction)
		x := r.history[at-r.half+1-r.first:]
		r.out = append(r.out, interpolate(r.table[p], r.table[p+1], float32(fraction-float64(p)), x))
		r.written++
	}
	r.forget()
}

// interpolate applies the filter between two phases.
func interpolate(a, b []float64, share float32, x []float32) float32 {
	x = x[:len(a)]
	b = b[:len(a)]
	var sa, sb float64
	for i, v := range x {
		sa += a[i] * float64(v)
		sb += b[i] * float64(v)
	}
	return float32(sa + float64(share)*(sb-sa))
}

// forget drops input that no later output needs.
func (r *Resampler) forget() {
	need := r.written*r.from/r.to - r.half + 1
	if drop := need - r.first; drop > 4096 {
		drop = min(drop, int64(len(r.history)))
		r.history = r.history[:copy(r.history, r.history[drop:])]
		r.first += drop
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
