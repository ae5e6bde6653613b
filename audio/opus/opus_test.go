package opus

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

var recordings = []string{"packets-2.5.opus", "packets-10.opus", "packets-60.opus"}

// Length and samples are ffmpeg's, which decodes at 48 kHz. The packets of 10 ms
// begin in hybrid mode, and brought down to 16 kHz that sounds half a sample
// later here: −22 dB of difference while it lasts. libopus differs by −51 dB from
// ffmpeg, which has a decoder of its own.
func TestPacketsOfEveryLength(t *testing.T) {
	for name, bound := range map[string]float64{"packets-2.5.opus": -50, "packets-10.opus": -30, "packets-60.opus": -50} {
		if !Repairs && name != "packets-10.opus" {
			bound = -60
		}
		got, want := readAll(t, load(t, name)), samples(t, name+".s16")
		if len(got) != len(want) {
			t.Errorf("%s: %d samples, want %d", name, len(got), len(want))
		} else if db := errorDB(got, want); !(db < bound) {
			t.Errorf("%s: the error is %.1f dB, want at most %v", name, db, bound)
		}
	}
}

// A chain is one recording after the other, each with its own beginning and end.
func TestChain(t *testing.T) {
	var chain []byte
	var want []float32
	for _, name := range recordings {
		chain = append(chain, load(t, name)...)
		want = append(want, readAll(t, load(t, name))...)
	}
	if got := readAll(t, chain); !slices.Equal(got, want) {
		t.Errorf("%d samples, want those of the parts, %d", len(got), len(want))
	}
}

// The last page may leave out more than the last packet holds.
func TestTheLastPageSaysWhereTheSoundEnds(t *testing.T) {
	const name = "packets-10.opus"
	whole := readAll(t, load(t, name))
	for _, samples := range []int{len(whole), len(whole) - 100, len(whole) - 400} {
		data := load(t, name)
		last := bytes.LastIndex(data, []byte("OggS"))
		binary.LittleEndian.PutUint64(data[last+6:], uint64(preSkip(data)+3*samples))
		got := readAll(t, mended(data, last))
		if !slices.Equal(got, whole[:samples]) {
			t.Errorf("%d samples, want the first %d", len(got), samples)
		}
	}
}

func TestPreSkipIsLeftOut(t *testing.T) {
	const name = "packets-10.opus"
	whole := readAll(t, load(t, name))
	data := load(t, name)
	binary.LittleEndian.PutUint16(data[28+10:], uint16(preSkip(data)+3*100))
	if got := readAll(t, mended(data, 0)); !slices.Equal(got, whole[100:]) {
		t.Errorf("%d samples, want all but the first 100 of %d", len(got), len(whole))
	}
}

func TestGain(t *testing.T) {
	const name = "packets-10.opus"
	want := readAll(t, load(t, name))
	data := load(t, name)
	gain := -6.5 // dB
	binary.LittleEndian.PutUint16(data[28+16:], uint16(int16(gain*256)))
	got := readAll(t, mended(data, 0))
	for i, v := range got {
		if w := float64(want[i]) * math.Pow(10, gain/20); math.Abs(float64(v)-w) > 1e-6 {
			t.Fatalf("sample %d is %v, want %v", i, v, w)
		}
	}
}

func TestALostPageLosesItsSoundOnly(t *testing.T) {
	for _, name := range recordings[:2] {
		data := load(t, name)
		whole := readAll(t, data)
		pages := bytes.Count(data, []byte("OggS"))
		data[nth(data, 4)-1] ^= 1 // the end of the fourth page
		got := readAll(t, data)
		if lost := len(whole) - len(got); lost <= 0 || lost > 2*len(whole)/(pages-2) {
			t.Errorf("%s: %d of %d samples are lost with one of %d pages", name, lost, len(whole), pages)
		}
	}
}

func TestHeadersAreRefused(t *testing.T) {
	for want, damage := range map[string]func(data []byte){
		"no OpusHead":                   func(data []byte) { data[28] = 'o' },
		"version 16":                    func(data []byte) { data[28+8] = 16 },
		"0 channels":                    func(data []byte) { data[28+9] = 0 },
		"3 channels":                    func(data []byte) { data[28+9] = 3 },
		"mapping family 255":            func(data []byte) { data[28+18] = 255 },
		"the comment header is missing": func(data []byte) { data[nth(data, 1)] = 'X' },
		"no complete Ogg page":          func(data []byte) { data[5] = 0 },
	} {
		data := load(t, "packets-10.opus")
		damage(data)
		_, err := NewReader(bytes.NewReader(mended(data, 0)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// Packets of discontinuous transmission, and such as no encoder makes.
func TestDuration(t *testing.T) {
	for _, c := range []struct {
		packet string
		want   int // samples at 16 kHz
	}{
		{"", 0}, {"\x00", 160}, {"\x08", 320}, {"\x18", 960}, {"\x60", 160}, {"\x80", 40}, {"\xf8", 320},
		{"\xf9", 640}, {"\xfa", 640}, {"\xfb", 0}, {"\xfb\x03", 960}, {"\xfb\x3f", maxSamples},
	} {
		if got := Duration([]byte(c.packet)); got != c.want {
			t.Errorf("packet %x lasts %d samples, want %d", c.packet, got, c.want)
		}
	}
}

func preSkip(data []byte) int { return int(binary.LittleEndian.Uint16(data[28+10:])) }

// nth returns where the nth page begins, counted from 0.
func nth(data []byte, n int) (at int) {
	for range n {
		at += 4 + bytes.Index(data[at+4:], []byte("OggS"))
	}
	return at
}

// mended gives the page at an offset the checksum that it should have (RFC 3533).
func mended(data []byte, at int) []byte {
	lacing := data[at+27 : at+27+int(data[at+26])]
	size := 27 + len(lacing)
	for _, l := range lacing {
		size += int(l)
	}
	clear(data[at+22 : at+26])
	crc := uint32(0)
	for _, b := range data[at : at+size] {
		crc ^= uint32(b) << 24
		for range 8 {
			crc = crc<<1 ^ crc>>31*0x04c11db7
		}
	}
	binary.LittleEndian.PutUint32(data[at+22:], crc)
	return data
}

func readAll(t *testing.T, data []byte) (all []float32) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]float32, 333)
	for {
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
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func samples(t *testing.T, name string) []float32 {
	data := load(t, name)
	x := make([]float32, len(data)/2)
	for i := range x {
		x[i] = float32(int16(binary.LittleEndian.Uint16(data[2*i:]))) / (1 << 15)
	}
	return x
}

// errorDB returns the power of the difference over that of what is wanted.
func errorDB(got, want []float32) float64 {
	var difference, power float64
	for i, w := range want {
		d := float64(got[i] - w)
		difference += d * d
		power += float64(w) * float64(w)
	}
	return 10 * math.Log10(difference/power)
}
