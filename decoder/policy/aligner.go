package policy

import "slices"

const (
	defaultNewest = 4 // frames, 160 ms
	widestMedian  = 7
	leastRows     = 4 // observed rows from which a column's mean says anything
)

// Aligner turns rows of attention into a Token's Frame, Mass and Recent. It
// belongs to one window of one voice and keeps the means of its columns; after
// the first rows it allocates only when the sound has grown. The zero value is
// ready.
//
// A row is the attention [heads, span] of one position of the text to the span
// sound tokens of the window, of the chosen heads alone: probabilities after the
// softmax over all positions, so that a head's row sums to at most 1 and the
// rest lies on text. With a[h,j] for head h and sound token j:
//
//	c[j]   = mean over h of a[h,j]
//	x[j]   = max(0, c[j] - m[j])     m: mean of c[j] over the observed rows
//	Mass   = sum of x
//	Recent = sum of the last Newest x / Mass
//	Frame  = argmax of median(x)
//
// Some columns take attention from every row and mean nothing (sinks, often the
// first and the last ones). Subtracting m removes them. Good rows to Observe
// are those of the prompt behind the sound, which read nothing in particular,
// and those of committed tokens, once each. Without any, m is 0.
//
// Averaging the heads as they are lets those speak loudest that look at the
// sound most. The median goes along the sound and removes spikes narrower than
// half its width; where it leaves nothing, x itself decides.
type Aligner struct {
	Newest int // frames that count as newest in Recent; 0: 4

	sums []float32 // [span] of c over the observed rows
	rows []int     // [span] observed rows that had the column
	x    []float32 // [span] of the row at hand
}

// Frames is Aligner.Frames for a single row, without means.
func Frames(attention []float32, heads, span, previous, median int) (frame int, mass, recent float32) {
	return new(Aligner).Frames(attention, heads, span, previous, median)
}

// Reset forgets the observed rows, at the start of another window.
func (a *Aligner) Reset() { a.sums, a.rows = a.sums[:0], a.rows[:0] }

// Observe adds a row of attention, [heads, span], to the columns' means. A row
// that is shorter than it should be is left out.
func (a *Aligner) Observe(attention []float32, heads, span int) {
	if !a.average(attention, heads, span) {
		return
	}
	for len(a.sums) < span {
		a.sums, a.rows = append(a.sums, 0), append(a.rows, 0)
	}
	for j, c := range a.x {
		a.sums[j] += c
		a.rows[j]++
	}
}

// Frames returns the numbers of the token that the row attention, [heads,
// span], predicted. The frame never lies before previous; -1 gives the raw one,
// which AlignAtt wants. median is the odd width of the filter, 3 to 7; 1 is no
// filter, other widths are taken as the next lower one of these. A row that is
// shorter than it should be, or holds nothing above 0, has frame -1.
func (a *Aligner) Frames(attention []float32, heads, span, previous, median int) (frame int, mass, recent float32) {
	if !a.average(attention, heads, span) {
		return -1, 0, 0
	}
	a.subtract()
	mass, recent = a.shares()
	if mass == 0 {
		return -1, 0, 0
	}
	return max(a.peak(median), previous), min(mass, 1), recent
}

// average puts the mean of the heads into x. What is no probability counts as
// the nearest one, NaN as 0.
func (a *Aligner) average(attention []float32, heads, span int) bool {
	if heads < 1 || span < 1 || len(attention)/heads < span {
		return false
	}
	a.x = slices.Grow(a.x[:0], span)[:span]
	clear(a.x)
	for h := range heads {
		for j, v := range attention[h*span : (h+1)*span] {
			if v > 0 {
				a.x[j] += min(v, 1)
			}
		}
	}
	for j := range a.x {
		a.x[j] /= float32(heads)
	}
	return true
}

// subtract takes the columns' means from x.
func (a *Aligner) subtract() {
	for j := range min(len(a.x), len(a.sums)) {
		if a.rows[j] >= leastRows {
			a.x[j] = max(0, a.x[j]-a.sums[j]/float32(a.rows[j]))
		}
	}
}

// shares returns the sum of x and the newest frames' share of it.
func (a *Aligner) shares() (mass, recent float32) {
	newest := a.Newest
	if newest <= 0 {
		newest = defaultNewest
	}
	for j, v := range a.x {
		mass += v
		if j >= len(a.x)-newest {
			recent += v
		}
	}
	if mass == 0 {
		return 0, 0
	}
	return mass, recent / mass
}

// peak returns the column whose median is largest; among equals the largest x,
// then the newest, which is the careful choice.
func (a *Aligner) peak(median int) int {
	half := (min(max(median, 1), widestMedian) - 1) / 2
	best, bestMedian := 0, float32(-1)
	for j, v := range a.x {
		m := middle(a.x[max(j-half, 0):min(j+half+1, len(a.x))])
		if m > bestMedian || m == bestMedian && v >= a.x[best] {
			best, bestMedian = j, m
		}
	}
	return best
}

// middle returns the median of 1 to widestMedian values, the lower of the two
// in the middle of an even number: at the edges of the sound, where there are
// fewer columns, a spike is to vanish too.
func middle(values []float32) float32 {
	var sorted [widestMedian]float32
	for i, v := range values {
		for ; i > 0 && sorted[i-1] > v; i-- {
			sorted[i] = sorted[i-1]
		}
		sorted[i] = v
	}
	return sorted[(len(values)-1)/2]
}
