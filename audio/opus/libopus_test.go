//go:build libopus

package opus

import (
	"bytes"
	"encoding/binary"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"sotto/audio/ogg"
	"sotto/audio/resample"
)

const encodedHz = 48000

// voice is speech at 48 kHz with something above 8 kHz, so that an encoder has a use for
// every band; its second channel is the first, later and quieter.
func voice(t *testing.T) []byte {
	low := readAll(t, load(t, "../../../models/pocket/testset/demo.ogg"))[:8*rateHz]
	r := resample.New(rateHz, encodedHz)
	var sound []float32
	for len(low) > 0 {
		n := min(len(low), rateHz)
		sound = append(sound, r.Write(low[:n])...)
		low = low[n:]
	}
	sound = append(sound, r.Flush()...)
	var pcm []byte
	noise := uint32(1)
	for i, v := range sound {
		noise = noise*1664525 + 1013904223
		hiss := float64(int32(noise)) / math.MaxInt32 * math.Abs(float64(v)) / 8
		left := float64(v)*0.8 + hiss
		right := hiss
		if i > 480 {
			right += float64(sound[i-480]) * 0.5
		}
		for _, w := range []float64{left, right} {
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(max(-1, min(1, w))*32767)))
		}
	}
	return pcm
}

// encoded returns what libopus makes of it.
func encoded(t *testing.T, pcm []byte, options string) (packets [][]byte) {
	t.Helper()
	arguments := append([]string{"--quiet", "--raw", "--raw-rate", "48000", "--raw-chan", "2"}, strings.Fields(options)...)
	cmd := exec.Command("opusenc", append(arguments, "-", "-")...)
	cmd.Stdin = bytes.NewReader(pcm)
	file, err := cmd.Output()
	if err != nil {
		t.Fatalf("opusenc %s: %v", options, err)
	}
	r := ogg.NewReader(bytes.NewReader(file))
	for n := 0; ; n++ {
		p, err := r.Next()
		if err != nil {
			return packets
		}
		if n >= 2 {
			packets = append(packets, p.Data)
		}
	}
}

// modes says what share of packets is SILK, hybrid and CELT.
func modes(packets [][]byte) (of [3]int) {
	for _, p := range packets {
		switch config := p[0] >> 3; {
		case config < 12:
			of[0]++
		case config < 16:
			of[1]++
		default:
			of[2]++
		}
	}
	return of
}

func inGo(t *testing.T) *Decoder {
	c, err := newPure()
	if err != nil {
		t.Fatal(err)
	}
	return &Decoder{codec: c}
}

// The decoder in Go gives what libopus gives, of every mode, length and number of
// channels; but it spoils stereo in packets of 2.5 ms, which no client is known to send.
func TestTheDecoderInGoEqualsLibopus(t *testing.T) {
	if _, err := exec.LookPath("opusenc"); err != nil {
		t.Skip("opusenc is not installed: apt-get install opus-tools")
	}
	pcm := voice(t)
	var met [3]int
	for _, tt := range []struct {
		options string
		snr     float64 // dB, at least
	}{
		{"--bitrate 12 --downmix-mono --speech", 45},
		{"--bitrate 12 --downmix-mono --speech --framesize 60", 45},
		{"--bitrate 16 --speech --framesize 40", 45},
		{"--bitrate 32 --downmix-mono --speech", 45},
		{"--bitrate 32 --downmix-mono --speech --framesize 10", 45},
		{"--bitrate 32 --downmix-mono --speech --framesize 40", 45},
		{"--bitrate 32 --downmix-mono --speech --framesize 60", 45},
		{"--bitrate 40 --speech", 45},
		{"--bitrate 64 --downmix-mono --music", 85},
		{"--bitrate 64 --downmix-mono --music --framesize 10", 85},
		{"--bitrate 96 --music", 85},
		{"--bitrate 96 --music --framesize 5", 85},
		{"--bitrate 96 --music --framesize 2.5", 10},
		{"--bitrate 96 --downmix-mono --music --framesize 2.5", 85},
	} {
		packets := encoded(t, pcm, tt.options)
		a, b := inGo(t), newDecoder(t)
		var got, want []float32
		for _, p := range packets {
			got = append(got, decode(t, a, p)...)
			want = append(want, decode(t, b, p)...)
		}
		of := modes(packets)
		for i := range of {
			met[i] += of[i]
		}
		snr := -errorDB(got, want)
		t.Logf("%-55s %4d packets, SILK hybrid CELT %3d, %.1f dB", tt.options, len(packets), of, snr)
		if len(packets) < 20 || !(snr >= tt.snr) {
			t.Errorf("%s: %.1f dB over %d packets, want %.0f", tt.options, snr, len(packets), tt.snr)
		}
	}
	if slices.Contains(met[:], 0) {
		t.Errorf("packets of SILK, hybrid, CELT: %d; want some of each", met)
	}
}

// A tenth of the packets is lost: what the next ones repeat of them is worth more
// than a guess or silence.
func TestLossIsRepaired(t *testing.T) {
	if _, err := exec.LookPath("opusenc"); err != nil {
		t.Skip("opusenc is not installed: apt-get install opus-tools")
	}
	packets := encoded(t, voice(t), "--bitrate 32 --downmix-mono --speech --expect-loss 20 --set-ctl-int 4012=1")
	clean := newDecoder(t)
	var want []float32
	for _, p := range packets {
		want = append(want, decode(t, clean, p)...)
	}
	lossy := func(d *Decoder, repairs bool) float64 {
		var got []float32
		for i, p := range packets {
			if i%10 != 5 || i+1 == len(packets) {
				got = append(got, decode(t, d, p)...)
				continue
			}
			var behind []byte
			if repairs {
				behind = packets[i+1]
			}
			got = append(got, slices.Clone(d.Conceal(Duration(p), behind))...)
		}
		return -errorDB(got, want)
	}
	silence, guess, repaired := lossy(inGo(t), false), lossy(newDecoder(t), false), lossy(newDecoder(t), true)
	t.Logf("silence %.1f dB, guessed %.1f dB, repaired %.1f dB", silence, guess, repaired)
	if !(guess > silence-1 && repaired > guess+6) {
		t.Errorf("silence %.1f dB, guessed %.1f dB, repaired %.1f dB", silence, guess, repaired)
	}
}

// A hole of any length is filled with as many samples.
func TestHolesOfEveryLength(t *testing.T) {
	clip := packets(t, "packets-10.opus")
	d := newDecoder(t)
	for i, n := range []int{0, 1, 39, 40, 41, 160, 321, 1919, 1920, 5000} {
		decode(t, d, clip[i])
		if got := d.Conceal(n, clip[i+1]); len(got) != n {
			t.Errorf("%d samples in a hole of %d", len(got), n)
		}
	}
}
