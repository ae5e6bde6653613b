package ogg

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// page writes one page; each piece of body is one lacing value, and continues in
// the next when it is 255 bytes long.
func page(serial, sequence uint32, flags byte, body ...string) string {
	b := append([]byte("OggS\x00"), flags)
	b = binary.LittleEndian.AppendUint64(b, 77)
	b = binary.LittleEndian.AppendUint32(b, serial)
	b = binary.LittleEndian.AppendUint32(b, sequence)
	b = append(b, 0, 0, 0, 0, byte(len(body)))
	for _, piece := range body {
		b = append(b, byte(len(piece)))
	}
	b = append(b, strings.Join(body, "")...)
	binary.LittleEndian.PutUint32(b[22:], checksum(b))
	return string(b)
}

// checksum is that of RFC 3533, bit by bit.
func checksum(page []byte) (crc uint32) {
	for _, b := range page {
		crc ^= uint32(b) << 24
		for range 8 {
			crc = crc<<1 ^ crc>>31*0x04c11db7
		}
	}
	return crc
}

func TestPackets(t *testing.T) {
	full := strings.Repeat("x", 255)
	first, second, third := page(1, 0, 2, "head"), page(1, 1, 0, "a", "b"), page(1, 2, 4, "c")
	for name, c := range map[string]struct{ data, want string }{
		"a page each":               {first + second + third, "head a b c"},
		"rubbish in between":        {first + "OggOggS\x01" + second + third, "head a b c"},
		"a damaged page":            {first + strings.Replace(second, "ab", "aB", 1) + third, "head c"},
		"cut within a page":         {first + second + third[:len(third)-1], "head a b"},
		"another stream beside":     {first + page(2, 0, 2, "other") + second + page(2, 1, 0, "more") + third, "head a b c"},
		"another stream behind":     {first + second + third + page(2, 0, 2, "head2") + page(2, 1, 4, "d"), "head a b c head2 d"},
		"over two pages":            {first + page(1, 1, 0, "a", full) + page(1, 2, 1, "y", "c"), "head a " + full + "y c"},
		"its beginning is missing":  {first + page(1, 2, 1, "y", "c"), "head c"},
		"its middle is missing":     {first + page(1, 1, 0, full) + page(1, 3, 1, "y", "c"), "head c"},
		"its end is missing":        {first + page(1, 1, 0, "a", full) + page(1, 2, 0, "c"), "head a c"},
		"as long as a lacing value": {first + page(1, 1, 0, full, "", "c"), "head " + full + " c"},
		"no beginning":              {second + third, ""},
		"nothing":                   {"", ""},
	} {
		var got []string
		for _, k := range readAll(t, c.data) {
			got = append(got, string(k.Data))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %.300q, want %.300q", name, got, c.want)
		}
	}
}

func TestFirstAndEnd(t *testing.T) {
	packets := readAll(t, page(1, 0, 2, "head")+page(1, 1, 0, "a")+page(1, 2, 4, "c"))
	for i, want := range []Packet{{First: true, End: -1}, {End: -1}, {End: 77}} {
		if k := packets[i]; k.First != want.First || k.End != want.End {
			t.Errorf("packet %d: first %v, end %d", i, k.First, k.End)
		}
	}
}

func TestEndlessRubbishIsGivenUp(t *testing.T) {
	rubbish := io.LimitReader(zeros{}, 1<<40)
	if _, err := NewReader(rubbish).Next(); err == nil || !strings.Contains(err.Error(), "no page in") {
		t.Errorf("error %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Whatever the bytes, reading ends and no packet is longer than MaxPacket.
func FuzzReader(f *testing.F) {
	files, err := filepath.Glob("../intake/testdata/*.o[gp]*[gs]")
	if err != nil || len(files) == 0 {
		f.Fatal("no recordings to start from", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		for r := NewReader(bytes.NewReader(data)); ; {
			k, err := r.Next()
			if err != nil {
				return
			}
			if total += len(k.Data); total > len(data) || len(k.Data) > MaxPacket {
				t.Fatalf("a packet of %d bytes, %d in all, of a file of %d", len(k.Data), total, len(data))
			}
		}
	})
}

func readAll(t *testing.T, data string) (packets []Packet) {
	for r := NewReader(strings.NewReader(data)); ; {
		k, err := r.Next()
		if err == io.EOF {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, k)
	}
}
