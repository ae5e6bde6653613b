package deepgram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"log/slog"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/audio/vad"
	"sotto/transport/line"
)

// Marks: the beat says how far the voice is heard, the others stand before and
// behind what Finalize asks for.
const (
	beat int64 = iota + 1
	finalizing
	finalized
)

// beatFrames lie between two beats (200 ms).
const beatFrames = 5

// stream is one connection. Its reading half runs in serve, its writing half says
// captions.
type stream struct {
	handler *Handler
	query   *query
	hearing *line.Hearing
	socket  *line.Socket
	id      string
	model   modelInfo
	began   time.Time

	// The reading half owns the following.
	sum      hash.Hash // of the sound as it came
	detector *vad.Detector
	speaking bool
	frames   int64 // that came

	// The writing half owns the following.
	phrases  line.Phrases
	told     bool           // an interim result of the phrase in work was said
	lastWord audio.Position // its end; 0: an utterance end was said for it
	forced   bool           // between the marks of Finalize
	answered bool           // something final was said there
}

func newStream(h *Handler, q *query, hearing *line.Hearing, id string) *stream {
	model := h.opt.Hall.Engine.Model()
	return &stream{
		handler: h, query: q, hearing: hearing, id: id, began: time.Now(), sum: sha256.New(), detector: vad.NewDetector(),
		model: modelInfo{model.Name, "1", "gemma4"},
	}
}

// serve runs the whole life of the connection and says how it ended.
func (s *stream) serve(ctx context.Context, socket *line.Socket, idle time.Duration, log *slog.Logger) (why string) {
	s.socket = socket
	s.hearing.Start(ctx, s.caption, socket.Stop)
	end := line.Contain(func() error { return s.listen(idle) })
	if end == line.ErrGone {
		s.hearing.Forsake()
	}
	if err := s.hearing.End(s.handler.opt.Drain); err != nil {
		end = err
	}
	if errors.Is(end, line.ErrFailed) {
		log.Error("stream failed", "error", end)
	}
	bye := goodbyeFor(end)
	if bye.code != 0 {
		s.socket.Write(s.metadata())
	}
	s.socket.Close(bye.code, bye.reason)
	return bye.why
}

// errClosed is the end that a client asks for.
var errClosed = errors.New("deepgram: the client closes the stream")

// goodbye is how a connection ends; code 0: without one.
type goodbye struct {
	why    string // for the log
	code   int
	reason string
}

func goodbyeFor(end error) goodbye {
	var bad *line.BadMessage
	switch {
	case end == errClosed:
		return goodbye{"closed", websocket.CloseNormalClosure, ""}
	case end == line.ErrGone:
		return goodbye{why: "gone"}
	case end == line.ErrIdle:
		return goodbye{"idle", websocket.CloseInternalServerErr, "NET-0001: neither sound nor KeepAlive came in time"}
	case end == line.ErrStopping, end == line.ErrLate:
		return goodbye{"stopping", websocket.CloseServiceRestart, "the server stops; connect again in a few seconds"}
	case errors.As(end, &bad):
		return goodbye{"message", bad.Close, bad.Text}
	case errors.Is(end, line.ErrFailed):
		return goodbye{"failed", websocket.CloseInternalServerErr, "NET-0000: the server failed on this stream"}
	}
	return goodbye{"data", websocket.ClosePolicyViolation, "DATA-0000: the sound cannot be read"}
}

// listen hears the client until something ends the voice.
func (s *stream) listen(idle time.Duration) error {
	for {
		kind, data, err := s.socket.Read(idle)
		switch {
		case err != nil:
			return err
		case kind == websocket.TextMessage:
			err = s.obey(data)
		case len(data) == 0: // how old clients close
			return errClosed
		default:
			s.sum.Write(data)
			err = s.hear(data)
		}
		if err != nil {
			return err
		}
	}
}

// obey does what a text message asks for.
func (s *stream) obey(data []byte) error {
	var message struct{ Type string }
	if err := json.Unmarshal(data, &message); err != nil {
		return s.misunderstood(data, "the message is not a JSON object")
	}
	switch message.Type {
	case "KeepAlive":
		return nil
	case "Finalize":
		return s.finalize()
	case "CloseStream":
		return errClosed
	case "Configure":
		return s.socket.Write(&configureFailure{
			"ConfigureFailure", s.id, "CONFIGURE_KEYTERMS_NOT_SUPPORTED", "this model takes no terms and no features in mid-stream",
		})
	}
	return s.misunderstood(data, "the type is none of KeepAlive, Finalize and CloseStream")
}

// finalize has the engine say all that was heard, between two marks.
func (s *stream) finalize() error {
	if err := s.hearing.Note(finalizing); err != nil {
		return err
	}
	if err := s.hearing.Flush(); err != nil {
		return err
	}
	return s.hearing.Note(finalized)
}

func (s *stream) misunderstood(data []byte, why string) error {
	return s.socket.Write(&schemaError{"Error", "SchemaError", why, string(data)})
}

// hear hands sound over.
func (s *stream) hear(data []byte) error {
	frames, err := s.hearing.Frames(data)
	if err != nil {
		return err
	}
	for i := range frames {
		s.notice(&frames[i])
		if err := s.hearing.Push(frames[i : i+1]); err != nil {
			return err
		}
		if s.frames++; s.query.utterance > 0 && s.frames%beatFrames == 0 {
			if err := s.hearing.Note(beat); err != nil {
				return err
			}
		}
	}
	return nil
}

// notice says that speech starts, where the client wants to know.
func (s *stream) notice(f *audio.Frame) {
	if !s.query.events {
		return
	}
	speech := s.detector.Step(f).Speech
	if speech && !s.speaking {
		s.socket.Write(&speechStarted{"SpeechStarted", [2]int{0, 1}, seconds(audio.Position(s.frames) * audio.FrameLen)})
	}
	s.speaking = speech
}

// caption says what is news in a caption.
func (s *stream) caption(c *sotto.Caption) error {
	switch {
	case c.Mark != 0:
		return s.mark(c)
	case c.Language == "":
		return nil
	}
	for _, p := range s.phrases.Add(c) {
		if err := s.final(&p); err != nil {
			return err
		}
	}
	text := s.phrases.Draft()
	if !s.query.interim || text == "" && !s.told {
		return nil
	}
	s.told = text != ""
	return s.socket.Write(s.draft(text, max(c.Heard, s.phrases.From)))
}

// draft is the phrase in work with what may follow.
func (s *stream) draft(text string, heard audio.Position) *results {
	words, from := newWords(s.phrases.Begun), s.phrases.From
	if n := len(s.phrases.Begun); n > 0 {
		from = s.phrases.Begun[n-1].End
	}
	words = append(words, guessed(s.phrases.Tail, from, max(from, heard))...)
	return s.results(newAlternative(text, words), s.phrases.From, heard)
}

// final says a phrase that stays.
func (s *stream) final(p *line.Phrase) error {
	r := s.results(newAlternative(p.Text(), newWords(p.Words)), p.Start, p.End)
	r.IsFinal, r.SpeechFinal, r.FromFinalize = true, p.Last, s.forced
	s.told, s.answered = false, true
	if n := len(p.Words); n > 0 {
		s.lastWord = p.Words[n-1].End
	}
	return s.socket.Write(r)
}

// mark says what was asked for at a place in the sound.
func (s *stream) mark(c *sotto.Caption) error {
	switch c.Mark {
	case finalizing:
		s.forced, s.answered = true, false
	case finalized:
		if !s.answered { // nothing was left: who asked waits for a word all the same
			s.final(&line.Phrase{Start: s.phrases.From, End: s.phrases.From})
		}
		s.forced = false
	}
	silent := len(s.phrases.Begun) == 0 && s.phrases.Tail == ""
	if s.query.utterance == 0 || s.lastWord == 0 || !silent || c.Heard-s.lastWord < s.query.utterance {
		return nil
	}
	last := s.lastWord
	s.lastWord = 0
	return s.socket.Write(&utteranceEnd{"UtteranceEnd", [2]int{0, 1}, seconds(last)})
}

func (s *stream) results(a alternative, from, to audio.Position) *results {
	return &results{
		Type: "Results", Index: [2]int{0, 1}, Start: seconds(from), Duration: seconds(to) - seconds(from),
		Channel: channel{[1]alternative{a}}, Metadata: resultsMeta{s.id, s.model, idOf(s.model.Name)},
	}
}

func (s *stream) metadata() *metadata {
	model := idOf(s.model.Name)
	return &metadata{
		Type: "Metadata", Key: "deprecated", RequestID: s.id, SHA256: hex.EncodeToString(s.sum.Sum(nil)), Created: stamp(s.began),
		Duration: seconds(audio.Position(s.frames) * audio.FrameLen), Channels: s.query.channels,
		Models: []string{model}, ModelInfo: map[string]modelInfo{model: s.model},
	}
}
