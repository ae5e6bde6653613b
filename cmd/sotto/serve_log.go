package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// openLog makes the log: JSON lines, or lines for people.
func (d *daemon) openLog() {
	terminal := isTerminal(d.stderr)
	d.json = d.config.Log.Format == "json" || d.config.Log.Format == "auto" && !terminal
	d.setLevel()
	if d.json {
		d.log = slog.New(slog.NewJSONHandler(d.stderr, &slog.HandlerOptions{Level: &d.level}))
		return
	}
	d.log = slog.New(&textHandler{out: d.stderr, lock: new(sync.Mutex), level: &d.level, colours: terminal && os.Getenv("NO_COLOR") == ""})
}

// setLevel obeys log.level. A demo prints something else there, so that only
// warnings pass.
func (d *daemon) setLevel() {
	var level slog.Level
	level.UnmarshalText([]byte(d.config.Log.Level)) // one of the names it knows
	if d.c.Bool("demo") {
		level = max(level, slog.LevelWarn)
	}
	d.level.Set(level)
}

// textHandler writes records for people: the time, the level, the message, then
// key=value.
type textHandler struct {
	out     io.Writer
	lock    *sync.Mutex // of out, shared by all handlers made of this one
	level   slog.Leveler
	colours bool
	group   string // prefix of the keys to come
	attrs   string // written already
}

// ansi are the colours of the levels on a terminal.
var ansi = map[slog.Level]string{slog.LevelDebug: faint, slog.LevelInfo: "\x1b[32m", slog.LevelWarn: "\x1b[33m", slog.LevelError: "\x1b[31m"}

func (h *textHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if !r.Time.IsZero() {
		b.WriteString(h.paint(faint, r.Time.Format("15:04:05.000")) + " ")
	}
	b.WriteString(h.paint(ansi[r.Level], fmt.Sprintf("%-5s", r.Level)) + " " + printable(r.Message) + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		h.attr(&b, h.group, a)
		return true
	})
	b.WriteByte('\n')
	h.lock.Lock()
	defer h.lock.Unlock()
	_, err := io.WriteString(h.out, b.String())
	return err
}

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		h.attr(&b, h.group, a)
	}
	more := *h
	more.attrs += b.String()
	return &more
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	more := *h
	if name != "" {
		more.group += name + "."
	}
	return &more
}

// attr writes " key=value"; a group's keys have its name in front.
func (h *textHandler) attr(b *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
		return
	case value.Kind() == slog.KindGroup:
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range value.Group() {
			h.attr(b, group, inner)
		}
		return
	}
	text := value.String()
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r) }) {
		text = strconv.Quote(text)
	}
	b.WriteString(" " + h.paint(faint, printable(group+a.Key)+"=") + text)
}

func (h *textHandler) paint(colour, text string) string {
	if !h.colours || colour == "" {
		return text
	}
	return colour + text + plain
}
