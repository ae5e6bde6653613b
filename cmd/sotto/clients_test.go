package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sotto/audio"
	"sotto/audio/intake"
	"sotto/models/pocket"
)

const clients = "../../docs/clients/"

// demoSound is the bundled clip as s16le at 16 kHz.
func demoSound(t *testing.T) (sound []byte) {
	t.Helper()
	source, err := intake.Open(t.Context(), bytes.NewReader(pocket.Demo), "demo.ogg")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	buf := make([]float32, audio.RateHz)
	for {
		n, err := source.Read(buf)
		sound = append(sound, s16le(buf[:n])...)
		if err == io.EOF {
			return sound
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wav puts the header of a WAV file before mono sound at 16 kHz.
func wav(sound []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(sound)))
	out = append(out, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	out = binary.LittleEndian.AppendUint32(out, audio.RateHz)
	out = binary.LittleEndian.AppendUint32(out, 2*audio.RateHz)
	out = append(out, "\x02\x00\x10\x00data"...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(sound))), sound...)
}

// The clients of the documentation, against the daemon as anyone starts it.
func TestDocumentedClients(t *testing.T) {
	python := cmp.Or(os.Getenv("SOTTO_TEST_PYTHON"), "python3")
	sound := demoSound(t)
	file := filepath.Join(t.TempDir(), "demo.wav")
	if err := os.WriteFile(file, wav(sound), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, address, told := listening(t)
	go io.Copy(io.Discard, told)
	defer func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Process.Wait()
	}()
	url := "ws://" + address + "/v1/stream"
	for _, tt := range []struct {
		name, install string
		has           []string // a command that fails where something is missing
		command       []string
		last          string // of what is said
	}{
		{"captions.py", "pip install websockets, and name that Python in SOTTO_TEST_PYTHON", []string{python, "-c", "import websockets"},
			[]string{python, clients + "captions.py", file, "es", "en", url}, "Thank you very much.\n"},
		{"captions.mjs", "npm install ws, and name its node_modules in NODE_PATH", []string{"node", "-e", "globalThis.WebSocket ?? require('ws')"},
			[]string{"node", clients + "captions.mjs", "es", "de", url}, "Vielen Dank.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := exec.Command(tt.has[0], tt.has[1:]...).Run(); err != nil {
				t.Skipf("%s cannot run here (%v): %s", tt.name, err, tt.install)
			}
			cmd := exec.CommandContext(t.Context(), tt.command[0], tt.command[1:]...)
			var says strings.Builder
			cmd.Stdin, cmd.Stderr = bytes.NewReader(sound), &says
			said, err := cmd.Output()
			if err != nil || says.String() != "" || strings.Count(string(said), "\n") != 7 || !strings.HasSuffix(string(said), tt.last) {
				t.Errorf("%v, %q\n%s", err, says.String(), said)
			}
			wrong := exec.CommandContext(t.Context(), tt.command[0], strings.Fields(strings.Replace(strings.Join(tt.command[1:], " "), " es ", " fi ", 1))...)
			if text, err := wrong.CombinedOutput(); err == nil || !strings.Contains(string(text), "hello lists this model's languages") {
				t.Errorf("a wrong language: %v, %s", err, text)
			}
		})
	}
}

func TestDocumentedClientsAreShort(t *testing.T) {
	for _, name := range []string{"captions.py", "captions.mjs"} {
		text, err := os.ReadFile(clients + name)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > 40 {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}
