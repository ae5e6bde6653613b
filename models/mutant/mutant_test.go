package mutant

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	var kept []byte
	for name, c := range map[string]struct {
		open func() error
		want string // empty: no fault
	}{
		"opened":     {func() error { return nil }, ""},
		"explained":  {func() error { return errors.New(`gguf: a.gguf: byte 4: version 9, want 2 or 3`) }, ""},
		"no file":    {func() error { return errors.New(`gguf: byte 4: version 9`) }, "does not name a.gguf"},
		"no place":   {func() error { return errors.New(`gguf: a.gguf: version 9`) }, "does not name the byte"},
		"no field":   {func() error { return errors.New(`gguf: a.gguf: byte 4: is 9`) }, "does not name the field"},
		"long":       {func() error { return errors.New("a.gguf byte 4 version " + strings.Repeat("9", 1000)) }, "an error of 1022 bytes"},
		"panic":      {func() error { panic("no") }, "panics: no"},
		"too much":   {func() error { kept = make([]byte, MaxBytes+1); return nil }, "allocated"},
		"not so bad": {func() error { kept = make([]byte, MaxBytes/2); return nil }, ""},
	} {
		got := Judge("flipped", c.open, "a.gguf")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	_ = kept
}

// Every bit that is flipped is another, all of them reach each byte of the
// header, and the same number gives the same mutant.
func TestMutantsReachEveryByteOfTheHeader(t *testing.T) {
	gguf, err := os.ReadFile("../gguf/testdata/every.gguf")
	if err != nil {
		t.Fatal(err)
	}
	safetensors, err := os.ReadFile("../safetensors/testdata/every.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*File{"gguf": GGUF(gguf), "safetensors": Safetensors(safetensors)} {
		whole, reached, different := bytes.Clone(f.data), make([]bool, f.header), 0
		for n := range 2 * f.header {
			data, _ := f.Mutant(n)
			again, _ := f.Mutant(n)
			if !bytes.Equal(data, again) {
				t.Errorf("%s: mutant %d is another the second time", name, n)
			}
			if !bytes.Equal(data, whole) {
				different++
			}
			if n%2 == 0 {
				for at := range f.header {
					reached[at] = reached[at] || data[at] != whole[at]
				}
			}
		}
		if !bytes.Equal(f.data, whole) {
			t.Errorf("%s: the source was damaged", name)
		}
		if i := bytes.IndexByte(bools(reached), 0); i >= 0 {
			t.Errorf("%s: byte %d of %d is in no mutant", name, i, f.header)
		}
		if different < f.header*19/10 {
			t.Errorf("%s: only %d of %d mutants differ from the file", name, different, 2*f.header)
		}
	}
}

func bools(all []bool) []byte {
	out := make([]byte, len(all))
	for i, b := range all {
		if b {
			out[i] = 1
		}
	}
	return out
}
