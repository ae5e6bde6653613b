// Package mictest is a microphone for tests on machines that have none: a
// PulseAudio of its own, in a temporary folder, whose one source is a pipe.
package mictest

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	rateHz = 16000
	// patience is how long a sound server may take to start.
	patience = 20 * time.Second
)

// Server is a running sound server.
type Server struct {
	t    *testing.T
	fifo string
}

// Start starts a server and points the environment of the test and its children
// at it. It ends with the test. Where the programs it needs are missing, the test
// is skipped.
func Start(t *testing.T) *Server {
	t.Helper()
	for _, program := range []string{"pulseaudio", "pactl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no " + program + "; install pulseaudio, pulseaudio-utils and libasound2-plugins for this test")
		}
	}
	dir := t.TempDir()
	socket, fifo := filepath.Join(dir, "native"), filepath.Join(dir, "mic.fifo")
	alsa := "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n"
	if err := os.WriteFile(filepath.Join(dir, "asound.conf"), []byte(alsa), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"XDG_RUNTIME_DIR": dir, "HOME": dir, "PULSE_RUNTIME_PATH": filepath.Join(dir, "pulse"),
		"PULSE_SERVER": "unix:" + socket, "ALSA_CONFIG_PATH": filepath.Join(dir, "asound.conf"), "DBUS_SESSION_BUS_ADDRESS": "",
	} {
		t.Setenv(name, value)
	}
	server := exec.Command("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes", "--log-level=error",
		"-L", "module-native-protocol-unix socket="+socket+" auth-anonymous=1",
		"-L", "module-pipe-source source_name=sotto_mic file="+fifo+" format=s16le rate=16000 channels=1")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	s := &Server{t, fifo}
	s.await()
	return s
}

// await waits until the server answers and has its source.
func (s *Server) await() {
	s.t.Helper()
	for end := time.Now().Add(patience); exec.Command("pactl", "set-default-source", "sotto_mic").Run() != nil; {
		if time.Now().After(end) {
			s.t.Fatal("pulseaudio does not answer")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Speak says samples into the microphone at the pace of a voice, and then falls
// silent: the pipe gives no more. The channel is closed behind the last sample.
func (s *Server) Speak(samples []float32) <-chan struct{} {
	s.t.Helper()
	pipe, err := os.OpenFile(s.fifo, os.O_RDWR, 0) // does not wait for a reader
	if err != nil {
		s.t.Fatal(err)
	}
	spoken := make(chan struct{})
	ctx := s.t.Context()
	s.t.Cleanup(func() { <-spoken })
	go func() {
		defer close(spoken)
		defer pipe.Close()
		const piece = rateHz / 50
		began := time.Now()
		for at := 0; at < len(samples) && ctx.Err() == nil; at += piece {
			if _, err := pipe.Write(s16le(samples[at:min(at+piece, len(samples))])); err != nil {
				return
			}
			time.Sleep(time.Until(began.Add(time.Duration(at+piece) * time.Second / rateHz)))
		}
	}()
	return spoken
}

func s16le(samples []float32) []byte {
	out := make([]byte, 0, 2*len(samples))
	for _, x := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(math.Round(float64(max(-1, min(1, x)))*32767))))
	}
	return out
}
