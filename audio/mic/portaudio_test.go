//go:build portaudio && cgo && linux && !race

package mic

// Not with -race: it checks pointers, and the binding passes numbers as such.

import (
	"context"
	"math"
	"testing"
	"time"

	"sotto/audio"
	"sotto/audio/mic/mictest"
)

// A tone goes through a real sound server into PortAudio and comes out whole; then
// the microphone falls silent and speaks again.
func TestARealSoundServerIsHeard(t *testing.T) {
	server := mictest.Start(t)
	told := make(chan string, 10)
	m, err := Open("", func(text string) { told <- text })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("listening to %+v", m.Device())
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	spoken := server.Speak(sine(3 * audio.RateHz))
	begun := time.Now()
	var heard []float32
	for buf := make([]float32, 640); len(heard) < 2*audio.RateHz; {
		n, lost, err := m.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if len(heard) == 0 {
			t.Logf("first sound after %v", time.Since(begun))
		}
		if lost.Samples > 0 {
			t.Logf("lost %+v", lost)
		}
		heard = append(heard, buf[:n]...)
	}
	if level := rms(heard[audio.RateHz:]); math.Abs(level-0.5/math.Sqrt2) > 0.02 {
		t.Errorf("a tone of amplitude 0.5 is heard with %.3f rms", level)
	}
	go func() { // the rest, so that the ring does not fill
		for buf := make([]float32, 640); ; {
			if _, _, err := m.Read(buf); err != nil {
				return
			}
		}
	}()
	<-spoken
	wait(t, told, "gone")
	server.Speak(sine(10 * audio.RateHz))
	wait(t, told, "back")
}

func wait(t *testing.T, told <-chan string, what string) {
	t.Helper()
	select {
	case text := <-told:
		t.Log(text)
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing is told of a microphone that is %s", what)
	}
}

func sine(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(0.5 * math.Sin(2*math.Pi*440*float64(i)/audio.RateHz))
	}
	return s
}

func rms(s []float32) float64 {
	var sum float64
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(s)))
}
