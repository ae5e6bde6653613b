package opus

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"sotto/audio/ogg"
)

// hostile are packets that no encoder makes.
var hostile = []string{
	"", "\x00", "\xf8", "\xf8\x00", // without sound
	"\xfb", "\xfb\x00\x00", "\xfb\x40\x00", // code 3 with no frame
	"\xfb\x31\x00\x00", "\xfb\x3f" + strings.Repeat("\x55", 63), // 49 and 63 frames
	"\x1b\x03" + strings.Repeat("\x11", 90),                        // 180 ms
	"\xfb\x82\xff\xff\x01", "\xfb\x83\xfc\x01\x02", "\x7f\xb0\xfe", // VBR sizes past the end
	"\xfb\x42\xff\xff\xff", "\xfb\x41\x05\x01", "\xfb\x41\xfe", // padding past the end
	"\xfa\xff\x01", "\xf9\x01\x02", // two frames of unequal or too long size
	"\xf8" + strings.Repeat("\xff", 1276), "\x08" + strings.Repeat("\xff", 1276),
	"\x7f\x30" + strings.Repeat("\x55", 60), "\x08" + strings.Repeat("\x00", 50), "\xfc" + strings.Repeat("\xa5", 300),
}

// packets returns those of a recording of libopus, without the headers.
func packets(t testing.TB, name string) (all [][]byte) {
	r := ogg.NewReader(bytes.NewReader(load(t, name)))
	for n := 0; ; n++ {
		p, err := r.Next()
		if err != nil {
			return all
		}
		if n >= 2 {
			all = append(all, p.Data)
		}
	}
}

func newDecoder(t testing.TB) *Decoder {
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// decode returns a copy of a packet's samples, having checked what always holds.
func decode(t testing.TB, d *Decoder, packet []byte) []float32 {
	t.Helper()
	got, _ := d.Decode(packet)
	if len(got) != Duration(packet) {
		t.Fatalf("%d samples of a packet of %d", len(got), Duration(packet))
	}
	for i, v := range got {
		if !(v >= -1 && v <= 1) {
			t.Fatalf("sample %d is %v", i, v)
		}
	}
	return slices.Clone(got)
}

func level(samples []float32) float64 {
	var sum float64
	for _, v := range samples {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(max(1, len(samples))))
}

// Hostile packets are silence or noise within bounds, and what comes behind them
// is heard again.
func TestHostilePackets(t *testing.T) {
	clip := packets(t, "packets-10.opus")
	clean := newDecoder(t)
	var want []float32
	for _, p := range clip {
		want = append(want, decode(t, clean, p)...)
	}
	for _, bad := range hostile {
		d := newDecoder(t)
		var got []float32
		for i, p := range clip {
			if i == 5 {
				decode(t, d, []byte(bad))
			}
			got = append(got, decode(t, d, p)...)
		}
		from := len(got) / 2
		if db := errorDB(got[from:], want[from:]); db > 0 {
			t.Errorf("%.12x: 200 ms later the error is %.1f dB", bad, db)
		}
	}
}

// Modes, channels and lengths may change with every packet.
func TestEveryPacketOfAnotherKind(t *testing.T) {
	d := newDecoder(t)
	kinds := [][][]byte{packets(t, "packets-2.5.opus"), packets(t, "packets-10.opus"), packets(t, "packets-60.opus")}
	for _, file := range []string{"speech-12k.opus", "stereo-64k.opus", "mono-24k.opus"} {
		kinds = append(kinds, packets(t, "../../intake/testdata/"+file))
	}
	for i := range 100 {
		kind := kinds[i%len(kinds)]
		decode(t, d, kind[i/len(kinds)%len(kind)])
	}
}

// A packet without sound leaves the decoder alone: the next is as loud as ever.
func TestDiscontinuousTransmission(t *testing.T) {
	clip := packets(t, "packets-60.opus")
	plain, d := newDecoder(t), newDecoder(t)
	for i, p := range clip {
		want := level(decode(t, plain, p))
		if i == 3 {
			for range 10 {
				if silence := decode(t, d, p[:1]); level(silence) != 0 {
					t.Fatal("a packet without sound is heard")
				}
			}
		}
		if got := level(decode(t, d, p)); math.Abs(got-want) > 1e-3 {
			t.Errorf("packet %d has level %.4f behind silence, %.4f without it", i, got, want)
		}
	}
}

// What cannot be concealed is let go: at the edges of a hole sound fades within 5 ms, and the hole is silent.
func TestConceal(t *testing.T) {
	clip := packets(t, "packets-10.opus")
	inGo, err := newPure()
	if err != nil {
		t.Fatal(err)
	}
	d := &Decoder{codec: inGo}
	var loud []float32
	for _, p := range clip[:12] {
		loud = decode(t, d, p)
	}
	hole := append(slices.Clone(d.Conceal(160, nil)), d.Conceal(3000, nil)...)
	if len(hole) != 3160 || hole[0] != loud[len(loud)-1] {
		t.Fatalf("%d samples, from %v to %v", len(hole), loud[len(loud)-1], hole[0])
	}
	if level(hole[:edge]) > level(loud[len(loud)-edge:]) || level(hole[edge:]) != 0 {
		t.Errorf("levels %.4f and %.4f in the hole", level(hole[:edge]), level(hole[edge:]))
	}
	if after := decode(t, d, clip[13]); after[0] != 0 {
		t.Errorf("sound goes on with a step to %v", after[0])
	}
}

// Whatever the packets, decoding them ends, without panic and in bounds.
func FuzzDecoder(f *testing.F) {
	for _, p := range hostile {
		f.Add([]byte(p), []byte("\x0b\xe4\x25\x69"))
	}
	for _, name := range recordings {
		clip := packets(f, name)
		f.Add(clip[3], clip[4])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := newDecoder(t)
		for _, packet := range [][]byte{first, second, first} {
			decode(t, d, packet)
		}
		d.Conceal(len(first), second)
	})
}
