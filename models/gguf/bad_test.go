package gguf

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// b writes the pieces of a GGUF file one after the other: numbers as they are
// wide, strings behind their 64-bit length, raw bytes as they are.
func b(parts ...any) []byte {
	var out bytes.Buffer
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			binary.Write(&out, binary.LittleEndian, uint64(len(v)))
			out.WriteString(v)
		case []byte:
			out.Write(v)
		default:
			if err := binary.Write(&out, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	return out.Bytes()
}

// file is a header with counts, followed by parts.
func file(tensors, pairs uint64, parts ...any) []byte {
	return append(b([]byte("GGUF"), uint32(3), tensors, pairs), b(parts...)...)
}

// padded adds n bytes of data after the next multiple of 32.
func padded(data []byte, n int) []byte {
	return append(data, make([]byte, (32-len(data)%32)%32+n)...)
}

const (
	u32, i32, u64 = uint32(4), uint32(5), uint64(0)
	typeF32       = uint32(0)
	typeQ8        = uint32(8)
)

// info is one tensor info; dims innermost first.
func info(name string, kind uint32, offset uint64, dims ...uint64) []byte {
	out := b(name, uint32(len(dims)))
	for _, d := range dims {
		out = append(out, b(d)...)
	}
	return append(out, b(kind, offset)...)
}

var badFiles = []struct {
	name, want string
	data       []byte
}{
	{"empty", "the file is empty", nil},
	{"three bytes", `not a GGUF file: it begins with "GGU"`, []byte("GGU")},
	{"a picture", `it begins with "\x89PNG"`, []byte("\x89PNG\r\n\x1a\n")},
	{"version 1", "byte 4: version 1, want 2 or 3", b([]byte("GGUF"), uint32(1), u64, u64)},
	{"version 99", "version 99, want 2 or 3", b([]byte("GGUF"), uint32(99), u64, u64)},
	{"version 0", "version 0, want 2 or 3", b([]byte("GGUF"), uint32(0), u64, u64)},
	{"big-endian", "byte 4: version 0x3000000 says that the file is big-endian", b([]byte("GGUF"), uint32(3<<24), u64, u64)},
	{"cut in the header", "byte 8: the number of tensors: the file ends too early: 8 bytes wanted, 3 are left", append(b([]byte("GGUF"), uint32(3)), 0, 0, 0)},
	{"2⁶³ keys", "byte 24: the number of metadata keys: 9223372036854775808 metadata keys are claimed, but only 0 bytes are left", file(0, 1<<63)},
	{"2⁶³ tensors", "byte 24: the tensor table: 9223372036854775808 tensors are claimed", file(1<<63, 0)},
	{"key past the end", "byte 32: the metadata key: the file ends too early: 1000 bytes wanted", file(0, 1, uint64(1000), make([]byte, 20))},
	{"key of no bytes", "byte 24: the metadata key is 0 bytes long", file(0, 1, "", u32, uint32(1))},
	{"key of 2⁶⁰ bytes", "is 1152921504606846976 bytes long", file(0, 1, uint64(1<<60), make([]byte, 20))},
	{"key not UTF-8", `byte 24: the metadata key "\xff" is not UTF-8`, file(0, 1, "\xff", u32, uint32(1))},
	{"key twice", `byte 41: key "a" is there twice`, file(0, 2, "a", u32, uint32(1), "a", u32, uint32(1))},
	{"value type 77", `byte 33: key "a": value type 77 is unknown`, file(0, 1, "a", uint32(77), uint32(1))},
	{"bool of 7", `byte 37: key "a": a bool is 7, want 0 or 1`, file(0, 1, "a", uint32(7), uint8(7))},
	{"string past the end", `key "a": the file ends too early: 900 bytes wanted`, file(0, 1, "a", uint32(8), uint64(900), []byte("x"))},
	{"array of arrays", `byte 37: key "a": an array of arrays, which is not read`, file(0, 1, "a", uint32(9), uint32(9), uint64(1), make([]byte, 16))},
	{"array of type 77", `byte 37: key "a": array element type 77 is unknown`, file(0, 1, "a", uint32(9), uint32(77), uint64(1))},
	{"array of 2⁶² elements", `byte 49: key "a": 4611686018427387904 array elements are claimed, but only 8 bytes are left`, file(0, 1, "a", uint32(9), u32, uint64(1<<62), make([]byte, 8))},
	{"array of strings that ends early", `key "a": the file ends too early`, file(0, 1, "a", uint32(9), uint32(8), uint64(2), "abcdefgh", uint32(1))},
	{"alignment 0", `byte 24: key "general.alignment" is 0, want a power of two from 8 to 4096`, file(0, 1, "general.alignment", u32, uint32(0))},
	{"alignment 24", `key "general.alignment" is 24, want a power of two`, file(0, 1, "general.alignment", u32, uint32(24))},
	{"alignment 2³¹", `key "general.alignment" is 2147483648, want`, file(0, 1, "general.alignment", u32, uint32(1<<31))},
	{"alignment is text", `key "general.alignment" is string, want uint32`, file(0, 1, "general.alignment", uint32(8), "32")},
	{"tensor name of no bytes", "byte 24: the tensor name is 0 bytes long", file(1, 0, info("", typeF32, 0, 8), make([]byte, 64))},
	{"5 dimensions", `byte 33: tensor "x": 5 dimensions, want at most 4`, file(1, 0, info("x", typeF32, 0, 1, 1, 1, 1, 1), make([]byte, 64))},
	{"2³² dimensions", `tensor "x": 4294967295 dimensions`, file(1, 0, "x", uint32(1<<32-1), make([]byte, 64))},
	{"a dimension of 0", `tensor "x": impossible dimensions [8 0]`, file(1, 0, info("x", typeF32, 0, 8, 0), make([]byte, 64))},
	{"product over 2⁶⁴", `tensor "x": impossible dimensions [4294967296 4294967296]`, file(1, 0, info("x", typeF32, 0, 1<<32, 1<<32), make([]byte, 64))},
	{"product that wraps to a small number", `tensor "x": impossible dimensions`, file(1, 0, info("x", typeF32, 0, 1<<33, 1<<31+1, 1<<33), make([]byte, 64))},
	{"type 99", `tensor "x": type 99 is no ggml type`, file(1, 0, info("x", 99, 0, 32), make([]byte, 64))},
	{"rows of 33 in Q8_0", `tensor "x": rows of 33 elements do not fill Q8_0 blocks of 32`, file(1, 0, info("x", typeQ8, 0, 33), make([]byte, 64))},
	{"offset not aligned", `byte 49: tensor "x": offset 4 is not a multiple of the alignment 32`, padded(file(1, 0, info("x", typeF32, 4, 8)), 64)},
	{"data past the end", `tensor "x": its 32 bytes at offset 32 end past the file, which has 48 bytes of data`, padded(file(1, 0, info("x", typeF32, 32, 8)), 48)},
	{"offset of 2⁶⁴-32", `tensor "x": its 32 bytes at offset 18446744073709551584 end past the file`, padded(file(1, 0, info("x", typeF32, 1<<64-32, 8)), 48)},
	{"no data at all", `tensor "x": its 32 bytes at offset 0 end past the file, which has 0 bytes of data`, file(1, 0, info("x", typeF32, 0, 8))},
	{"overlap", `byte 57: tensor "y": overlaps tensor "x"`, padded(file(2, 0, info("x", typeF32, 0, 16), info("y", typeF32, 32, 8)), 96)},
	{"tensor twice", `byte 57: tensor "x" is there twice`, padded(file(2, 0, info("x", typeF32, 0, 8), info("x", typeF32, 32, 8)), 96)},
}

func TestBadFilesGetTheirSentence(t *testing.T) {
	for _, c := range badFiles {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse(c.data)
			if err == nil {
				t.Fatalf("accepted: %v", f)
			}
			if !strings.HasPrefix(err.Error(), "gguf: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestBadFilesCostNoMemory(t *testing.T) {
	for _, c := range badFiles {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Parse(c.data)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<18 {
			t.Errorf("%s: allocated %d bytes for a file of %d", c.name, used, len(c.data))
		}
	}
}

// A number must cost nothing by itself, however large the file is behind it.
func TestNumbersInALargeFileCostNoMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.gguf")
	for want, head := range map[string][]byte{
		"the metadata key is 0 bytes long":                               file(1<<20, 1<<16, "a", u32, uint32(1)),
		"byte 57: the tensor name is 0 bytes long":                       file(1<<20, 0, info("x", typeF32, 0, 8)),
		"4611686018427387904 bytes wanted":                               file(0, 1, "a", uint32(9), uint32(8), uint64(1<<24), "x", uint64(1<<62)),
		"byte 24: the number of metadata keys: 65537 metadata keys are":  file(0, 1<<16+1),
		"byte 24: the tensor table: 1048577 tensors are claimed, want a": file(1<<20+1, 0),
		`byte 49: key "a": 16777217 array elements are claimed, want at`: file(0, 1, "a", uint32(9), uint32(8), uint64(1<<24+1)),
	} {
		if err := os.WriteFile(path, head, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 2<<30); err != nil {
			t.Skip(err) // the rest is a hole that takes no room
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(path)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
			t.Errorf("%s: allocated %d bytes", want, used)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestOpenNamesTheFile(t *testing.T) {
	_, err := Open("testdata/make.py")
	if err == nil || !strings.HasPrefix(err.Error(), "gguf: testdata/make.py: byte 0: not a GGUF file") {
		t.Errorf("got %v", err)
	}
}

func TestVersion2IsRead(t *testing.T) {
	data := file(0, 1, "a", i32, int32(5))
	data[4] = 2
	f, err := Parse(data)
	if err != nil || f.Version != 2 {
		t.Fatal(f, err)
	}
}

func FuzzParse(f *testing.F) {
	every, err := os.ReadFile("testdata/every.gguf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(every)
	for _, c := range badFiles {
		f.Add(c.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			return
		}
		readAll(file)
	})
}
