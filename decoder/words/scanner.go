package words

import "unicode"

// verdict is what is known of the gap between two clusters.
type verdict uint8

const (
	keep    verdict = iota // both belong to one unit
	cut                    // a unit ends here
	unknown                // the text after it will tell
)

// scanner goes over a text once, from its beginning. A verdict other than
// unknown rests on text that is there, so more text never changes it.
type scanner struct {
	clusters []cluster
	ended    bool  // nothing will follow
	base     class // word, digit or single: the last such in this unit; or nothing
	digits   int   // clusters of the number that the last cluster ends
}

// ends returns where the units of text end. What follows the last of them may
// still become part of a longer unit, unless the text has ended.
func ends(text string, ended bool) (found []int) {
	s := &scanner{clusters: clusters(text), ended: ended}
	for i := range len(s.clusters) - 1 {
		s.pass(i)
		switch s.gap(i) {
		case unknown:
			return found
		case cut:
			found = append(found, s.clusters[i].end)
			s.base = nothing
		}
	}
	if ended && text != "" {
		found = append(found, len(text))
	}
	return found
}

// pass takes in cluster i.
func (s *scanner) pass(i int) {
	c := &s.clusters[i]
	c.class = s.resolve(c.class)
	s.digits++
	if c.class != digit {
		s.digits = 0
	}
	if c.class == word || c.class == digit || c.class == single {
		s.base = c.class
	}
}

// resolve tells the two uses of a quotation mark apart: „Wort“ and “word”.
func (s *scanner) resolve(c class) class {
	switch {
	case c != quote:
		return c
	case s.base == nothing || s.base == single:
		return opener
	}
	return closer
}

// gap judges the place between cluster i and the next.
func (s *scanner) gap(i int) verdict {
	a, b := s.clusters[i], s.clusters[i+1]
	switch {
	case a.class == space || a.class == glue || b.class == glue:
		return keep
	case a.class == opener || s.base == nothing: // what is here belongs to what follows
		return keep
	case b.class == space:
		return s.beforeSpace(i)
	}
	return s.inRun(i)
}

// inRun judges a gap without a space.
func (s *scanner) inRun(i int) verdict {
	a, b := s.clusters[i], s.clusters[i+1]
	switch b.class = s.resolve(b.class); {
	case b.class == closer || bindsNext(a.last):
		return keep
	case b.class == sign:
		return s.beforeSign(i)
	case s.base == single || b.class == single:
		return cut
	case b.class == opener && isWide(b.first):
		return cut
	case a.class == closer && isWide(a.first) && (s.base != digit || b.class != digit):
		return cut
	case s.base == word && b.class == word && breaksWord(a.first):
		return cut
	}
	return keep
}

// beforeSign judges the gap between cluster i and a sign: among single clusters
// it begins a number, or is like a closer.
func (s *scanner) beforeSign(i int) verdict {
	a := s.clusters[i]
	switch {
	case s.base != single && (a.class != closer || !isWide(a.first)):
		return keep
	case i+2 == len(s.clusters):
		return s.atEnd()
	case s.clusters[i+2].class == digit:
		return cut
	}
	return keep
}

// beforeSpace judges the gap between cluster i and the spaces after it.
func (s *scanner) beforeSpace(i int) verdict {
	j, newline := i+1, false
	for j < len(s.clusters) && s.clusters[j].class == space {
		newline = newline || s.clusters[j].last == '\n'
		j++
	}
	if j == len(s.clusters) {
		return s.atEnd()
	}
	a, c := s.clusters[i], s.clusters[j]
	switch {
	case newline || a.class == closer && isDash(c.first): // - Yes. - No.
		return cut
	case a.class == digit && isMeasure(c.first): // 10 %
		return keep
	case unicode.Is(unicode.Sc, a.first) && c.class == digit: // € 10
		return keep
	case a.class == digit && c.class == digit && j == i+2:
		return s.beforeGroup(j)
	case c.class == closer || c.class == sign:
		return s.beforeClosers(j)
	}
	return cut
}

// beforeGroup judges the space before cluster j, a digit after a digit: groups
// of three digits make one number, 12 345 678.
func (s *scanner) beforeGroup(j int) verdict {
	n := 0
	for j+n < len(s.clusters) && s.clusters[j+n].class == digit {
		n++
	}
	switch {
	case s.digits > 3 || n > 3:
		return cut
	case j+n == len(s.clusters) && !s.ended:
		return unknown
	case n == 3:
		return keep
	}
	return cut
}

// beforeClosers judges the space before cluster j, a closer: alone it belongs
// to what is before, as in French; before a word it begins a unit.
func (s *scanner) beforeClosers(j int) verdict {
	for ; j < len(s.clusters); j++ {
		switch s.clusters[j].class {
		case closer, sign, glue:
		case space:
			return keep
		default:
			return cut
		}
	}
	return s.atEnd()
}

// atEnd is the verdict where the text ends before it is told.
func (s *scanner) atEnd() verdict {
	if s.ended {
		return keep
	}
	return unknown
}
