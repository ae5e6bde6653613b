package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
	"sotto/models/pocket"
	"sotto/transport/wire"
)

var demoLanguages = []string{"en", "fr", "de"}

// speakDemo is a client like any other: it speaks the bundled clip over
// WebSocket at the pace of a voice and prints what comes back.
func speakDemo(ctx context.Context, socket *websocket.Conn, stdout *os.File) error {
	defer socket.Close()
	defer context.AfterFunc(ctx, func() { socket.Close() })()
	start := wire.Start{Type: "start", Source: "es", Targets: demoLanguages}
	if err := socket.WriteJSON(start); err != nil {
		return environmentError("cannot start the voice: %w", err)
	}
	fmt.Fprint(stdout, "A Spanish voice speaks; the embedded model hears it and writes English, French and German.\n\n")
	spoken := make(chan error, 1)
	go func() { spoken <- speak(ctx, socket) }()
	var out printer = &logPrinter{out: stdout, open: make(map[string]string)}
	if isTerminal(stdout) {
		out = newLivePrinter(stdout, demoLanguages)
	}
	err := printReplies(socket, out)
	socket.Close() // ends speak when the server ended first
	if told := <-spoken; err == nil {
		err = told
	}
	return err
}

// speak sends the clip in frames, each when it has been spoken, then stop.
func speak(ctx context.Context, socket *websocket.Conn) error {
	source, err := intake.Open(ctx, bytes.NewReader(pocket.Demo), "demo.ogg")
	if err != nil {
		return audioError(err)
	}
	defer source.Close()
	var framer audio.Framer
	buf := make([]float32, audio.FrameLen)
	pace := newPacer(true)
	for {
		n, err := source.Read(buf)
		framer.Write(buf[:n])
		for f, ok := framer.Next(); ok; f, ok = framer.Next() {
			if !pace.wait(ctx) {
				return ctx.Err()
			}
			if err := socket.WriteMessage(websocket.BinaryMessage, s16le(f[:])); err != nil {
				return environmentError("the server went away: %w", err)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return audioError(err)
		}
	}
	if rest := framer.Rest(); len(rest) > 0 {
		socket.WriteMessage(websocket.BinaryMessage, s16le(rest))
	}
	return socket.WriteJSON(wire.Stop{Type: "stop"})
}

// s16le encodes samples in [-1, 1] as 16-bit little-endian integers.
func s16le(samples []float32) []byte {
	out := make([]byte, 0, 2*len(samples))
	for _, x := range samples {
		x = max(-1, min(1, x))
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(math.Round(float64(x)*32767))))
	}
	return out
}

// printReplies prints captions until the server has said everything.
func printReplies(socket *websocket.Conn, out printer) error {
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			return environmentError("the server went away: %w", err)
		}
		var c wire.Commit // draft and end have some of its fields
		var refused wire.Error
		for _, into := range []any{&c, &refused} {
			if err := json.Unmarshal(data, into); err != nil {
				return environmentError("the server sent something else than JSON: %w", err)
			}
		}
		switch c.Type {
		case "commit", "draft", "end":
			if err := out.caption(captionOf(&c)); err != nil {
				return environmentError("cannot write the captions: %w", err)
			}
		case "ended":
			return out.close()
		case "error":
			return environmentError("%s; %s", refused.Message, refused.Hint)
		}
	}
}

// captionOf reads a commit, a draft or an end.
func captionOf(m *wire.Commit) sotto.Caption {
	c := sotto.Caption{Segment: m.Segment, Language: m.Language, End: m.Type == "end", Heard: positionOf(m.HeardMs)}
	if m.Type == "draft" {
		c.Tail = m.Text
	}
	for _, w := range m.Words {
		c.Words = append(c.Words, sotto.Word{
			Text: w.Text, Start: positionOf(w.StartMs), End: positionOf(w.EndMs), Evidence: float32(w.Evidence),
		})
	}
	return c
}

func positionOf(ms int64) audio.Position { return audio.Position(ms * audio.RateHz / 1000) }
