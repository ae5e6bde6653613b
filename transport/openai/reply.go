package openai

import (
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
	"sotto/decoder/prompt"
	"sotto/transport/subtitle"
)

// answer hears the sound and replies in the format wanted.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, q *request, session *sotto.Session, source intake.Source, log *slog.Logger) *problem {
	began, t := time.Now(), new(transcript)
	each := func(c *sotto.Caption) error { t.add(c); return nil }
	var live *events
	if q.stream {
		live = newEvents(w)
		each = func(c *sotto.Caption) error { return live.deltas(t.add(c)) }
	}
	heard, err := h.listen(r.Context(), session, source, each)
	t.endSegment()
	log.Info("recording heard", "translate", q.translate, "stream", q.stream, "sound_ms", heard.Millis(), "took_ms", time.Since(began).Milliseconds(), "words", len(t.words), "complete", err == nil)
	switch {
	case err != nil && q.stream:
		live.send(explain(err, log))
		return nil
	case err != nil:
		return explain(err, log)
	case q.stream:
		live.send(done{"transcript.text.done", t.text.String()})
		return nil
	}
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
	q.write(w, t, heard)
	return nil
}

// events are server-sent events.
type events struct {
	w    http.ResponseWriter
	conn *http.ResponseController
}

func newEvents(w http.ResponseWriter) *events {
	head := w.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	head.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return &events{w, http.NewResponseController(w)}
}

type delta struct {
	Type  string `json:"type"` // transcript.text.delta
	Delta string `json:"delta"`
}

type done struct {
	Type string `json:"type"` // transcript.text.done
	Text string `json:"text"`
}

func (e *events) deltas(texts []string) error {
	for _, text := range texts {
		if err := e.send(delta{"transcript.text.delta", text}); err != nil {
			return err
		}
	}
	return nil
}

// send writes one event. A client that does not read in time is given up.
func (e *events) send(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	e.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := fmt.Fprintf(e.w, "data: %s\n\n", data); err != nil {
		return err
	}
	return e.conn.Flush()
}

func (q *request) write(w http.ResponseWriter, t *transcript, heard audio.Position) {
	switch q.format {
	case "json":
		writeJSON(w, http.StatusOK, plain{t.text.String(), q.usage(heard)})
	case "verbose_json":
		writeJSON(w, http.StatusOK, q.verbose(t, heard))
	case "text":
		writeText(w, "text/plain", t.text.String()+"\n")
	case "srt":
		writeText(w, "text/plain", cues(t, subtitle.NewSRT))
	case "vtt":
		writeText(w, "text/vtt", cues(t, subtitle.NewVTT))
	}
}

func writeText(w http.ResponseWriter, kind, text string) {
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	io.WriteString(w, text)
}

// cues writes subtitles. Writing into memory does not fail.
func cues(t *transcript, format func(io.Writer) *subtitle.Writer) string {
	var b strings.Builder
	s := subtitle.NewSplitter(format(&b))
	for _, one := range t.segments {
		for _, w := range one.words {
			s.Add(subtitle.Word{Text: w.text, StartMs: w.start.Millis(), EndMs: w.end.Millis()})
		}
		s.End()
	}
	s.Close()
	return b.String()
}

type plain struct {
	Text  string `json:"text"`
	Usage *usage `json:"usage,omitempty"`
}

// usage says what a transcription would be billed for.
type usage struct {
	Type    string  `json:"type"` // duration
	Seconds float64 `json:"seconds"`
}

func (q *request) usage(heard audio.Position) *usage {
	if q.translate {
		return nil // the API has none there
	}
	return &usage{"duration", math.Ceil(seconds(heard))}
}

type verbose struct {
	Task     string           `json:"task"`
	Language string           `json:"language"` // of the text, as an English name
	Duration float64          `json:"duration"` // seconds of sound
	Text     string           `json:"text"`
	Words    []verboseWord    `json:"words,omitzero"`
	Segments []verboseSegment `json:"segments,omitzero"`
	Usage    *usage           `json:"usage,omitempty"`
}

type verboseWord struct {
	Word  string  `json:"word"`
	Start float64 `json:"start"` // seconds
	End   float64 `json:"end"`
}

// verboseSegment has null for what is not measured here.
type verboseSegment struct {
	ID               int      `json:"id"`
	Seek             int64    `json:"seek"` // hundredths of a second
	Start            float64  `json:"start"`
	End              float64  `json:"end"`
	Text             string   `json:"text"`
	Tokens           []int    `json:"tokens"` // empty: ids of this model mean nothing elsewhere
	Temperature      float64  `json:"temperature"`
	AvgLogprob       *float64 `json:"avg_logprob"`
	CompressionRatio float64  `json:"compression_ratio"`
	NoSpeechProb     *float64 `json:"no_speech_prob"`
}

func (q *request) verbose(t *transcript, heard audio.Position) verbose {
	v := verbose{Task: "transcribe", Duration: seconds(heard), Text: t.text.String(), Usage: q.usage(heard)}
	if q.translate {
		v.Task = "translate"
	}
	if name, err := prompt.Name(q.target); err == nil {
		v.Language = strings.ToLower(name)
	}
	if q.words {
		v.Words = make([]verboseWord, 0, len(t.words))
	}
	if q.segments {
		v.Segments = make([]verboseSegment, 0, len(t.segments))
	}
	for _, w := range t.words {
		if word := strings.TrimSpace(w.text); q.words && word != "" {
			v.Words = append(v.Words, verboseWord{word, seconds(w.start), seconds(w.end)})
		}
	}
	for i, s := range t.segments {
		if q.segments {
			v.Segments = append(v.Segments, verboseSegment{
				ID: i, Seek: s.start.Millis() / 10, Start: seconds(s.start), End: seconds(s.end),
				Text: s.text, Tokens: []int{}, CompressionRatio: compression(s.text),
			})
		}
	}
	return v
}

func seconds(p audio.Position) float64 { return float64(p.Millis()) / 1000 }

// compression is how many times shorter zlib makes the text: much where it loops.
func compression(text string) float64 {
	var size counter
	z := zlib.NewWriter(&size)
	io.WriteString(z, text)
	z.Close()
	return math.Round(float64(len(text))/float64(size)*1000) / 1000
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
