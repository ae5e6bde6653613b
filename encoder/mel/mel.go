// Package mel turns sound into log-mel rows, exactly as Gemma 4 was trained: 128
// bands every 10 ms, each over 20 ms (MODEL.md, "Front end").
package mel

import (
	"math"
	"math/cmplx"
	"sync"
)

const (
	// Bins is the width of a row.
	Bins = 128
	// FrameLen is the length of a frame in samples: 40 ms at 16 kHz.
	FrameLen = 640
	// RowsPerFrame rows come of one frame.
	RowsPerFrame = FrameLen / hop

	hop      = 160 // samples between rows
	window   = 320 // samples under a row: 160 of the row before, 160 of its own
	spectrum = fftLen/2 + 1
	floor    = 0.001 // added to each band before the logarithm
	rateHz   = 16000
)

// Row is one row of log band magnitudes.
type Row [Bins]float32

// tables are shared by all streams.
type tables struct {
	fft   *fft
	hann  [window]float64
	bands [Bins]band
}

// band is one triangle of the mel bank over the spectrum's bins.
type band struct {
	first   int
	weights []float64
}

var shared = sync.OnceValue(newTables)

func newTables() *tables {
	t := &tables{fft: newFFT()}
	for n := range t.hann { // periodic; rounded to float32 as in the reference
		t.hann[n] = float64(float32(0.5 - 0.5*math.Cos(2*math.Pi*float64(n)/window)))
	}
	edges := bandEdges()
	for j := range t.bands {
		t.bands[j] = newBand(edges[j], edges[j+1], edges[j+2])
	}
	return t
}

// bandEdges returns Bins+2 frequencies in Hz that are evenly spaced on the HTK
// mel scale, mel(f) = 2595·log10(1 + f/700), from 0 to 8000 Hz.
func bandEdges() [Bins + 2]float64 {
	top := 2595 * math.Log10(1+rateHz/2/700.0)
	var edges [Bins + 2]float64
	for i := range edges {
		edges[i] = 700 * (math.Pow(10, top*float64(i)/(Bins+1)/2595) - 1)
	}
	return edges
}

// newBand returns the triangle that rises from low to middle and falls to high,
// with its peak at 1. The lowest band covers no bin and is always empty.
func newBand(low, middle, high float64) band {
	var b band
	for k := range spectrum {
		f := float64(k) * rateHz / fftLen
		w := max(0, min((f-low)/(middle-low), (high-f)/(high-middle)))
		if w == 0 {
			continue
		}
		if b.weights == nil {
			b.first = k
		}
		b.weights = append(b.weights, w)
	}
	return b
}

// Stream turns one voice's frames into rows. It remembers the last 10 ms.
type Stream struct {
	tables *tables
	past   [hop]float32 // zeros before the voice
	buf    [fftLen]complex128
}

// NewStream returns a stream at the beginning of a voice.
func NewStream() *Stream { return &Stream{tables: shared()} }

// Reset goes back to the beginning of a voice.
func (s *Stream) Reset() { s.past = [hop]float32{} }

// Step writes the four rows of the next frame. Row i of a voice covers samples
// [160i−160, 160i+159], so all four are complete with their frame.
func (s *Stream) Step(dst *[RowsPerFrame]Row, frame *[FrameLen]float32) {
	for i := range dst {
		own := frame[i*hop : (i+1)*hop]
		s.row(&dst[i], own)
		copy(s.past[:], own)
	}
}

// row writes ln(B·|X| + 0.001) for the spectrum X of the past and own samples
// under the window, the mel bank being B.
func (s *Stream) row(dst *Row, own []float32) {
	t := s.tables
	for n := range fftLen { // bit-reversed: zeros behind the window
		v := 0.0
		if n < hop {
			v = float64(s.past[n]) * t.hann[n]
		} else if n < window {
			v = float64(own[n-hop]) * t.hann[n]
		}
		s.buf[t.fft.order[n]] = complex(v, 0)
	}
	t.fft.transform(&s.buf)
	var magnitude [spectrum]float64
	for k := range magnitude {
		magnitude[k] = cmplx.Abs(s.buf[k])
	}
	for j := range dst {
		sum := floor
		b := &t.bands[j]
		for k, w := range b.weights {
			sum += w * magnitude[b.first+k]
		}
		dst[j] = float32(math.Log(sum))
	}
}

// Count returns how many rows a voice of n samples has: a row counts once a
// sample behind its window exists, floor((n−1)/160).
func Count(n int) int { return max(0, (n-1)/hop) }

// Rows returns the rows of a whole voice, [Count(len(samples)), Bins].
func Rows(samples []float32) []Row {
	rows := make([]Row, 0, len(samples)/hop+RowsPerFrame)
	s := NewStream()
	for at := 0; at < len(samples); at += FrameLen {
		var frame [FrameLen]float32
		var four [RowsPerFrame]Row
		copy(frame[:], samples[at:])
		s.Step(&four, &frame)
		rows = append(rows, four[:]...)
	}
	return rows[:Count(len(samples))]
}
