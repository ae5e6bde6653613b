package whip

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sotto/audio"
	"sotto/audio/opus"
)

// notes is a voice that counts.
type notes struct {
	samples audio.Position
	lost    audio.Position
	marks   int
	loud    int // frames with sound
}

func (n *notes) Offer(f *audio.Frame) {
	n.samples += audio.FrameLen
	for _, v := range f {
		if v > 0.05 || v < -0.05 {
			n.loud++
			return
		}
	}
}

func (n *notes) Push(_ context.Context, f *audio.Frame) error {
	n.Offer(f)
	return nil
}

func (n *notes) Gap(_ context.Context, samples audio.Position, _ string) error {
	n.lost += samples
	n.marks++
	return nil
}

// packet writes RTP.
func packet(sequence uint16, time uint32, payload []byte) []byte {
	b := []byte{0x80, opusType}
	b = binary.BigEndian.AppendUint16(b, sequence)
	b = binary.BigEndian.AppendUint32(b, time)
	b = binary.BigEndian.AppendUint32(b, 1)
	return append(b, payload...)
}

func mustEar(t interface{ Fatal(...any) }, v listener) *ear {
	e, err := newEar(v)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A voice is as long as its RTP time says, and what was lost is told to the
// sample, whatever is lost, silent or spoilt.
func TestEverySampleIsHeardOrTold(t *testing.T) {
	packets := clip(t)
	spoilt := []byte("\xfb\x41\xfe\x00") // 20 ms, with padding past its end
	rapid.Check(t, func(t *rapid.T) {
		var n notes
		e := mustEar(t, &n)
		ctx := t.Context()
		var now time.Duration
		var at uint32
		var lost audio.Position
		steps := rapid.SliceOfN(rapid.IntRange(0, 19), 1, 60).Draw(t, "steps")
		steps[0], steps[len(steps)-1] = 9, 9
		for i, step := range steps {
			payload := packets[i]
			switch step {
			case 0, 1:
				lost += samplesPerPacket
				payload = nil
			case 2:
				lost += samplesPerPacket
				payload = spoilt
			case 3: // without sound
				payload = payload[:1]
			case 4: // a pause, of a length that is no whole sample of ours
				at += 9601
				now += 200 * time.Millisecond
			}
			if payload != nil {
				e.put(packet(uint16(i), at, payload), opusType, now)
			}
			if e.hear(ctx, now) != nil {
				t.Fatal("not heard")
			}
			at += ticksPerSample * samplesPerPacket
			now += 20 * time.Millisecond
		}
		tail := e.end(ctx, now)
		if want := audio.Position(at / ticksPerSample); n.samples+audio.Position(len(tail)) != want {
			t.Fatalf("%d samples, want %d", int(n.samples)+len(tail), want)
		}
		if n.lost != lost {
			t.Fatalf("%d samples are told to be lost, want %d", n.lost, lost)
		}
	})
}

// An hour of talk and pauses, in which one packet comes each 400 ms, loses nothing and
// ends when it should.
func TestAnHourOfPauses(t *testing.T) {
	packets := clip(t)
	var n notes
	e := mustEar(t, &n)
	var sequence uint16
	var at uint32
	clock := func() time.Duration { return time.Duration(at) * time.Second / 48000 }
	put := func(payload []byte, next uint32) {
		e.put(packet(sequence, at, payload), opusType, clock())
		if err := e.hear(t.Context(), clock()); err != nil {
			t.Fatal(err)
		}
		sequence++
		at += next
	}
	for range 2000 {
		for i := range 3 {
			put(packets[30+i], 960)
		}
		for range 4 {
			put(packets[30][:1], 20*960)
		}
	}
	put(packets[30], 960)
	tail := e.end(t.Context(), clock())
	if total := n.samples + audio.Position(len(tail)); total != audio.Position(at/ticksPerSample) || n.lost != 0 || n.marks != 0 {
		t.Errorf("%d samples of %d, %d lost", total, at/ticksPerSample, n.lost)
	}
	if n.loud < 2000 {
		t.Errorf("%d frames have sound", n.loud)
	}
}

// Whatever comes as a packet, hearing it ends and sound stays within bounds.
func FuzzEar(f *testing.F) {
	good := packet(7, 960, clip(f)[40])
	f.Add(good, good[:13], packet(9, 1<<31, []byte("\xfb\x3f")))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		e := mustEar(t, new(notes))
		for i, data := range [][]byte{good, a, b, c, a, good} {
			now := time.Duration(i) * 20 * time.Millisecond
			e.put(data, opusType, now)
			if err := e.hear(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		e.end(t.Context(), time.Second)
		if limit := int64(6*opus.Duration([]byte("\xfb\x3f")) + 5*audio.RateHz); e.given > limit {
			t.Fatalf("%d samples of six packets", e.given)
		}
	})
}
