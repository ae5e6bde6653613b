package safetensors

import (
	"encoding/binary"
	"os"
	"runtime"
	"strings"
	"testing"
)

// file is a header behind its length, followed by n bytes of data.
func file(header string, n int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), make([]byte, n)...)
}

// one is a file of one tensor "x" with that entry and n bytes of data.
func one(entry string, n int) []byte { return file(`{"x":{`+entry+`}}`, n) }

func claim(length uint64, rest string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, length), rest...)
}

const f32x2 = `{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`

var badFiles = []struct {
	name, want string
	data       []byte
}{
	{"empty", "the file is empty", nil},
	{"seven bytes", "the file has 7 bytes, not even the 8 of a header length", make([]byte, 7)},
	{"length 0", "not a safetensors file", claim(0, "{}")},
	{"length 2⁶³", "not a safetensors file", claim(1<<63, "{}")},
	{"a zip", "not a safetensors file", []byte("PK\x03\x04\x00\x00\x00\x00\x00\x00\x00\x00")},
	{"a list", "not a safetensors file", file("[]", 0)},
	{"header past the end", "byte 0: the header length is 500 bytes, but only 2 are left; is the file complete?", claim(500, "{}")},
	{"header not UTF-8", "byte 10: the header is not UTF-8", file("{\"\xff\":1}", 0)},
	{"bad JSON", "the header is not JSON", file("{x:1}", 0)},
	{"JSON that ends early", `tensor "x": its entry in the header is not readable: it ends too early`, file(`{"x":{"dtype":"F32"`, 0)},
	{"object not closed", "the header is not JSON", file(`{"x":`+f32x2, 8)},
	{"text after the object", `the header goes on with "y"`, file(`{"x":`+f32x2+`} y`, 8)},
	{"metadata of numbers", "__metadata__ wants strings only", file(`{"__metadata__":{"a":1}}`, 0)},
	{"entry is a number", `tensor "x": its entry in the header is not readable`, file(`{"x":1}`, 0)},
	{"name twice", `tensor "x" is there twice`, file(`{"x":`+f32x2+`,"x":`+f32x2+`}`, 8)},
	{"no dtype", `tensor "x": its entry in the header wants dtype, shape and two data_offsets`, one(`"shape":[2],"data_offsets":[0,8]`, 8)},
	{"no shape", `wants dtype, shape and two data_offsets`, one(`"dtype":"F32","data_offsets":[0,8]`, 8)},
	{"one offset", `wants dtype, shape and two data_offsets`, one(`"dtype":"F32","shape":[2],"data_offsets":[8]`, 8)},
	{"nine dimensions", `tensor "x": 9 dimensions, want at most 8`, one(`"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]`, 4)},
	{"negative dimension", `tensor "x": shape has -2, want a whole number from 0 up`, one(`"dtype":"F32","shape":[-2],"data_offsets":[0,8]`, 8)},
	{"fractional dimension", `tensor "x": shape has 2.5, want a whole number`, one(`"dtype":"F32","shape":[2.5],"data_offsets":[0,8]`, 8)},
	{"dimension over 2⁶⁴", `shape has 99999999999999999999, want a whole number`, one(`"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]`, 8)},
	{"product over 2⁶⁴", `tensor "x": impossible shape [4294967296 4294967296]`, one(`"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]`, 8)},
	{"negative offset", `tensor "x": data_offsets has -1, want a whole number`, one(`"dtype":"F32","shape":[2],"data_offsets":[-1,8]`, 8)},
	{"begin after end", `byte 12: tensor "x": data_offsets begin at 8 and end at 0`, one(`"dtype":"F32","shape":[0],"data_offsets":[8,0]`, 8)},
	{"end past the file", `tensor "x": data_offsets end at 812, the file has 800 bytes of data; is the file complete?`, one(`"dtype":"F32","shape":[203],"data_offsets":[0,812]`, 800)},
	{"too few bytes", `tensor "x": data_offsets hold 4 bytes, but shape and dtype want 2 elements of F32`, one(`"dtype":"F32","shape":[2],"data_offsets":[0,4]`, 4)},
	{"too many bytes", `tensor "x": data_offsets hold 8 bytes, but shape and dtype want 2 elements of BF16`, one(`"dtype":"BF16","shape":[2],"data_offsets":[0,8]`, 8)},
	{"overlap", `tensor "y": overlaps tensor "x"`, file(`{"x":`+f32x2+`,"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12)},
	{"hole", `tensor "y": data_offsets begin at 12, but bytes 8 to 12 of the data belong to no tensor`, file(`{"x":`+f32x2+`,"y":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16)},
	{"bytes left over", `byte 0: the header tells of 8 bytes of data, but the file has 12`, one(`"dtype":"F32","shape":[2],"data_offsets":[0,8]`, 12)},
}

func TestBadFilesGetTheirSentence(t *testing.T) {
	for _, c := range badFiles {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse(c.data)
			if err == nil {
				t.Fatalf("accepted: %v", f)
			}
			if !strings.HasPrefix(err.Error(), "safetensors: ") || !strings.Contains(err.Error(), c.want) {
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

func TestATypeOfTheFutureIsTolerated(t *testing.T) {
	f, err := Parse(one(`"dtype":"F3_E1M1","shape":[2],"data_offsets":[0,1]`, 1))
	if err != nil {
		t.Fatal(err)
	}
	if x, _ := f.Tensor("x"); x.DType != 0 || x.Type != "F3_E1M1" {
		t.Errorf("%v %v", x.DType, x.Type)
	}
}

func FuzzParse(f *testing.F) {
	every, err := os.ReadFile("testdata/every.safetensors")
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
		for _, x := range file.Tensors() {
			if x.DType != 0 {
				decoded(x)
			}
		}
	})
}
