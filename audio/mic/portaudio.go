//go:build portaudio && cgo

package mic

import (
	"errors"
	"fmt"
	"io"

	"github.com/gordonklaus/portaudio"
)

func native() (system, error) { return portAudio{}, nil }

// portAudio is PortAudio. It looks at devices when it is initialized, so it is
// initialized for every list and every opening.
type portAudio struct{}

func (portAudio) devices() ([]Device, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	all, _, err := list()
	return all, errors.Join(err, portaudio.Terminate())
}

// initialize takes PortAudio up; every call is followed by one of
// portaudio.Terminate.
func initialize() error {
	quiet()
	if err := portaudio.Initialize(); err != nil {
		return broken(err)
	}
	return nil
}

func broken(err error) error {
	return fmt.Errorf("the sound system does not answer: %w; see whether a recorder works, such as arecord", err)
}

// list returns the devices that give sound, as we and as PortAudio name them.
func list() ([]Device, []*portaudio.DeviceInfo, error) {
	infos, err := portaudio.Devices()
	if err != nil {
		return nil, nil, broken(err)
	}
	preferred, _ := portaudio.DefaultInputDevice() // nil where there is none
	var all []Device
	var their []*portaudio.DeviceInfo
	for _, i := range infos {
		if i.MaxInputChannels > 0 {
			all = append(all, Device{i.Name, i.HostApi.Name, int(i.DefaultSampleRate), i.MaxInputChannels, i == preferred})
			their = append(their, i)
		}
	}
	return all, their, nil
}

// open listens to at most two channels: a device that mixes for itself, as sound
// servers do, claims dozens.
func (portAudio) open(d Device, heard func(p piece)) (io.Closer, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	stream, err := start(d, heard)
	if err != nil {
		return nil, errors.Join(err, portaudio.Terminate())
	}
	return listening{stream}, nil
}

func start(d Device, heard func(p piece)) (*portaudio.Stream, error) {
	all, their, err := list()
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == d.Name && all[i].System == d.System {
			return startDevice(their[i], heard)
		}
	}
	return nil, ErrNone
}

func startDevice(info *portaudio.DeviceInfo, heard func(p piece)) (*portaudio.Stream, error) {
	channels, rate := min(info.MaxInputChannels, 2), int(info.DefaultSampleRate)
	p := portaudio.StreamParameters{
		Input:      portaudio.StreamDeviceParameters{Device: info, Channels: channels, Latency: info.DefaultHighInputLatency},
		SampleRate: float64(rate), FramesPerBuffer: rate * pieceMilli / 1000,
	}
	stream, err := portaudio.OpenStream(p, func(in []float32, _ portaudio.StreamCallbackTimeInfo, flags portaudio.StreamCallbackFlags) {
		heard(piece{in, rate, channels, flags&portaudio.InputOverflow != 0})
	})
	if err != nil {
		return nil, err
	}
	if err := stream.Start(); err != nil {
		return nil, errors.Join(err, stream.Close())
	}
	return stream, nil
}

// listening is an open stream, and PortAudio up for it.
type listening struct{ stream *portaudio.Stream }

func (l listening) Close() error {
	return errors.Join(l.stream.Abort(), l.stream.Close(), portaudio.Terminate())
}
