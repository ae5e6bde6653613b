package reliability

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"sotto/audio"
	"sotto/audio/intake"
	"sotto/models/pocket"
)

// demo is the bundled Spanish clip.
func demo(t testing.TB) (all []float32) {
	t.Helper()
	source, err := intake.Open(t.Context(), bytes.NewReader(pocket.Demo), "demo.ogg")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	for buf := make([]float32, audio.RateHz); ; {
		n, err := source.Read(buf)
		all = append(all, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func demoFrames(t testing.TB) (frames []audio.Frame) {
	samples := demo(t)
	for ; len(samples) >= audio.FrameLen; samples = samples[audio.FrameLen:] {
		frames = append(frames, audio.Frame(samples[:audio.FrameLen]))
	}
	return frames
}

// asBytes is sound as it is sent, a message for every frame.
func asBytes(frames []audio.Frame) (messages [][]byte) {
	for i := range frames {
		var m []byte
		for _, x := range frames[i] {
			m = binary.LittleEndian.AppendUint16(m, uint16(int16(max(-1, min(1, x))*32767)))
		}
		messages = append(messages, m)
	}
	return messages
}
