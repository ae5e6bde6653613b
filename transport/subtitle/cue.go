package subtitle

const (
	maxColumns = 42 // of a line; a cue has two at most
	maxCue     = 7000
	minCue     = 1000
	readMs     = 50   // for a column to be read: 20 a second
	hurryMs    = 25   // where cues have fallen behind the voice
	behind     = 2000 // ms of it
)

// Cue is one subtitle.
type Cue struct {
	StartMs, EndMs int64
	Lines          []string
}

// Take makes cues of the text, one behind the other from free on, and takes away
// what is in them. Cues that would begin at limit or later are left.
func (o *Open) Take(free, limit int64) (cues []Cue) {
	for _, n := range split(o.units) {
		c := cue(o.units[:n], free)
		if c.StartMs >= limit {
			break
		}
		cues = append(cues, c)
		free = c.EndMs
		o.units = o.units[n:]
	}
	return cues
}

// Empty reports whether no text is left.
func (o *Open) Empty() bool { return len(o.units) == 0 }

// cue shows units when they were said, but not before free, and for as long as it
// takes to read them.
func cue(units []unit, free int64) Cue {
	said, end := span(units)
	start := max(said, free)
	pace := int64(readMs)
	if start-said > behind {
		pace = hurryMs
	}
	least := max(minCue, int64(columns(units))*pace)
	return Cue{start, min(max(end, start+least), start+maxCue), lines(units)}
}

// span is from where the first to where the last of units was said.
func span(units []unit) (start, end int64) {
	start, end = units[0].startMs, units[0].endMs
	for _, u := range units[1:] {
		start, end = min(start, u.startMs), max(end, u.endMs)
	}
	return start, end
}

// Costs of a cue, beside those of where it ends.
const (
	perCue  = 20
	twoIn   = 60  // the end of a sentence inside
	tooFast = 100 // less than minCue
)

// split returns the sizes of the cheapest cues that hold all units: as those of
// sentences, and of equal length where a sentence needs several.
func split(units []unit) (sizes []int) {
	best := make([]int, len(units)+1) // cost of the units from i on
	size := make([]int, len(units))   // of the cue that begins with i
	for i := len(units) - 1; i >= 0; i-- {
		for n := 1; i+n <= len(units); n++ {
			own, ok := cost(units[i : i+n])
			if !ok && n > 1 {
				break
			}
			if i+n < len(units) {
				own += parting(&units[i+n-1], &units[i+n])
			}
			if own += best[i+n]; n == 1 || own < best[i] {
				best[i], size[i] = own, n
			}
		}
	}
	for i := 0; i < len(units); i += size[i] {
		sizes = append(sizes, size[i])
	}
	return sizes
}

// cost is what a cue of units costs; false where they are too many or too long.
func cost(units []unit) (int, bool) {
	start, end := span(units)
	if _, fits := halve(units); !fits || end-start > maxCue {
		return perCue, false
	}
	width := columns(units)
	sum := perCue + width*width/100
	if end-start < minCue {
		sum += tooFast
	}
	for i := range units[:len(units)-1] {
		if endsSentence(units[i].text) {
			sum += twoIn
		}
	}
	return sum, true
}
