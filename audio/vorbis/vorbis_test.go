package vorbis

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jfreymuth/vorbis"

	"sotto/audio/ogg"
)

// audio/intake compares these with ffmpeg's decoding.
var recordings = []string{"mono-16000.ogg", "stereo-44100.ogg"}

func TestChain(t *testing.T) {
	for _, name := range recordings {
		whole := readAll(t, load(t, name))
		got := readAll(t, slices.Repeat(load(t, name), 3))
		if !slices.Equal(got, slices.Repeat(whole, 3)) {
			t.Errorf("%s: %d samples, want three times the %d of the part", name, len(got), len(whole))
		}
	}
}

func TestChainOfUnlikePartsIsRefused(t *testing.T) {
	r, err := NewReader(bytes.NewReader(append(load(t, recordings[0]), load(t, recordings[1])...)))
	if err != nil {
		t.Fatal(err)
	}
	for buf := make([]float32, 1000); err == nil; {
		_, err = r.Read(buf)
	}
	if err == io.EOF || !strings.Contains(err.Error(), "44100 Hz and 2 channels follows one of 16000 Hz and 1 channels") {
		t.Errorf("error %v", err)
	}
}

func TestIdentRefuses(t *testing.T) {
	for want, damage := range map[string]func(b []byte){
		"no identification header":               func(b []byte) { b[1] = 'V' },
		"0 channels, want 1 to 32":               func(b []byte) { b[11] = 0 },
		"255 channels, want 1 to 32":             func(b []byte) { b[11] = 255 },
		"4294967295 samples per second":          func(b []byte) { binary.LittleEndian.PutUint32(b[12:], 1<<32-1) },
		"blocks of 2^0 and 2^0 samples":          func(b []byte) { b[28] = 0 },
		"blocks of 2^8 and 2^15 samples":         func(b []byte) { b[28] = 0xf8 },
		"blocks of 2^11 and 2^8 samples, want 2": func(b []byte) { b[28] = 0x8b },
	} {
		head, _, _ := packets(t, recordings[0])
		damage(head)
		if _, err := parseIdent(head); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestRealSetupsPass(t *testing.T) {
	for _, name := range recordings {
		_, setup, _ := packets(t, name)
		if err := checkSetup(setup); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each of these makes the decoder beneath loop for ever, or ask for gigabytes.
func TestSetupRefuses(t *testing.T) {
	// book begins a codebook of so many dimensions and entries.
	book := func(dimensions, entries int) bitWriter {
		var w bitWriter
		w.put(0, 8) // one codebook
		w.put(0x564342, 24)
		w.put(dimensions, 16)
		w.put(entries, 24)
		return w
	}
	listed := func(w bitWriter, lengths ...int) bitWriter {
		w.put(0, 2) // neither ordered nor sparse
		for _, l := range lengths {
			w.put(l-1, 5)
		}
		return w
	}
	ordered := func(w bitWriter, length int, counts ...[2]int) bitWriter {
		w.put(1, 1)
		w.put(length-1, 5)
		for _, c := range counts {
			w.put(c[0], c[1])
		}
		return w
	}
	var none bitWriter
	for name, c := range map[string]struct {
		setup bitWriter
		want  string
	}{
		"nothing":                       {none, "setup header is missing"},
		"16 million entries":            {book(1, 1<<24-1), "16777215 entries of 1 dimensions"},
		"65535 dimensions":              {book(65535, 2), "2 entries of 65535 dimensions"},
		"no dimensions":                 {book(0, 2), "2 entries of 0 dimensions"},
		"no entries":                    {book(1, 0), "0 entries of 1 dimensions"},
		"many of many":                  {book(64, 1<<15), "32768 entries of 64 dimensions"},
		"codes that lead nowhere":       {listed(book(1, 3), 2, 2, 2), "not complete"},
		"more codes than there are":     {listed(book(1, 3), 1, 1, 1), "not complete"},
		"no code":                       {func() bitWriter { w := book(1, 2); w.put(2, 2); w.put(0, 2); return w }(), "not complete"},
		"ordered codes that never end":  {ordered(book(1, 4), 1, [2]int{0, 3}, [2]int{0, 3}), "ends within codebook 0"},
		"more ordered than entries":     {ordered(book(1, 4), 2, [2]int{5, 3}), "not complete"},
		"ordered codes of over 32 bits": {ordered(book(1, 4), 32, [2]int{0, 3}, [2]int{4, 3}), "not complete"},
		"an end within the values":      {func() bitWriter { w := listed(book(1, 2), 1, 1); w.put(1, 4); return w }(), "ends within codebook 0"},
		"a lookup type that is not one": {func() bitWriter { w := listed(book(1, 2), 1, 1); w.put(3, 4); return w }(), "lookup type 3"},
	} {
		err := checkSetup(append([]byte("\x05vorbis"), c.setup.data...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		fields [][2]int // value and bits
		want   string
	}{
		"nothing behind a codebook":    {nil, "ends within transform 0"},
		"a transform that is not one":  {[][2]int{{0, 6}, {7, 16}}, "transform 0 is of type 7"},
		"a floor of before Vorbis 1.0": {[][2]int{{0, 6}, {0, 16}, {0, 6}, {0, 16}}, "floor 0 is of type 0"},
		"a floor of a bass channel":    {[][2]int{{0, 6}, {0, 16}, {0, 6}, {1, 16}, {0, 5}, {0, 6}}, "convert the file to FLAC"},
		"a residue that ends behind its beginning": {
			[][2]int{{0, 6}, {0, 16}, {0, 6}, {1, 16}, {1, 5}, {0, 4}, {0, 3 + 2 + 8}, {0, 2 + 4}, {0, 6}, {0, 16}, {9, 24}, {8, 24}},
			"residue 0 begins at 9 and ends at 8",
		},
	} {
		w := listed(book(1, 2), 1, 1)
		w.put(0, 4)
		for _, f := range c.fields {
			w.put(f[0], f[1])
		}
		err := checkSetup(append([]byte("\x05vorbis"), w.data...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if err := checkSetup([]byte("\x03vorbis.")); err == nil {
		t.Error("comments pass as a setup header")
	}
}

// Behind headers that pass, the decoder ends, whatever the rest and the sound.
func FuzzDecode(f *testing.F) {
	for _, name := range recordings {
		head, setup, sound := packets(f, name)
		f.Add(head, setup, sound[1])
		f.Add(head, setup[:len(setup)/2], sound[2])
	}
	f.Fuzz(func(t *testing.T, head, setup, sound []byte) {
		id, err := parseIdent(head)
		if err != nil || checkSetup(setup) != nil {
			return
		}
		v := &Reader{ident: id}
		if v.headers(head, setup) != nil {
			return
		}
		for range 3 {
			if n := len(v.decode(sound)); n > len(v.buf) || n%id.channels != 0 {
				t.Fatalf("%d samples of %d channels", n, id.channels)
			}
		}
	})
}

// packets returns the headers that count and the packets of sound.
func packets(t testing.TB, name string) (head, setup []byte, sound [][]byte) {
	t.Helper()
	var all [][]byte
	for r := ogg.NewReader(bytes.NewReader(load(t, name))); ; {
		k, err := r.Next()
		if err != nil {
			break
		}
		all = append(all, k.Data)
	}
	if len(all) < 6 || !vorbis.IsHeader(all[2]) {
		t.Fatalf("%s: %d packets", name, len(all))
	}
	return all[0], all[2], all[3:]
}

func readAll(t *testing.T, data []byte) (all []float32) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for buf := make([]float32, 333); ; {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../intake/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bitWriter writes integers, their lowest bit first.
type bitWriter struct {
	data []byte
	n    int
}

func (w *bitWriter) put(v, bits int) {
	for i := range bits {
		if w.n%8 == 0 {
			w.data = append(w.data, 0)
		}
		w.data[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}
