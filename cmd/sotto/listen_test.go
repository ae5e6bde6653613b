package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sotto/audio/mic"
)

// piped runs sotto listen on sound from a pipe.
func piped(t *testing.T, in []byte, args ...string) result {
	t.Helper()
	cmd := child(t, append([]string{"listen", "--stdin"}, args...)...)
	var out, told strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &told
	cmd.Run()
	return result{cmd.ProcessState.ExitCode(), out.String(), told.String()}
}

func TestListenHearsEveryKindOfPipe(t *testing.T) {
	want := works(t, "translate", "--to", "en", sentence)
	pcm := samples(t, sentence)
	var floats, header bytes.Buffer
	binary.Write(&floats, binary.LittleEndian, pcm)
	header.Write(wave(1, 1, 16, 16000, 2*len(pcm))[:44])
	header.Write(s16le(pcm))
	var stereo []float32
	for _, x := range pcm {
		stereo = append(stereo, x, x)
	}
	for name, c := range map[string]struct {
		in   []byte
		args string
	}{
		"s16le":  {s16le(pcm), ""},
		"f32le":  {floats.Bytes(), "--format f32le"},
		"stereo": {s16le(stereo), "--channels 2"},
		"wav":    {header.Bytes(), "--format wav"},
	} {
		t.Run(name, func(t *testing.T) {
			r := piped(t, c.in, append([]string{"--to", "en"}, strings.Fields(c.args)...)...)
			if r.code != 0 || r.stderr != "" || r.stdout != want {
				t.Errorf("exit code %d, stderr %q, stdout %q, want %q", r.code, r.stderr, r.stdout, want)
			}
		})
	}
}

func TestListenLabelsSeveralLanguages(t *testing.T) {
	r := piped(t, s16le(samples(t, sentence)), "--to", "en,de", "--transcribe")
	got := regexp.MustCompile(`(?m)^\[..\]`).FindAllString(r.stdout, -1)
	if strings.Join(got, "") != "[es][en][de]" || r.code != 0 || r.stderr != "" || strings.Contains(r.stdout, "\x1b") {
		t.Errorf("exit code %d, stderr %q, stdout\n%s", r.code, r.stderr, r.stdout)
	}
}

// Of sound that comes at once nothing is lost, however much more it is than the
// session holds.
func TestAPipeWaitsForTheModel(t *testing.T) {
	r := piped(t, s16le(samples(t, clips+"demo.ogg")), "--to", "en")
	if !strings.HasPrefix(r.stdout, "Good morning, Elena.\n") || !strings.HasSuffix(r.stdout, "Thank you very much.\n") || strings.Count(r.stdout, "\n") != 7 {
		t.Errorf("exit code %d, stderr %q, stdout\n%s", r.code, r.stderr, r.stdout)
	}
}

func TestBadPipesAreRefused(t *testing.T) {
	pcm := s16le(samples(t, nobody))
	for name, c := range map[string]struct {
		in   []byte
		args string
		code int
		says string
	}{
		"nothing":                {nil, "", exitAudio, "no sound came from standard input; see whether the recorder runs"},
		"a WAV file":             {wave(1, 1, 16, 16000, 640), "", exitAudio, "input looks like a WAV file; use --format wav"},
		"an RF64 file":           {[]byte("RF64\xff\xff\xff\xffWAVE"), "", exitAudio, "use --format wav"},
		"an odd byte":            {pcm[:len(pcm)-1], "", exitAudio, "behind 1 of its 2 bytes"},
		"half a stereo sample":   {pcm[:len(pcm)/4*4-2], "--channels 2", exitAudio, "--channels"},
		"half a float":           {pcm[:len(pcm)/4*4-2], "--format f32le", exitAudio, "--format"},
		"no WAV":                 {pcm, "--format wav", exitAudio, "; "},
		"an Ogg":                 {clip(), "--format wav", exitAudio, "Ogg Opus and no WAV"},
		"a WAV of nothing":       {wave(1, 1, 16, 16000, 0), "--format wav", exitAudio, "no sound"},
		"a damaged WAV":          {wave(1, 0, 16, 16000, 640), "--format wav", exitAudio, "0 channels"},
		"a format nobody writes": {pcm, "--format s24le", exitUsage, "s16le or f32le"},
		"a rate of 0":            {pcm, "--rate 0", exitUsage, "0 samples per second"},
		"a rate of 2³⁰":          {pcm, "--rate 1073741824", exitUsage, "1073741824 samples per second"},
		"no channels":            {pcm, "--channels 0", exitUsage, "0 channels"},
		"a thousand channels":    {pcm, "--channels 1000", exitUsage, "1000 channels"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, piped(t, c.in, append([]string{"--to", "en"}, strings.Fields(c.args)...)...), c.code, c.says, "; ")
		})
	}
}

func TestListenRefusesWhatItCannotDo(t *testing.T) {
	there := filepath.Join(t.TempDir(), "talk.srt")
	if err := os.WriteFile(there, []byte("a talk of yesterday"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		args, says string
		code       int
	}{
		"a file":                     {"talk.ogg --to en", "sotto translate", exitUsage},
		"no language":                {"--stdin", "say --to en, or --transcribe", exitUsage},
		"a language it cannot write": {"--stdin --to ja", "(ja)", exitUsage},
		"a latency":                  {"--stdin --to en --latency slow", "fast, balanced or quality", exitUsage},
		"a format without a pipe":    {"--to en --format f32le", "add --stdin", exitUsage},
		"two sources":                {"--stdin --device webcam --to en", "say one", exitUsage},
		"no format to save in":       {"--stdin --to en --save talk", ".srt, .vtt, .txt or .jsonl", exitUsage},
		"a file that is there":       {"--stdin --to en --save " + there, there, exitEnvironment},
		"a folder that is not there": {"--stdin --to en --save " + there + "x/talk.srt", "talk.srt", exitEnvironment},
		"no name of a room":          {"--stdin --to en --serve --room ../etc", "a-z", exitUsage},
		"an address that is taken":   {"--stdin --to en --serve --listen " + taken.Addr().String(), "--listen", exitEnvironment},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, callSoon(t, append([]string{"listen"}, strings.Fields(c.args)...)...), c.code, c.says, "; ")
		})
	}
	if text := read(t, there); string(text) != "a talk of yesterday" {
		t.Errorf("the file holds %q", text)
	}
}

func TestABuildWithoutAMicrophoneSaysHowToGetIt(t *testing.T) {
	if _, err := mic.Devices(); err != mic.ErrNotBuilt {
		t.Skip("this build has a microphone")
	}
	for _, args := range [][]string{{"devices"}, {"listen", "--to", "en"}} {
		checkRefusal(t, call(t, args...), exitEnvironment, "built without a microphone; install portaudio19-dev", "make", "--stdin")
	}
}

// Killed while it is spoken to, the program leaves what it had committed.
func TestAKillLeavesWhatWasCommitted(t *testing.T) {
	for _, format := range []string{"srt", "vtt", "txt", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "talk."+format)
			cmd := child(t, "listen", "--stdin", "--to", "en", "--save", file)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go speakSlowly(in, s16le(samples(t, clips+"demo.ogg")))
			seen := until(t, out, "The plane to Paris")
			cmd.Process.Kill()
			cmd.Wait()
			checkSaved(t, format, string(read(t, file)), seen)
		})
	}
}

// speakSlowly writes at most four times as fast as a voice, so that words are
// committed within sentences.
func speakSlowly(in io.Writer, pcm []byte) {
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for ; len(pcm) > 0; <-pace.C {
		n := min(1280, len(pcm))
		if _, err := in.Write(pcm[:n]); err != nil {
			return
		}
		pcm = pcm[n:]
	}
}

// until reads until a text has come, and returns what did.
func until(t *testing.T, out io.Reader, text string) string {
	t.Helper()
	var all strings.Builder
	for buf := make([]byte, 1000); !strings.Contains(all.String(), text); {
		n, err := out.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v behind %q", err, all.String())
		}
	}
	return all.String()
}

// checkSaved wants a whole file of a format, with every word that was seen.
func checkSaved(t *testing.T, format, file, seen string) {
	t.Helper()
	switch format {
	case "srt":
		checkCues(t, file, ",")
		file = cueText(file)
	case "vtt":
		checkCues(t, file, ".")
		file = cueText(file)
	case "jsonl":
		var said strings.Builder
		for _, c := range checkCaptions(t, file) {
			for _, w := range c.Words {
				said.WriteString(w.Text)
			}
			if c.End {
				said.WriteByte('\n')
			}
		}
		file = said.String()
	}
	for _, sentence := range strings.Split(strings.TrimSpace(seen), "\n") {
		if !strings.Contains(file, sentence) {
			t.Errorf("%q was seen, and is not in\n%s", sentence, file)
		}
	}
}

func TestSavedFilesAreThoseOfTranslate(t *testing.T) {
	dir := t.TempDir()
	pcm := s16le(samples(t, several))
	for _, format := range []string{"srt", "vtt"} {
		if r := piped(t, pcm, "--to", "en,de", "--save", filepath.Join(dir, "talk."+format)); r.code != 0 || r.stderr != "" {
			t.Fatalf("exit code %d, stderr %q", r.code, r.stderr)
		}
		for _, language := range []string{"en", "de"} {
			got := string(read(t, filepath.Join(dir, "talk."+language+"."+format)))
			if text := cueText(got); text == "" || text != cueText(works(t, "translate", "--to", language, "--latency", "balanced", "--format", format, several)) {
				t.Errorf("%s in %s holds\n%s", language, format, got)
			}
		}
	}
}

// cueText is what is said in a subtitle file.
func cueText(file string) string {
	return strings.Join(strings.Fields(regexp.MustCompile(`(?m)^(WEBVTT|\d+|.* --> .*)$`).ReplaceAllString(file, "")), " ")
}

// Who is given the link reads along, and reads the last words too.
func TestOthersReadAlong(t *testing.T) {
	cmd := child(t, "listen", "--stdin", "--to", "en", "--serve", "--listen", "127.0.0.1:0", "--room", "hall")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	told, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(until(t, told, "/read#hall\n"))
	link := words[len(words)-1]
	page, err := http.Get(strings.Replace(link, "/read#hall", "/rooms/hall/captions.txt?follow=1", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	in.Write(s16le(samples(t, clips+"demo.ogg")))
	in.Close()
	text, err := io.ReadAll(page.Body)
	if err != nil || !strings.Contains(string(text), "Good morning, Elena.") || !strings.Contains(string(text), "Thank you very much.") {
		t.Errorf("%s and %v from %s", text, err, link)
	}
	rest, _ := io.ReadAll(told)
	if err := cmd.Wait(); err != nil || len(rest) > 0 {
		t.Errorf("%v, stderr %q", err, rest)
	}
}

func TestListenEndsWithAClosedPipe(t *testing.T) {
	cmd := child(t, "listen", "--stdin", "--to", "en")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	go in.Write(s16le(samples(t, sentence))) // and does not end
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if _, failed := err.(*exec.ExitError); !failed {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("does not end")
	}
}
