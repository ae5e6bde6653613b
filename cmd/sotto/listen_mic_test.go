//go:build portaudio && cgo && linux && !race

package main

import (
	"os"
	"strings"
	"testing"

	"sotto/audio"
	"sotto/audio/mic/mictest"
)

// The clip is spoken into a real sound server, at the pace of a voice, and its
// translation comes out; Ctrl-C ends the program as it should end.
func TestARealMicrophoneIsTranslated(t *testing.T) {
	server := mictest.Start(t)
	if out := works(t, "devices"); !strings.Contains(out, "*") {
		t.Errorf("no default device in\n%s", out)
	}
	cmd := child(t, "listen", "--to", "en", "--save", t.TempDir()+"/talk.txt")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lead := make([]float32, audio.RateHz)
	spoken := server.Speak(append(append(lead, samples(t, clips+"demo.ogg")...), make([]float32, 2*audio.RateHz)...))
	text := make(chan string, 1)
	go func() {
		var all strings.Builder
		buf := make([]byte, 1000)
		for {
			n, err := out.Read(buf)
			all.Write(buf[:n])
			if err != nil {
				text <- all.String()
				return
			}
		}
	}()
	<-spoken
	cmd.Process.Signal(os.Interrupt)
	said := <-text
	if err := cmd.Wait(); err != nil || told.Len() > 0 {
		t.Errorf("%v, stderr %q", err, told.String())
	}
	for _, want := range []string{"Good morning, Elena.\n", "The plane to Paris leaves tomorrow", "Thank you very much.\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	t.Log(said)
}
