package opus_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"slices"
	"testing"

	"sotto/audio/ogg"
	"sotto/audio/opus"
)

// The sound itself is compared with ffmpeg's decoding in audio/intake.
const recording = "../intake/testdata/mono-24k.opus"

func TestTheLastPositionEndsTheSound(t *testing.T) {
	packets := load(t, recording)
	plain := readAll(t, stream(packets...))
	skip := int(binary.LittleEndian.Uint16(packets[0][10:]))
	if want := 320*(len(packets)-2) - skip/3; len(plain) != want {
		t.Fatalf("an end far away leaves %d samples of %d", len(plain), want)
	}
	for samples := len(plain) - 320; samples <= len(plain); samples += 80 { // within the last page
		got := readAll(t, ended(skip+3*samples, packets...))
		if !slices.Equal(got, plain[:samples]) {
			t.Errorf("%d samples, want %d", len(got), samples)
		}
	}
}

// A packet lost or not sent is silence as long as it, never a gap.
func TestPacketsWithoutSoundKeepTheTime(t *testing.T) {
	packets := load(t, recording)
	whole := len(readAll(t, stream(packets...)))
	for name, without := range map[string][]byte{
		"not sent": packets[5][:1], "of rubbish": append([]byte{packets[5][0]}, bytes.Repeat([]byte{0xA5}, 9)...),
	} {
		replaced := slices.Clone(packets)
		replaced[5] = without
		if got := len(readAll(t, stream(replaced...))); got != whole {
			t.Errorf("%s: %d samples, want %d", name, got, whole)
		}
	}
}

// Behind good headers and checksums, whatever the packets: reading ends, with at
// most 120 ms for each.
func FuzzPackets(f *testing.F) {
	for _, file := range []string{"mono-24k.opus", "speech-12k.opus", "stereo-64k.opus"} {
		packets := load(f, "../intake/testdata/"+file)
		for i := 2; i+1 < len(packets); i += 3 {
			f.Add(packets[0], packets[i], packets[i+1])
		}
	}
	f.Add([]byte("OpusHead"), []byte{3}, []byte{0xFF, 0x3F})
	tags := []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00")
	f.Fuzz(func(t *testing.T, head, a, b []byte) {
		r, err := opus.NewReader(bytes.NewReader(stream(head, tags, a, b, a)))
		if err != nil {
			return
		}
		buf := make([]float32, 500)
		for total := 0; ; {
			n, err := r.Read(buf)
			if total += n; total > 3*1920 {
				t.Fatalf("more than %d samples of three packets", total)
			}
			if err == io.EOF {
				return
			}
			if err != nil || n == 0 {
				t.Fatalf("%d samples, error %v", n, err)
			}
		}
	})
}

// stream writes packets, a page each, with an end that cuts nothing off.
func stream(packets ...[]byte) []byte { return ended(math.MaxInt64/4, packets...) }

// ended writes packets whose last page says where the sound ends, at 48 kHz.
func ended(position int, packets ...[]byte) (data []byte) {
	for i, packet := range packets {
		packet = packet[:min(len(packet), 254*255)]
		page := binary.LittleEndian.AppendUint64([]byte("OggS\x00\x00"), 0)
		page = append(page, 7, 0, 0, 0) // the stream's number
		page = binary.LittleEndian.AppendUint32(page, uint32(i))
		page = append(page, 0, 0, 0, 0, byte(len(packet)/255+1))
		page = append(page, bytes.Repeat([]byte{255}, len(packet)/255)...)
		page = append(append(page, byte(len(packet)%255)), packet...)
		if i == 0 {
			page[5] |= 2
		}
		if i == len(packets)-1 {
			page[5] |= 4
			binary.LittleEndian.PutUint64(page[6:], uint64(position))
		}
		binary.LittleEndian.PutUint32(page[22:], checksum(page))
		data = append(data, page...)
	}
	return data
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

// load returns the packets of a file.
func load(t testing.TB, file string) (packets [][]byte) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := ogg.NewReader(f); ; {
		k, err := r.Next()
		if err == io.EOF {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, k.Data)
	}
}

func readAll(t *testing.T, data []byte) (all []float32) {
	t.Helper()
	r, err := opus.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for buf := make([]float32, 777); ; {
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
