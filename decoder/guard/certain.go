package guard

import "math"

// certainTokens is how many tokens must be seen before a model's certainty is
// judged: the first word of a sentence is a guess even when speech is clear.
const certainTokens = 4

// Certain reports that a model knew what it wrote: that some beginning of a
// reply, of at least four tokens or the whole of a finished one, has a geometric
// mean of probabilities of at least floor. What a model writes on sounds that
// are no speech it takes from what it has read; such text is less probable to it
// from the start. A floor of 0 lets everything pass.
func Certain(probs []float32, floor float32, finished bool) bool {
	if floor <= 0 {
		return true
	}
	sum, least := 0.0, math.Log(float64(floor))
	for i, p := range probs {
		n := i + 1
		sum += math.Log(max(float64(p), 1e-9))
		if (n >= certainTokens || finished && n == len(probs)) && sum >= float64(n)*least {
			return true
		}
	}
	return false
}
