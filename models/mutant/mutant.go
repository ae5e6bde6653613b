// Package mutant damages files for the tests of parsers: always the same
// mutants for the same file.
package mutant

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
)

// File is a valid file to damage.
type File struct {
	data   []byte
	header int     // bytes of data that are damaged
	fields []field // within the header
	json   bool    // the header is JSON behind its length
}

// field is one number, length or text of a header.
type field struct{ at, size int }

func (f *File) bytes(x field) []byte { return f.data[x.at : x.at+x.size] }

// HeaderBytes returns how many bytes are damaged.
func (f *File) HeaderBytes() int { return f.header }

// Whole returns the file as it was.
func (f *File) Whole() []byte { return f.data }

// Mutant returns mutant n and says what was done. Every other mutant has one
// bit flipped; HeaderBytes of these flip one in each byte of the header.
func (f *File) Mutant(n int) (data []byte, what string) {
	rng := rand.New(rand.NewPCG(uint64(n), 77))
	if n%2 == 0 {
		return f.flip(n/2, rng)
	}
	kinds := []func(int, *rand.Rand) ([]byte, string){f.extreme, f.extreme, f.cut, f.overwrite, f.move, f.swap}
	if f.json {
		kinds = append(kinds, f.token, f.token, f.token, f.token, f.token)
	}
	n /= 2
	return kinds[n%len(kinds)](n/len(kinds), rng)
}

func (f *File) flip(n int, rng *rand.Rand) ([]byte, string) {
	at, bit := n%f.header, rng.IntN(8)
	data := slices.Clone(f.data)
	data[at] ^= 1 << bit
	return data, fmt.Sprintf("bit %d of byte %d flipped", bit, at)
}

// extreme writes an extreme number over each field in turn. Texts are numbers
// of which the first bytes count.
func (f *File) extreme(n int, rng *rand.Rand) ([]byte, string) {
	x := f.fields[n%len(f.fields)]
	old := uint64(0)
	for i, b := range f.bytes(x)[:min(x.size, 8)] {
		old |= uint64(b) << (8 * i)
	}
	most := ^uint64(0) >> (64 - 8*min(x.size, 8))
	list := []uint64{0, 1, 2, most, most - 1, most / 2, most/2 + 1, old + 1, old - 1, 2 * old, old / 2,
		1 << 31, 1 << 32, 1 << 40, 1 << 60, uint64(len(f.data)), uint64(len(f.data) - x.at), rng.Uint64(), rng.Uint64N(300)}
	v := list[rng.IntN(len(list))]
	data := slices.Clone(f.data)
	copy(data[x.at:x.at+x.size], binary.LittleEndian.AppendUint64(nil, v))
	return data, fmt.Sprintf("%d instead of %d in %d bytes at %d", v, old, x.size, x.at)
}

// cut ends the file at the borders of fields and anywhere.
func (f *File) cut(n int, rng *rand.Rand) ([]byte, string) {
	size := rng.IntN(len(f.data))
	switch rng.IntN(3) {
	case 0:
		size = rng.IntN(f.header)
	case 1:
		size = f.fields[n%len(f.fields)].at
	}
	return f.data[:size:size], fmt.Sprintf("cut to %d bytes", size)
}

// overwrite writes a few bytes of one kind anywhere.
func (f *File) overwrite(_ int, rng *rand.Rand) ([]byte, string) {
	at, size := rng.IntN(f.header), 1+rng.IntN(12)
	fill := []byte{0, 255, byte(rng.UintN(256)), ' ', '"'}[rng.IntN(5)]
	data := slices.Clone(f.data)
	for i := at; i < min(at+size, f.header); i++ {
		data[i] = fill
	}
	return data, fmt.Sprintf("%d bytes of %d at %d", size, fill, at)
}

// move takes bytes out, or puts bytes from one place to another once more.
func (f *File) move(_ int, rng *rand.Rand) ([]byte, string) {
	from, size, to := rng.IntN(f.header), 1+rng.IntN(64), rng.IntN(f.header)
	end := min(from+size, f.header)
	if rng.IntN(2) == 0 {
		return slices.Concat(f.data[:from], f.data[end:]), fmt.Sprintf("bytes %d to %d taken out", from, end)
	}
	return slices.Concat(f.data[:to], f.data[from:end], f.data[to:]), fmt.Sprintf("bytes %d to %d again at %d", from, end, to)
}

// swap exchanges two fields, or writes one over the other.
func (f *File) swap(_ int, rng *rand.Rand) ([]byte, string) {
	a, b := f.fields[rng.IntN(len(f.fields))], f.fields[rng.IntN(len(f.fields))]
	data := slices.Clone(f.data)
	copy(data[a.at:a.at+a.size], f.bytes(b))
	if rng.IntN(2) == 0 {
		copy(data[b.at:b.at+b.size], f.bytes(a))
	}
	return data, fmt.Sprintf("fields at %d and %d swapped", a.at, b.at)
}

// tokens are what a JSON header's numbers and texts are replaced with.
var tokens = [][]byte{
	[]byte("0"), []byte("-1"), []byte("-0"), []byte("1"), []byte("00"), []byte("1.5"), []byte("1e3"), []byte("1e999"),
	[]byte("2147483648"), []byte("4294967296"), []byte("9223372036854775807"), []byte("9223372036854775808"),
	[]byte("18446744073709551615"), []byte("18446744073709551616"), []byte("null"), []byte("true"), []byte("[]"), []byte("{}"),
	[]byte("[[1]]"), []byte(`""`), []byte(`"8"`), []byte(`"F64"`), []byte(`"F4"`), []byte(`"I8"`), []byte(`"F32"`), []byte(`"BF16"`),
	[]byte(`"shape"`), []byte(`"dtype"`), []byte(`"data_offsets"`), []byte(`"__metadata__"`), []byte(`"\u0000"`), []byte(`"\ud800"`), []byte(`"`),
	bytes.Repeat([]byte("["), 20000), bytes.Repeat([]byte(`{"":`), 20000), bytes.Repeat([]byte("7"), 20000),
	slices.Concat([]byte(`"`), bytes.Repeat([]byte("x"), 20000), []byte(`"`)),
}

// token replaces one number or text of a JSON header and corrects its length.
func (f *File) token(n int, rng *rand.Rand) ([]byte, string) {
	x := f.fields[1+n%(len(f.fields)-1)]
	to := tokens[rng.IntN(len(tokens))]
	if rng.IntN(4) == 0 {
		to = f.bytes(f.fields[1+rng.IntN(len(f.fields)-1)])
	}
	data := slices.Concat(f.data[:x.at], to, f.data[x.at+x.size:])
	binary.LittleEndian.PutUint64(data, uint64(f.header-8+len(to)-x.size))
	return data, fmt.Sprintf("%.40s instead of %s at %d", to, f.bytes(x), x.at)
}
