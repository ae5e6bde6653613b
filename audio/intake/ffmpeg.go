package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"sotto/audio"
)

// openFFmpeg decodes with ffmpeg what is not read here.
func openFFmpeg(ctx context.Context, in *bufio.Reader, name, path string, head []byte) (Source, error) {
	kind := guess(head)
	if kind == "text" {
		return nil, &Error{name, "is text, not sound; name a recording", nil}
	}
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, &Error{name, fmt.Sprintf("is %s, which is read through ffmpeg; install it (apt-get install ffmpeg) or convert the file to WAV", kind), nil}
	}
	f, err := startFFmpeg(ctx, program, in, path)
	if err != nil {
		return nil, &Error{name, "cannot be handed to ffmpeg", err}
	}
	// Its first sample says whether there is any sound.
	if _, err := f.out.Peek(2); err != nil {
		f.end()
		return nil, &Error{name, fmt.Sprintf("is %s and ffmpeg found no sound in it: %s", kind, f.reason()), nil}
	}
	s, err := newSource(name, Format{strings.TrimPrefix(strings.TrimPrefix(kind, "an "), "a ") + " by ffmpeg", audio.RateHz, 1}, f)
	s.close = func() error { f.end(); return nil }
	return s, err
}

// ffmpeg is the helper at work.
type ffmpeg struct {
	cancel context.CancelFunc
	cmd    *exec.Cmd
	out    *bufio.Reader
	says   bytes.Buffer
	pcm    *pcmDecoder
	ended  bool
}

// startFFmpeg hands over a file by its path, because some formats have to be
// read from their end; everything else goes through a pipe.
func startFFmpeg(ctx context.Context, program string, in io.Reader, path string) (*ffmpeg, error) {
	f := new(ffmpeg)
	ctx, f.cancel = context.WithCancel(ctx)
	input := "pipe:0"
	if path != "" {
		input = "file:" + path
	}
	f.cmd = exec.CommandContext(ctx, program, "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-i", input,
		"-vn", "-sn", "-dn", "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(audio.RateHz), "pipe:1")
	if input == "pipe:0" {
		f.cmd.Stdin = in
	}
	f.cmd.Stderr = &limited{to: &f.says, left: 4096}
	f.cmd.WaitDelay = time.Second // a pipe that nobody closes does not hold us
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	f.out = bufio.NewReaderSize(out, 1<<15)
	f.pcm = newS16Decoder(f.out, 1)
	return f, f.cmd.Start()
}

func (f *ffmpeg) Read(dst []float32) (int, error) {
	n, err := f.pcm.Read(dst)
	if err != io.EOF || f.ended {
		return n, err
	}
	f.ended = true
	if wait := f.cmd.Wait(); wait != nil {
		return n, errors.New(f.reason())
	}
	return n, io.EOF
}

// end stops the helper if it still runs.
func (f *ffmpeg) end() {
	f.cancel()
	if !f.ended {
		f.ended = true
		f.cmd.Wait()
	}
}

// reason is the last thing ffmpeg said, as half a sentence.
func (f *ffmpeg) reason() string {
	lines := strings.Split(strings.TrimSpace(f.says.String()), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if i := strings.LastIndex(last, ": "); i >= 0 {
		last = last[i+2:]
	}
	if last == "" {
		return "there is no audio stream"
	}
	return last
}

// limited keeps the first bytes written to it and forgets the rest.
type limited struct {
	to   *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.to.Write(p[:n])
	return len(p), nil
}

// guess names the format of the first bytes for a message.
func guess(head []byte) string {
	switch {
	case len(head) >= 8 && string(head[4:8]) == "ftyp":
		return "an MP4 or M4A file"
	case bytes.HasPrefix(head, []byte("\x1aE\xdf\xa3")):
		return "a Matroska or WebM file"
	case bytes.HasPrefix(head, []byte("OggS")):
		return "an Ogg file without Opus or Vorbis"
	case bytes.HasPrefix(head, []byte("FORM")):
		return "an AIFF file"
	case isText(head):
		return "text"
	}
	return "of an unknown format"
}

func isText(head []byte) bool {
	for _, b := range head {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}
