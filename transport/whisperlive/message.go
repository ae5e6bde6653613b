package whisperlive

import (
	"fmt"
	"strings"

	"sotto"
	"sotto/audio"
	"sotto/decoder/words"
	"sotto/transport/line"
)

// backend is what the server calls itself: clients keep whole segments of this one
// alone.
const backend = "faster_whisper"

// options are the first message, as far as it has an effect here.
type options struct {
	UID       string `json:"uid"`
	Language  string `json:"language"` // "" or null: the client does not say
	Task      string `json:"task"`     // transcribe, or translate: to English
	Translate bool   `json:"enable_translation"`
	Target    string `json:"target_language"` // of the translation
	Newest    *int   `json:"send_last_n_segments"`
	Words     bool   `json:"word_timestamps"`
	Format    string `json:"audio_format"`
	Room      string `json:"room"` // ours: where others read along
}

// format is how an audio_format is called here, and how many bytes its samples
// take.
type format struct {
	name  string
	width int
}

var formats = map[string]format{"": {"f32le", 4}, "float32": {"f32le", 4}, "int16": {"s16le", 2}}

type ready struct {
	UID     string `json:"uid"`
	Message string `json:"message"` // SERVER_READY or DISCONNECT
	Backend string `json:"backend,omitempty"`
}

type language struct {
	UID      string  `json:"uid"`
	Language string  `json:"language"`
	Prob     float64 `json:"language_prob"`
}

type status struct {
	UID     string `json:"uid"`
	Status  string `json:"status"`  // WAIT, ERROR or WARNING
	Message any    `json:"message"` // minutes to wait, or a sentence
}

type segments struct {
	UID        string    `json:"uid"`
	Segments   []segment `json:"segments,omitempty"`
	Translated []segment `json:"translated_segments,omitempty"`
}

// segment is a phrase. A completed one does not change any more.
type segment struct {
	Start     string `json:"start"` // seconds
	End       string `json:"end"`
	Text      string `json:"text"`
	Completed bool   `json:"completed"`
	Words     []word `json:"words,omitempty"`
}

type word struct {
	Word  string  `json:"word"`
	Start string  `json:"start"`
	End   string  `json:"end"`
	Prob  float32 `json:"probability"` // the evidence of the sound, as in our own protocol
}

// defaultNewest completed segments are shown, as many as maxNewest if the client
// wants them.
const (
	defaultNewest = 10
	maxNewest     = 100
)

// list is the segments of one language.
type list struct {
	language string
	newest   int
	words    bool
	phrases  line.Phrases
	whole    []segment // the newest that are completed
	draft    string    // of the one that is not, as it was shown
}

func newList(language string, opt *options) *list {
	l := &list{language: language, newest: defaultNewest, words: opt.Words}
	if opt.Newest != nil {
		l.newest = max(1, min(*opt.Newest, maxNewest))
	}
	return l
}

// add takes a caption and reports whether there is something else to show.
func (l *list) add(c *sotto.Caption) (news bool) {
	for _, p := range l.phrases.Add(c) {
		if p.Text() != "" {
			l.whole, news = append(l.whole, l.segment(&p)), true
		}
	}
	if n := len(l.whole); n > l.newest {
		l.whole = append(l.whole[:0], l.whole[n-l.newest:]...)
	}
	draft := l.phrases.Draft()
	news = news || draft != l.draft
	l.draft = draft
	return news && (draft != "" || len(l.whole) > 0) // clients fail on a list of nothing
}

// shown is the list as it is now.
func (l *list) shown(heard audio.Position) []segment {
	all := append([]segment(nil), l.whole...)
	if l.draft != "" {
		from := l.phrases.From
		if len(l.phrases.Begun) > 0 {
			from = l.phrases.Begun[0].Start
		}
		all = append(all, segment{Start: seconds(from), End: seconds(max(heard, from)), Text: spaced(l.draft)})
	}
	return all
}

func (l *list) segment(p *line.Phrase) segment {
	end := p.Words[0].End
	for _, w := range p.Words {
		end = max(end, w.End)
	}
	s := segment{Start: seconds(p.Words[0].Start), End: seconds(end), Text: spaced(p.Text()), Completed: true}
	if l.words {
		for _, w := range p.Words {
			s.Words = append(s.Words, word{spaced(strings.TrimSpace(w.Text)), seconds(w.Start), seconds(w.End), w.Evidence})
		}
	}
	return s
}

// spaced puts a space before text where there is one between words: clients join
// segments without any.
func spaced(text string) string {
	if words.Spaced(text) {
		return " " + text
	}
	return text
}

func seconds(p audio.Position) string {
	return fmt.Sprintf("%d.%03d", p.Millis()/1000, p.Millis()%1000)
}
