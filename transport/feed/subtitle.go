package feed

import (
	"context"
	"io"
	"net/http"

	"sotto/transport/room"
	"sotto/transport/subtitle"
)

func srt(ctx context.Context, v *visit) { v.subtitles(ctx, subtitle.NewSRT) }
func vtt(ctx context.Context, v *visit) { v.subtitles(ctx, subtitle.NewVTT) }

// subtitles writes what was said so far in one language.
func (v *visit) subtitles(ctx context.Context, write func(io.Writer) *subtitle.Writer) {
	why := ""
	switch {
	case v.language == "":
		why = "say which language: captions.vtt?lang=en"
	case v.follow:
		why = "subtitles are of what was said so far; follow captions.txt, captions.jsonl or events"
	}
	if why != "" {
		http.Error(v.writer, why, http.StatusBadRequest)
		return
	}
	v.read(ctx, &cues{out: subtitle.NewSplitter(write(v)), zero: make(map[int]int64)})
}

// cues makes subtitles of segments. Every voice counts its sound from its own
// beginning; the times of a room count from its first voice's.
type cues struct {
	out  *subtitle.Splitter
	open gathered
	zero map[int]int64 // Unix ms when a voice began
	base int64         // of the first
}

func (c *cues) event(e *room.Event, _ bool) {
	if _, known := c.zero[e.Voice]; !known {
		c.zero[e.Voice] = e.Time - e.Heard.Millis()
		if len(c.zero) == 1 {
			c.base = c.zero[e.Voice]
		}
	}
	for _, s := range c.open.add(e) {
		c.write(s)
	}
}

// write's errors stay in the sender behind it.
func (c *cues) write(s *stretch) {
	offset := max(0, c.zero[s.voice]-c.base)
	for i := range s.events {
		for _, w := range s.events[i].Words {
			c.out.Add(subtitle.Word{Text: w.Text, StartMs: offset + w.Start.Millis(), EndMs: offset + w.End.Millis()})
		}
	}
	c.out.End()
}

func (c *cues) lost(string) { c.finish() }

func (c *cues) finish() {
	for _, s := range c.open {
		c.write(s)
	}
	c.open = nil
}

func (c *cues) end() {
	c.finish()
	c.out.Close()
}
