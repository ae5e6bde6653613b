package guard

// longestPeriod, in tokens, covers a sentence said again and again.
const longestPeriod = 32

// repeats returns how often a period must stand in a row to be a loop. Speech
// repeats too, the more so the fewer different tokens the period has:
//
//	1 token      10: laughter ("ha ha ha ha") and the nine zeros of a billion, a token each
//	2 tokens      6: "no, no, no, no, no", and the groups ",000" of all numbers people say
//	3 and more    4: nobody says a phrase four times, but songs and models
func repeats(period []int) int {
	switch distinct(period) {
	case 1:
		return 10
	case 2:
		return 6
	}
	return 4
}

// distinct counts the different ids in a period, up to three.
func distinct(period []int) int {
	second := -1
	for i, id := range period {
		switch {
		case id == period[0]:
		case second < 0 || id == period[second]:
			second = i
		default:
			return 3
		}
	}
	if second < 0 {
		return 1
	}
	return 2
}

// Loop finds the earliest loop in ids, a period of 1 to 32 tokens that repeats
// too often for speech, and returns where its first repetition begins: ids[:from]
// still has the period once, counted from the first token that fits it. For a reply that comes in parts, give all of it.
func Loop(ids []int) (from int, found bool) {
	for period := 1; period <= longestPeriod; period++ {
		if start, ok := loopOf(ids, period); ok && (!found || start < from) {
			from, found = start, true
		}
	}
	return from, found
}

// loopOf finds the first loop with a period of so many tokens.
func loopOf(ids []int, period int) (from int, found bool) {
	same := 0 // ids in a row that equal the one a period before
	for i := period; i < len(ids); i++ {
		if ids[i] != ids[i-period] {
			same = 0
			continue
		}
		same++
		if same >= 3*period && same >= (repeats(ids[i-period+1:i+1])-1)*period {
			return i - same + 1, true
		}
	}
	return 0, false
}
