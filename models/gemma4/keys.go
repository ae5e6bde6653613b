package gemma4

import (
	"fmt"
	"math"

	"sotto/models/gguf"
)

// keys reads the metadata of one GGUF file key by key. As with object, the
// first thing wrong is kept and reading goes on with zeros.
type keys struct {
	file  string
	gguf  *gguf.File
	fault *error
}

// fail says what is wrong with a key, and where it is.
func (k keys) fail(key, format string, args ...any) {
	k.failAt(k.gguf.At(key), fmt.Sprintf("key %q%s", key, format), args...)
}

func (k keys) failAt(place, format string, args ...any) {
	if *k.fault == nil {
		*k.fault = fmt.Errorf("gemma4: %s: %s: "+format, append([]any{k.file, place}, args...)...)
	}
}

// wrong says what a key is and what it should be.
func (k keys) wrong(key, want string) {
	if !k.gguf.Has(key) {
		k.fail(key, " is missing, want %s", want)
		return
	}
	found := k.gguf.Describe(key)
	if n, ok := k.gguf.Uint(key); ok {
		found = fmt.Sprint(n)
	} else if x, ok := k.gguf.Float(key); ok {
		found = fmt.Sprint(x)
	} else if s, ok := k.gguf.String(key); ok {
		found = fmt.Sprintf("%.80q", s)
	}
	k.fail(key, " is %s, want %s", found, want)
}

// whole returns a required whole number in [low, high].
func (k keys) whole(key string, low, high int) int {
	n, ok := k.gguf.Uint(key)
	if !ok || n < uint64(low) || n > uint64(high) {
		k.wrong(key, fmt.Sprintf("a whole number from %d to %d", low, high))
		return 0
	}
	return int(n)
}

// wholeOr is whole, or otherwise when the key is absent.
func (k keys) wholeOr(key string, low, high, otherwise int) int {
	if !k.gguf.Has(key) {
		return otherwise
	}
	return k.whole(key, low, high)
}

// perLayer returns one whole number per layer, which the file holds as an
// array or, when all are equal, as one value.
func (k keys) perLayer(key string, layers, low, high int) []int {
	list, ok := k.gguf.Ints(key)
	if !ok {
		values := make([]int, layers)
		one := k.whole(key, low, high)
		for l := range values {
			values[l] = one
		}
		return values
	}
	if len(list) != layers {
		k.fail(key, " has %d values, want %d, one for each layer", len(list), layers)
		return make([]int, layers)
	}
	values := make([]int, layers)
	for l, n := range list {
		if n < int64(low) || n > int64(high) {
			k.fail(key, ": %d for layer %d, want a whole number from %d to %d", n, l, low, high)
		}
		values[l] = int(n)
	}
	return values
}

// number returns a required finite number above zero.
func (k keys) number(key string) float64 {
	x, ok := k.gguf.Float(key)
	if !ok || !(x > 0) || math.IsInf(x, 0) {
		k.wrong(key, "a number above 0")
		return 0
	}
	return x
}

// text returns an optional string.
func (k keys) text(key string) string {
	s, ok := k.gguf.String(key)
	if !ok && k.gguf.Has(key) {
		k.wrong(key, "a string")
	}
	return s
}

// texts returns an optional array of strings.
func (k keys) texts(key string) []string {
	s, ok := k.gguf.Strings(key)
	if !ok && k.gguf.Has(key) {
		k.wrong(key, "an array of strings")
	}
	return s
}

// only refuses every value but the wanted string.
func (k keys) only(key, want string) {
	if s, ok := k.gguf.String(key); !ok || s != want {
		k.wrong(key, fmt.Sprintf("%q", want))
	}
}

// tensor returns a tensor that sizes are read from.
func (k keys) tensor(name string) gguf.Tensor {
	t, ok := k.gguf.Tensor(name)
	if !ok {
		k.failAt(k.gguf.TableAt(), "tensor %q is missing", name)
	}
	return t
}
