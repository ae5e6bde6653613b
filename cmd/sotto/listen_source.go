package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"sotto/audio"
	"sotto/audio/intake"
	"sotto/audio/mic"
)

// pipe is what a recorder writes to standard input. Nothing is read before the
// first Read.
type pipe struct {
	format         string // s16le, f32le or wav
	rate, channels int
	in             *bufio.Reader
	bytes          int64 // of the samples, so far
	source         intake.Source
}

func newPipe(in io.Reader, format string, rate, channels int) (*pipe, error) {
	p := &pipe{format: format, rate: rate, channels: channels}
	p.in = bufio.NewReader(in)
	if format == "wav" {
		return p, nil
	}
	var err error
	p.source, err = intake.OpenRaw(p.counted(), rate, channels, format)
	if err != nil {
		return nil, usageError("%w; say what the recorder writes with --format, --rate and --channels", err)
	}
	return p, nil
}

// counted reads p.in and counts.
func (p *pipe) counted() io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if p.bytes == 0 {
			if err := p.checkHead(); err != nil {
				return 0, err
			}
		}
		n, err := p.in.Read(b)
		p.bytes += int64(n)
		return n, err
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// errWAV is a header in the place of samples.
var errWAV = errors.New("input looks like a WAV file; use --format wav")

func (p *pipe) checkHead() error {
	head, _ := p.in.Peek(4)
	if bytes.Equal(head, []byte("RIFF")) || bytes.Equal(head, []byte("RF64")) {
		return errWAV
	}
	return nil
}

func (p *pipe) Read(dst []float32) (int, mic.Loss, error) {
	if p.source == nil {
		if err := p.openWAV(); err != nil {
			return 0, mic.Loss{}, err
		}
	}
	n, err := p.source.Read(dst)
	switch {
	case errors.Is(err, errWAV):
		err = errWAV
	case err != nil && p.bytes == 0 && p.format != "wav":
		err = errors.New("no sound came from standard input; see whether the recorder runs")
	case err == io.EOF:
		err = p.checkTail()
	}
	return n, mic.Loss{}, err
}

func (p *pipe) openWAV() error {
	source, err := intake.Open(context.Background(), p.in, "standard input")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(source.Format().Name, "WAV") {
		source.Close()
		return fmt.Errorf("standard input is %s and no WAV; say what it is with --format, or use sotto translate for files", source.Format().Name)
	}
	p.source = source
	return nil
}

// checkTail tells an end inside a sample, which says that the format was not
// what was declared.
func (p *pipe) checkTail() error {
	width := int64(2 * p.channels)
	if p.format == "f32le" {
		width *= 2
	}
	if over := p.bytes % width; p.format != "wav" && over != 0 {
		return fmt.Errorf("input ends inside a sample, behind %d of its %d bytes; say what the recorder writes with --format and --channels", over, width)
	}
	return io.EOF
}

// gate lets sound through from a source to the ear, looks at it on its way, and
// holds it while the voice is paused. A microphone goes on meanwhile, and what it
// gives is left out; a pipe is not read.
type gate struct {
	source
	live    bool
	gauge   gauge
	at      atomic.Int64 // samples that came
	paused  atomic.Bool
	resumed chan struct{} // holds one token after a pause
	left    mic.Loss      // out; Read owns it
}

const causePaused = "while paused"

func newGate(s source, live bool) *gate {
	return &gate{source: s, live: live, resumed: make(chan struct{}, 1)}
}

func (g *gate) Read(dst []float32) (int, mic.Loss, error) {
	for {
		for !g.live && g.paused.Load() {
			<-g.resumed
		}
		n, lost, err := g.source.Read(dst)
		g.at.Add(int64(n + lost.Samples))
		g.gauge.take(dst[:n])
		if g.left.Samples > 0 {
			lost = mic.Loss{Samples: g.left.Samples + lost.Samples, Cause: causePaused}
		}
		if !g.live || !g.paused.Load() || err != nil {
			g.left = mic.Loss{}
			return n, lost, err
		}
		g.left = mic.Loss{Samples: lost.Samples + n, Cause: causePaused}
	}
}

// pause begins a pause or ends it.
func (g *gate) pause(on bool) {
	g.paused.Store(on)
	if on {
		return
	}
	select {
	case g.resumed <- struct{}{}:
	default:
	}
}

// position returns how much sound there was.
func (g *gate) position() audio.Position {
	if m, ok := g.source.(*mic.Microphone); ok {
		return m.Position() // some of it waits
	}
	return audio.Position(g.at.Load())
}
