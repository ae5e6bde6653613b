package kernel

import (
	"github.com/x448/float16"
)

// Floats are numbers kept in single or in half precision; one of the two is nil.
type Floats struct {
	Single []float32
	Half   []uint16
}

// NewFloats makes room for n numbers.
func NewFloats(n int, half bool) Floats {
	if half {
		return Floats{Half: make([]uint16, n)}
	}
	return Floats{Single: make([]float32, n)}
}

// Len returns how many there are.
func (f Floats) Len() int { return len(f.Single) + len(f.Half) }

// Bytes returns the memory that they take.
func (f Floats) Bytes() int { return 4*len(f.Single) + 2*len(f.Half) }

// Slice returns numbers [from, to).
func (f Floats) Slice(from, to int) Floats {
	if f.Half != nil {
		return Floats{Half: f.Half[from:to]}
	}
	return Floats{Single: f.Single[from:to]}
}

// Put writes x from number at on, rounded to nearest even when they are halves.
func (f Floats) Put(at int, x []float32) {
	if f.Half != nil {
		use.narrow(f.Half[at:at+len(x)], x)
		return
	}
	copy(f.Single[at:], x)
}

// CopyFrom copies other, which has the same precision, to the front.
func (f Floats) CopyFrom(other Floats) {
	copy(f.Single, other.Single)
	copy(f.Half, other.Half)
}

// At returns number i.
func (f Floats) At(i int) float32 {
	if f.Half != nil {
		return float16.Frombits(f.Half[i]).Float32()
	}
	return f.Single[i]
}

// MaxHeads is how many query heads Scores and Blend take at once.
const MaxHeads = 4

// Heads are up to MaxHeads vectors of one width that lie one behind the other.
type Heads struct {
	Values []float32 // [Count, dim]
	Count  int
}

// Vectors are a head's keys or values, one every Stride numbers.
type Vectors struct {
	Floats
	Stride int
}

// Scores writes q·k of every head with the first n keys; head h's go to
// dst[h·stride:].
func Scores(dst []float32, stride int, q Heads, keys Vectors, n int) {
	if n > 0 {
		use.scores(dst, stride, q, keys, n)
	}
}

// Blend adds Σ weight·value over the first n values to every head of dst; head
// h's weights are at weights[h·stride:].
func Blend(dst Heads, weights []float32, stride int, values Vectors, n int) {
	if n > 0 {
		use.blend(dst, weights, stride, values, n)
	}
}

func scoresPortable(dst []float32, stride int, q Heads, keys Vectors, n int) {
	dim := len(q.Values) / q.Count
	for h := range q.Count {
		head := q.Values[h*dim : (h+1)*dim]
		for j := range n {
			var sum float64
			for d, v := range head {
				sum += float64(v) * float64(keys.At(j*keys.Stride+d))
			}
			dst[h*stride+j] = float32(sum)
		}
	}
}

func blendPortable(dst Heads, weights []float32, stride int, values Vectors, n int) {
	dim := len(dst.Values) / dst.Count
	for h := range dst.Count {
		head := dst.Values[h*dim : (h+1)*dim]
		for j, w := range weights[h*stride : h*stride+n] {
			for d := range head {
				head[d] += w * values.At(j*values.Stride+d)
			}
		}
	}
}

func narrowPortable(dst []uint16, x []float32) {
	for i, v := range x {
		dst[i] = float16.Fromfloat32(v).Bits()
	}
}
