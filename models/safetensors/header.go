package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"

	"sotto/models/tensor"
)

const (
	maxHeaderBytes = 32 << 20
	maxDims        = 8
)

// types has the bits per element of every stored type with a fixed width, and
// how it is read, if it is.
var types = map[string]struct {
	bits  uint64
	dtype tensor.DType
}{
	"F32": {32, tensor.F32}, "F16": {16, tensor.F16}, "BF16": {16, tensor.BF16},
	"BOOL": {8, 0}, "U8": {8, 0}, "I8": {8, 0}, "F8_E4M3": {8, 0}, "F8_E5M2": {8, 0},
	"I16": {16, 0}, "U16": {16, 0}, "I32": {32, 0}, "U32": {32, 0},
	"I64": {64, 0}, "U64": {64, 0}, "F64": {64, 0},
}

// entry is what the header says about one tensor. Numbers stay text until
// they are known to be whole and in range.
type entry struct {
	name    string
	DType   string        `json:"dtype"`
	Shape   []json.Number `json:"shape"`
	Offsets []json.Number `json:"data_offsets"`

	shape      []int
	begin, end uint64
}

// add parses one file and adds its tensors.
func (f *File) add(data []byte) error {
	header, body, err := split(data)
	if err != nil {
		return err
	}
	entries, err := readHeader(header)
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		if err := e.check(uint64(len(body))); err != nil {
			return fmt.Errorf("tensor %q: %w", e.name, err)
		}
	}
	if err := checkCover(entries, uint64(len(body))); err != nil {
		return err
	}
	for _, e := range entries {
		if _, twice := f.tensors[e.name]; twice {
			return fmt.Errorf("tensor %q is in another shard as well", e.name)
		}
		f.names = append(f.names, e.name)
		f.tensors[e.name] = Tensor{e.name, e.shape, e.DType, types[e.DType].dtype, body[e.begin:e.end:e.end]}
	}
	return nil
}

// split finds the header behind its 8-byte length.
func split(data []byte) (header, body []byte, err error) {
	if len(data) == 0 {
		return nil, nil, errors.New("the file is empty")
	}
	if len(data) < 8 {
		return nil, nil, fmt.Errorf("the file has %d bytes, not even the 8 of a header length", len(data))
	}
	n, left := binary.LittleEndian.Uint64(data), uint64(len(data)-8)
	if n < 2 || n > left || n > maxHeaderBytes || data[8] != '{' {
		if n >= 2 && n <= maxHeaderBytes && (left == 0 || data[8] == '{') {
			return nil, nil, fmt.Errorf("the header claims %d bytes, but only %d are left; is the file complete?", n, left)
		}
		return nil, nil, errors.New("not a safetensors file: it does not begin with a length and a JSON object")
	}
	header = data[8 : 8+n]
	if !utf8.Valid(header) {
		return nil, nil, errors.New("the header is not UTF-8")
	}
	return header, data[8+n:], nil
}

// readHeader reads the JSON object key by key, which shows names that are
// there twice.
func readHeader(header []byte) ([]entry, error) {
	d := json.NewDecoder(bytes.NewReader(header))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("the header is not JSON: %w", err)
	}
	var entries []entry
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("the header is not JSON: %w", err)
		}
		name := token.(string)
		if seen[name] {
			return nil, fmt.Errorf("tensor %q is there twice", name)
		}
		seen[name] = true
		e, err := readEntry(d, name)
		if err != nil {
			return nil, err
		}
		if e != nil {
			entries = append(entries, *e)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("the header is not JSON: %w", noEOF(err))
	}
	if rest := bytes.TrimLeft(header[d.InputOffset():], " \t\r\n\x00"); len(rest) > 0 {
		return nil, fmt.Errorf("the header goes on with %.20q after its JSON object", rest)
	}
	return entries, nil
}

// readEntry reads one value of the header; nil for the metadata.
func readEntry(d *json.Decoder, name string) (*entry, error) {
	if name == "__metadata__" {
		var texts map[string]string
		if err := d.Decode(&texts); err != nil {
			return nil, fmt.Errorf("__metadata__ wants strings only: %w", noEOF(err))
		}
		return nil, nil
	}
	e := &entry{name: name}
	if err := d.Decode(e); err != nil {
		return nil, fmt.Errorf("tensor %q: its entry in the header is not readable: %w", name, noEOF(err))
	}
	return e, nil
}

// noEOF names the end of a text that is too short.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}

// check turns the entry's text into a shape and a range of the body, and
// compares the two.
func (e *entry) check(body uint64) error {
	if e.DType == "" || e.Shape == nil || len(e.Offsets) != 2 {
		return errors.New("its entry in the header wants dtype, shape and two data_offsets")
	}
	if len(e.Shape) > maxDims {
		return fmt.Errorf("%d dimensions, want at most %d", len(e.Shape), maxDims)
	}
	var err error
	if e.begin, err = whole("data_offsets", e.Offsets[0]); err != nil {
		return err
	}
	if e.end, err = whole("data_offsets", e.Offsets[1]); err != nil {
		return err
	}
	if e.begin > e.end {
		return fmt.Errorf("begins at byte %d and ends at %d", e.begin, e.end)
	}
	if e.end > body {
		return fmt.Errorf("ends at byte %d, the file has %d bytes of data; is the file complete?", e.end, body)
	}
	elements, err := e.elements()
	if err != nil {
		return err
	}
	t, known := types[e.DType]
	if !known {
		return nil
	}
	if high, wide := bits.Mul64(elements, t.bits); high != 0 || wide/8 != e.end-e.begin {
		return fmt.Errorf("has %d bytes, want %d elements of %s", e.end-e.begin, elements, e.DType)
	}
	return nil
}

// elements parses the shape and returns its product.
func (e *entry) elements() (uint64, error) {
	product := uint64(1)
	e.shape = make([]int, len(e.Shape))
	for i, text := range e.Shape {
		d, err := whole("shape", text)
		if err != nil {
			return 0, err
		}
		high, low := bits.Mul64(product, d)
		if high != 0 || low > math.MaxInt64/8 || d > math.MaxInt {
			return 0, fmt.Errorf("impossible shape %s", e.Shape)
		}
		product, e.shape[i] = low, int(d)
	}
	return product, nil
}

func whole(what string, text json.Number) (uint64, error) {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s has %s, want a whole number from 0 up", what, text)
	}
	return n, nil
}

// checkCover sorts the entries by place and proves that they cover the body
// exactly once.
func checkCover(entries []entry, body uint64) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at := uint64(0)
	for i, e := range entries {
		if e.begin < at {
			return fmt.Errorf("tensor %q: overlaps tensor %q", e.name, entries[i-1].name)
		}
		if e.begin > at {
			return fmt.Errorf("tensor %q: begins at byte %d, but bytes %d to %d belong to no tensor", e.name, e.begin, at, e.begin)
		}
		at = e.end
	}
	if at != body {
		return fmt.Errorf("%d bytes follow the last tensor", body-at)
	}
	return nil
}
