package mic

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"sotto/audio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a sound system whose devices a test plugs and speaks into.
type desk struct {
	mu      sync.Mutex
	plugged []Device
	heard   func(piece) // nil: nobody listens
	opens   int
}

func (d *desk) devices() ([]Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.plugged), nil
}

func (d *desk) open(want Device, heard func(piece)) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.plugged, want) {
		return nil, errors.New("it is not there")
	}
	d.heard = heard
	d.opens++
	return d, nil
}

func (d *desk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = nil
	return nil
}

func (d *desk) opened() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opens
}

func (d *desk) plug(devices ...Device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plugged = devices
}

// speak gives so many pieces of a tone, each when it has been spoken. One to
// whom nobody listens is spoken too.
func (d *desk) speak(pieces int, p Device) {
	for range pieces {
		time.Sleep(pieceMilli * time.Millisecond)
		d.give(tone(p), p, false)
	}
}

func (d *desk) give(samples []float32, p Device, overrun bool) {
	d.mu.Lock()
	heard := d.heard
	d.mu.Unlock()
	if heard != nil {
		heard(piece{samples, p.RateHz, p.Channels, overrun})
	}
}

// tone is a piece of which one channel sounds.
func tone(p Device) []float32 {
	samples := make([]float32, p.RateHz*pieceMilli/1000*p.Channels)
	for i := 0; i < len(samples); i += p.Channels {
		samples[i] = 0.5
	}
	return samples
}

var headset = Device{Name: "Headset Mono", System: "ALSA", RateHz: 16000, Channels: 1, Default: true}

// recording is a microphone at work, and what it said.
type recording struct {
	*Microphone
	mu      sync.Mutex
	notices []string
	samples int
	losses  []Loss
	ended   chan struct{}
}

func record(t *testing.T, d *desk, name string) (*recording, func()) {
	t.Helper()
	r := &recording{ended: make(chan struct{})}
	m, err := open(d, name, func(text string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.notices = append(r.notices, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Microphone = m
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	go r.read()
	synctest.Wait()
	return r, func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		<-r.ended
	}
}

func (r *recording) read() {
	defer close(r.ended)
	for buf := make([]float32, 100); ; {
		n, lost, err := r.Read(buf)
		if err != nil {
			return
		}
		r.samples += n
		if lost != (Loss{}) {
			r.losses = append(r.losses, lost)
		}
	}
}

func TestAMicrophoneIsHeardAt16kHz(t *testing.T) {
	for _, d := range []Device{
		headset,
		{Name: "stereo", RateHz: 48000, Channels: 2, Default: true},
		{Name: "old", RateHz: 44100, Channels: 1, Default: true},
		{Name: "slow", RateHz: 8000, Channels: 3, Default: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			desk := &desk{plugged: []Device{d}}
			r, stop := record(t, desk, "")
			desk.speak(50, d)
			stop()
			if at := r.Position(); at != audio.RateHz {
				t.Errorf("%s: a second ends at sample %d", d.Name, at)
			}
			if r.samples < audio.RateHz*97/100 || r.samples > audio.RateHz || len(r.losses) > 0 || len(r.notices) > 0 {
				t.Errorf("%s: %d samples, lost %v, told %q", d.Name, r.samples, r.losses, r.notices)
			}
		})
	}
}

func TestChannelsAreAveragedAndTamed(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	got := mix(nil, []float32{1, 0, -0.5, -0.5, nan, 1, inf, 0, 3, 3}, 2)
	if want := []float32{0.5, -0.5, 0, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A device that goes away is waited for, and what was missed is counted in its
// place.
func TestAMicrophoneThatIsUnpluggedIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := &desk{plugged: []Device{headset}}
		r, stop := record(t, desk, "")
		desk.speak(50, headset)
		desk.plug()
		time.Sleep(7 * time.Second)
		desk.plug(headset)
		for desk.opened() < 2 {
			time.Sleep(pieceMilli * time.Millisecond)
		}
		desk.speak(100, headset)
		stop()
		if len(r.losses) != 1 || r.losses[0].Cause != causeGone {
			t.Fatalf("lost %v", r.losses)
		}
		if s := r.losses[0].Samples; s < 7*audio.RateHz || s > 12*audio.RateHz {
			t.Errorf("%d samples lost in 7 s and the wait for the next try", s)
		}
		if r.samples != 3*audio.RateHz || int(r.Position()) != r.samples+r.losses[0].Samples {
			t.Errorf("%d samples heard, at %d", r.samples, r.Position())
		}
		want := "microphone gone at 00:00:01; waiting for it (retry every 2 s); gap marked"
		if len(r.notices) != 2 || r.notices[0] != want || !strings.HasPrefix(r.notices[1], "microphone is back at 00:00:") {
			t.Errorf("told %q", r.notices)
		}
	})
}

func TestAnotherRateAfterTheGapIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := &desk{plugged: []Device{headset}}
		r, stop := record(t, desk, "")
		desk.speak(10, headset)
		other := Device{Name: "Webcam", RateHz: 48000, Channels: 2, Default: true}
		desk.plug(other)
		for desk.opened() < 2 {
			time.Sleep(pieceMilli * time.Millisecond)
		}
		desk.speak(10, other)
		stop()
		if r.samples < 6000 || r.samples > 6400 || len(r.losses) != 1 {
			t.Errorf("%d samples of 0.4 s, lost %v", r.samples, r.losses)
		}
	})
}

func TestAnOverrunIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := &desk{plugged: []Device{headset}}
		r, stop := record(t, desk, "")
		desk.speak(5, headset)
		time.Sleep(100 * time.Millisecond)
		desk.give(tone(headset), headset, true)
		desk.speak(5, headset)
		stop()
		if want := []Loss{{80 * 16, causeOverrun}}; !slices.Equal(r.losses, want) {
			t.Errorf("lost %v, want %v", r.losses, want)
		}
	})
}

// Nobody reads: the ring fills, what comes then is lost, and told before what
// comes after.
func TestAMicrophoneNeverWaits(t *testing.T) {
	r := newRing()
	for range ringLen + 30 {
		r.put(piece{tone(headset), headset.RateHz, 1, false})
	}
	var s slot
	for range ringLen {
		if r.take(&s); s.lost.Samples != 0 {
			t.Fatalf("lost %v", s.lost)
		}
	}
	r.put(piece{tone(headset), headset.RateHz, 1, false})
	if r.take(&s); s.lost != (Loss{30 * 320, causeSlow}) {
		t.Errorf("lost %v", s.lost)
	}
	r.close()
	if r.take(&s) {
		t.Error("more after its end")
	}
	if want := audio.Position((ringLen + 31) * 320); r.position() != want {
		t.Errorf("at %d, want %d", r.position(), want)
	}
}

func TestDevicesAreFoundByTheirNames(t *testing.T) {
	two := []Device{headset, {Name: "USB Headset"}, {Name: "Webcam"}}
	for _, c := range []struct {
		devices []Device
		name    string
		want    string // a device, or a part of the refusal
	}{
		{two, "", "Headset Mono"},
		{two, "webcam", "Webcam"},
		{two, "usb", "USB Headset"},
		{two, "Headset Mono", "Headset Mono"},
		{two, "headset", "2 microphones have"},
		{two, "line in", "no microphone named"},
		{two[1:], "", "--device"},
		{nil, "", "no microphone found"},
		{nil, "webcam", "no microphone found"},
	} {
		d, err := find(c.devices, c.name)
		if got := d.Name; got != c.want && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %q and %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestADeviceThatCannotBeOpenedIsAnError(t *testing.T) {
	desk := &desk{plugged: []Device{headset}}
	m, err := open(desk, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	desk.plug()
	if err := m.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Headset Mono") {
		t.Errorf("got %v", err)
	}
	if _, _, err := m.Read(make([]float32, 10)); err != io.EOF {
		t.Errorf("reading gives %v", err)
	}
}
