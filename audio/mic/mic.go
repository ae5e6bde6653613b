// Package mic hears a microphone through PortAudio, in programs that were built
// with the tag portaudio. A microphone does not wait: what nobody takes in time is
// lost, counted, and marked where it is missing. One that goes away is waited for.
package mic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sotto/audio"
	"sotto/audio/resample"
)

const (
	// pieceMilli of sound come at a time.
	pieceMilli = 20
	// quietFor is how long a device may give nothing before it counts as gone, and
	// how long one is waited for before it is opened again.
	quietFor = 2 * time.Second
	// watchEvery is how often that is looked at.
	watchEvery = 250 * time.Millisecond
)

var (
	// ErrNotBuilt says that the program was built without PortAudio.
	ErrNotBuilt = errors.New("this sotto was built without a microphone; install portaudio19-dev and a C compiler (portaudio on macOS) and build it again with make, or pipe a recorder into sotto listen --stdin")
	// ErrNone says that the machine has no microphone.
	ErrNone = errors.New("no microphone found; plug one in, and list what is there with sotto devices")
)

// Device is something that gives sound.
type Device struct {
	Name     string `json:"name"`
	System   string `json:"system"` // that it is reached through, such as ALSA
	RateHz   int    `json:"rate_hz"`
	Channels int    `json:"channels"` // at most
	Default  bool   `json:"default"`
}

// Loss is sound that is missing.
type Loss struct {
	Samples int    // at 16 kHz
	Cause   string // for people, behind "so much was lost"
}

// system is the sound system of the machine, or of a test.
type system interface {
	devices() ([]Device, error)
	// open starts a device. heard is called with every piece, one call at a time,
	// until the closer has returned; it does not keep the samples.
	open(d Device, heard func(p piece)) (io.Closer, error)
}

// piece is what a device gives at a time.
type piece struct {
	samples  []float32 // interleaved
	rateHz   int
	channels int
	overrun  bool // the sound system lost some before
}

// Devices lists what gives sound.
func Devices() ([]Device, error) {
	s, err := native()
	if err != nil {
		return nil, err
	}
	return s.devices()
}

// Microphone is one device for as long as somebody listens. Run and Read each
// have one caller; Position may be called by anyone.
type Microphone struct {
	system system
	name   string // as it was asked for: "" goes with the default
	device Device
	notice func(string)
	ring   *ring

	// Read owns the following.
	next      slot
	resampler *resample.Resampler
	rateHz    int       // of the resampler
	ready     []float32 // at 16 kHz
	lost      Loss      // before ready
	waiting   bool      // next is not decoded yet
}

// Open finds a device by its name or a part of it, "" being the default one.
// Nothing is heard before Run. notice is told in a sentence that the device is
// gone, and that it is back.
func Open(name string, notice func(string)) (*Microphone, error) {
	s, err := native()
	if err != nil {
		return nil, err
	}
	return open(s, name, notice)
}

func open(s system, name string, notice func(string)) (*Microphone, error) {
	devices, err := s.devices()
	if err != nil {
		return nil, err
	}
	d, err := find(devices, name)
	if err != nil {
		return nil, err
	}
	return &Microphone{system: s, name: name, device: d, notice: notice, ring: newRing()}, nil
}

// find returns the device that is meant.
func find(devices []Device, name string) (Device, error) {
	var like []Device
	for _, d := range devices {
		switch {
		case name == "" && d.Default, name != "" && d.Name == name:
			return d, nil
		case name != "" && strings.Contains(strings.ToLower(d.Name), strings.ToLower(name)):
			like = append(like, d)
		}
	}
	switch {
	case len(devices) == 0:
		return Device{}, ErrNone
	case len(like) == 1:
		return like[0], nil
	case name == "":
		return Device{}, errors.New("no default microphone; choose one of sotto devices with --device")
	case len(like) > 1:
		return Device{}, fmt.Errorf("%d microphones have %.64q in their names; say more of one that sotto devices lists", len(like), name)
	}
	return Device{}, fmt.Errorf("no microphone named %.64q; list what is there with sotto devices", name)
}

// Device returns what is listened to.
func (m *Microphone) Device() Device { return m.device }

// Position returns how much sound there was so far, lost or not.
func (m *Microphone) Position() audio.Position { return m.ring.position() }

// Run listens until ctx ends; Read then comes to its end. A device that cannot be
// opened at first is an error, one that goes away later is waited for.
func (m *Microphone) Run(ctx context.Context) error {
	defer m.ring.close()
	stream, err := m.start()
	if err != nil {
		return fmt.Errorf("cannot listen to %s: %w; another program may have it: list what is there with sotto devices", m.device.Name, err)
	}
	defer func() { // which may be another one by then
		if stream != nil {
			stream.Close()
		}
	}()
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	gone, tried := false, time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-watch.C:
		}
		quiet := m.ring.quiet()
		switch {
		case gone && quiet < quietFor:
			gone = false
			m.notice(fmt.Sprintf("microphone is back at %s", clock(m.Position())))
		case quiet < quietFor || time.Since(tried) < quietFor:
		default:
			if !gone {
				m.notice(fmt.Sprintf("microphone gone at %s; waiting for it (retry every 2 s); gap marked", clock(m.Position())))
			}
			gone = true
			stream = m.again(stream)
			tried = time.Now()
		}
	}
}

func (m *Microphone) start() (io.Closer, error) {
	m.ring.opened()
	return m.system.open(m.device, m.ring.put)
}

// again opens the device anew, nil when it is not there.
func (m *Microphone) again(stream io.Closer) io.Closer {
	if stream != nil {
		stream.Close() // whatever it says, it is gone
	}
	devices, err := m.system.devices()
	if err != nil {
		return nil
	}
	d, err := find(devices, m.name)
	if err != nil {
		return nil
	}
	if stream, err = m.system.open(d, m.ring.put); err != nil {
		return nil
	}
	return stream
}

// Read waits for sound: mono samples at 16 kHz in [-1, 1], and what was lost
// before the first of them. The error is io.EOF when Run has ended.
func (m *Microphone) Read(dst []float32) (int, Loss, error) {
	for len(m.ready) == 0 {
		if !m.waiting && !m.ring.take(&m.next) {
			return 0, Loss{}, io.EOF
		}
		m.decode()
	}
	n, lost := copy(dst, m.ready), m.lost
	m.ready, m.lost = m.ready[n:], Loss{}
	return n, lost, nil
}

// decode brings the next piece to 16 kHz. Before a gap, and before another rate,
// the sound so far is brought to its end.
func (m *Microphone) decode() {
	p := &m.next
	if m.resampler != nil && !m.waiting && (p.lost.Samples > 0 || p.rateHz != m.rateHz) {
		m.ready, m.waiting = m.resampler.Flush(), true
		return
	}
	if m.resampler == nil || p.rateHz != m.rateHz {
		m.resampler, m.rateHz = resample.New(p.rateHz, audio.RateHz), p.rateHz
	}
	m.waiting = false
	m.lost = Loss{m.lost.Samples + p.lost.Samples, cmp.Or(p.lost.Cause, m.lost.Cause)}
	m.ready = m.resampler.Write(p.samples)
}

// clock writes a position as a time.
func clock(p audio.Position) string {
	s := p.Millis() / 1000
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
