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
	at      int           // of its name in the file
	DType   string        `json:"dtype"`
	Shape   []json.Number `json:"shape"`
	Offsets []json.Number `json:"data_offsets"`

	shape      []int
	begin, end uint64
}

// add parses one file and adds its tensors. file, if any, ends with a space.
func (f *File) add(file string, data []byte) error {
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
			return e.fault(": %w", err)
		}
	}
	if err := checkCover(entries, uint64(len(body))); err != nil {
		return err
	}
	for _, e := range entries {
		if _, twice := f.tensors[e.name]; twice {
			return e.fault(" is in another shard as well")
		}
		f.names = append(f.names, e.name)
		at := fmt.Sprintf("%sbyte %d", file, e.at)
		f.tensors[e.name] = Tensor{e.name, e.shape, e.DType, types[e.DType].dtype, body[e.begin:e.end:e.end], at}
	}
	f.headers = append(f.headers, fmt.Sprintf("%sbytes %d to %d", file, headerAt, headerAt+len(header)))
	return nil
}

// headerAt is where the header begins in a file.
const headerAt = 8

// fault says which tensor is wrong and where it is described.
func (e *entry) fault(format string, args ...any) error {
	return fmt.Errorf("byte %d: tensor %.80q"+format, append([]any{e.at, e.name}, args...)...)
}

// split finds the header behind its 8-byte length.
func split(data []byte) (header, body []byte, err error) {
	if len(data) < headerAt {
		return nil, nil, fmt.Errorf("byte 0: no header length: %s", short(len(data)))
	}
	n, left := binary.LittleEndian.Uint64(data), uint64(len(data)-headerAt)
	if n < 2 || n > maxHeaderBytes || left > 0 && data[headerAt] != '{' {
		return nil, nil, fmt.Errorf("byte 0: not a safetensors file: it does not begin with a header length, from 2 to %d, and a JSON object", maxHeaderBytes)
	}
	if n > left {
		return nil, nil, fmt.Errorf("byte 0: the header length is %d bytes, but only %d are left; is the file complete?", n, left)
	}
	header = data[headerAt : headerAt+n]
	for at := 0; at < len(header); {
		r, size := utf8.DecodeRune(header[at:])
		if r == utf8.RuneError && size == 1 {
			return nil, nil, fmt.Errorf("byte %d: the header is not UTF-8", headerAt+at)
		}
		at += size
	}
	return header, data[headerAt+n:], nil
}

func short(n int) string {
	if n == 0 {
		return "the file is empty"
	}
	return fmt.Sprintf("the file has %d bytes, not even the %d of a header length", n, headerAt)
}

// readHeader reads the JSON object key by key, which shows names that are
// there twice.
func readHeader(header []byte) ([]entry, error) {
	d := json.NewDecoder(bytes.NewReader(header))
	place := func() int { return headerAt + int(d.InputOffset()) }
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("byte %d: the header is not JSON: %w", place(), noEOF(err))
	}
	var entries []entry
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("byte %d: the header is not JSON: %w", place(), noEOF(err))
		}
		name := token.(string)
		e := entry{name: name, at: place()}
		if seen[name] {
			return nil, e.fault(" is there twice")
		}
		seen[name] = true
		if name == "__metadata__" {
			err = readTexts(d)
		} else if err = readEntry(d, &e); err == nil {
			entries = append(entries, e)
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("byte %d: the header is not JSON: %w", place(), noEOF(err))
	}
	if rest := bytes.TrimLeft(header[d.InputOffset():], " \t\r\n\x00"); len(rest) > 0 {
		return nil, fmt.Errorf("byte %d: the header goes on with %.20q after its JSON object", headerAt+len(header)-len(rest), rest)
	}
	return entries, nil
}

// readTexts reads the metadata, of which nothing is used.
func readTexts(d *json.Decoder) error {
	at := d.InputOffset()
	var texts map[string]string
	if err := d.Decode(&texts); err != nil {
		return fmt.Errorf("byte %d: __metadata__ wants strings only: %w", headerAt+at, noEOF(err))
	}
	return nil
}

// readEntry reads what the header says about a tensor.
func readEntry(d *json.Decoder, e *entry) error {
	if err := d.Decode(e); err != nil {
		return e.fault(": its entry in the header is not readable: %w", noEOF(err))
	}
	return nil
}

// noEOF names the end of a text that is too short, and cuts an error that
// repeats a long text.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	if text := err.Error(); len(text) > 200 {
		return fmt.Errorf("%.200s…", text)
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
		return fmt.Errorf("data_offsets begin at %d and end at %d", e.begin, e.end)
	}
	if e.end > body {
		return fmt.Errorf("data_offsets end at %d, the file has %d bytes of data; is the file complete?", e.end, body)
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
		return fmt.Errorf("data_offsets hold %d bytes, but shape and dtype want %d elements of %s", e.end-e.begin, elements, e.DType)
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
			return 0, fmt.Errorf("impossible shape %.40s", e.Shape)
		}
		product, e.shape[i] = low, int(d)
	}
	return product, nil
}

func whole(what string, text json.Number) (uint64, error) {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s has %.40s, want a whole number from 0 up", what, text)
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
	for i := range entries {
		e := &entries[i]
		if e.begin < at {
			return e.fault(": overlaps tensor %.80q", entries[i-1].name)
		}
		if e.begin > at {
			return e.fault(": data_offsets begin at %d, but bytes %d to %d of the data belong to no tensor", e.begin, at, e.begin)
		}
		at = e.end
	}
	if at != body {
		return fmt.Errorf("byte 0: the header tells of %d bytes of data, but the file has %d", at, body)
	}
	return nil
}
