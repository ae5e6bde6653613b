package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
)

// hear receives a recording, carries it through a session and replies.
func (h *Handler) hear(w http.ResponseWriter, r *http.Request, translate bool, log *slog.Logger) *problem {
	defer h.active.Add(-1)
	if h.active.Add(1) > maxRequests {
		return busy("too many recordings are being sent")
	}
	f, err := h.receive(w, r)
	if err != nil {
		return explain(err, log)
	}
	defer f.close()
	q, p := h.request(f.fields, translate)
	switch {
	case p != nil:
		return p
	case f.sound == nil:
		return refuse(http.StatusBadRequest, "file", "", "you must provide a file parameter with a recording")
	}
	if p := h.await(r.Context()); p != nil {
		return p
	}
	defer func() { <-h.turn }()
	session, err := h.Engine.Open(q.options())
	if err != nil {
		return explain(err, log)
	}
	source, err := open(r.Context(), f.sound)
	if err != nil {
		session.Close()
		return explain(err, log)
	}
	defer source.Close()
	f.hide() // the sound is open; whoever kills us leaves none of it behind
	return h.answer(w, r, q, session, source, log)
}

// await waits for the recordings before. They are heard one after the other, as
// fast as the machine can: several at once would keep live voices from their
// seats and from their share of every pass.
func (h *Handler) await(ctx context.Context) *problem {
	timer := time.NewTimer(h.patience)
	defer timer.Stop()
	select {
	case h.turn <- struct{}{}:
		return nil
	case <-timer.C:
		return crowded()
	case <-ctx.Done():
		return stopping()
	}
}

// options are those of a session nobody speaks to: it takes every step, however
// fast the sound comes. Without a stream nobody waits for words either, and what
// is decided sentence by sentence is better.
func (q *request) options() sotto.SessionOptions {
	opt := sotto.SessionOptions{Source: q.source, Targets: []string{q.target}, EveryStep: true}
	if !q.stream {
		opt.Step = -1
	}
	return opt
}

// open finds the sound in a file.
func open(ctx context.Context, f *os.File) (intake.Source, error) {
	head := make([]byte, 12)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	if n > 0 && !isSound(head[:n]) {
		return nil, unreadable(errors.New("it begins like no sound file"))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return intake.Open(ctx, f, "file")
}

// isSound reports whether a file begins like one of the formats that are
// accepted. A program that helps to decode knows many more, some of which name
// other files to be read.
func isSound(head []byte) bool {
	for _, magic := range []string{"RIFF", "RF64", "fLaC", "OggS", "ID3", "FORM", "\x1aE\xdf\xa3", "\x00\x00\x01\xba"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	mpeg := len(head) > 1 && head[0] == 0xFF && head[1]&0xE0 == 0xE0
	return mpeg || len(head) >= 8 && string(head[4:8]) == "ftyp"
}

// listen carries the sound through the session, gives every caption to each, and
// returns how much was heard. When it returns nothing of it runs any more.
func (h *Handler) listen(ctx context.Context, session *sotto.Session, source intake.Source, each func(*sotto.Caption) error) (heard audio.Position, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var halves sync.WaitGroup
	var damage error
	halves.Go(func() { session.Run(ctx) }) // its error comes out of Next
	halves.Go(func() {
		damage = sotto.Contain(func() (err error) {
			heard, err = h.feed(ctx, session, source)
			return err
		})
		if damage != nil {
			cancel()
		}
	})
	for err == nil {
		var c sotto.Caption
		if c, err = session.Next(ctx); err == nil {
			err = each(&c)
		}
	}
	cancel()
	halves.Wait()
	switch {
	case damage != nil:
		return heard, damage
	case err == io.EOF:
		return heard, nil
	}
	return heard, err
}

// feed pushes the sound until it ends. A session that has ended says why itself.
func (h *Handler) feed(ctx context.Context, session *sotto.Session, source intake.Source) (heard audio.Position, err error) {
	most := audio.Position(h.maxSound.Seconds() * audio.RateHz)
	var framer audio.Framer
	buf := make([]float32, audio.FrameLen)
	for {
		n, err := source.Read(buf)
		heard += audio.Position(n)
		framer.Write(buf[:n])
		for f, ok := framer.Next(); ok; f, ok = framer.Next() {
			if session.Push(ctx, f) != nil {
				return heard, nil
			}
		}
		switch {
		case err == io.EOF:
			session.Finish(framer.Rest())
			return heard, nil
		case err != nil:
			return heard, err
		case heard > most:
			return heard, bad("file", "the recording is longer than %d seconds, which is the most at once; send it in pieces", int(h.maxSound/time.Second))
		}
	}
}

// explain turns an error into an answer. What is nobody's fault but ours goes to
// the log.
func explain(err error, log *slog.Logger) *problem {
	var p *problem
	var sound *intake.Error
	var full *sotto.BusyError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &full):
		p := busy(full.Why)
		p.retry = int(full.Retry.Round(time.Second) / time.Second)
		return p
	case errors.As(err, &sound):
		return unreadable(sound)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return stopping()
	}
	log.Error("request failed", "error", err)
	return broken()
}

func unreadable(why error) *problem {
	return bad("file", "Audio file might be corrupted or unsupported: %v; send WAV, FLAC, MP3, Ogg Opus, Ogg Vorbis, M4A or WebM", why)
}
