package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"sotto"
	"sotto/audio"
	"sotto/transport/subtitle"
)

// said is a caption of words that follow each other by 400 ms.
func said(language string, words ...string) sotto.Caption {
	c := sotto.Caption{Language: language, Heard: 2 * audio.RateHz}
	for i, w := range words {
		start := audio.Position(i) * audio.RateHz * 2 / 5
		c.Words = append(c.Words, sotto.Word{Text: w, Start: start, End: start + audio.RateHz*2/5, Evidence: 0.5})
	}
	return c
}

func tailed(c sotto.Caption, tail string) sotto.Caption { c.Tail = tail; return c }

func ended(language string) sotto.Caption { return sotto.Caption{Language: language, End: true} }

// conversation is two languages, in turns; the second is cut off.
var conversation = []sotto.Caption{
	tailed(said("en"), "The tr"),
	tailed(said("en", "The"), " train"),
	tailed(said("de", "Der"), " Zug"),
	said("en", " train", " leaves."),
	ended("en"),
	said("de", " Zug\x1b"),
}

func TestPrinters(t *testing.T) {
	tests := []struct {
		name string
		make func(*bytes.Buffer) printer
		want string
	}{
		{"lines", func(b *bytes.Buffer) printer {
			return &linePrinter{out: b, languages: []string{"en", "de"}, open: map[string]string{}}
		}, "[en] The train leaves.\n[de] Der Zug \n"},
		{"log", func(b *bytes.Buffer) printer { return &logPrinter{out: b, open: map[string]string{}} },
			"  2.00 s [en] … The tr\n  2.00 s [en] The\n  2.00 s [de] Der\n  2.00 s [en] The train leaves.\n  2.00 s [de] Der Zug \n"},
		{"JSON", func(b *bytes.Buffer) printer { return &jsonPrinter{encoder: json.NewEncoder(b), file: "a.ogg"} },
			`{"file":"a.ogg","segment":0,"language":"en","words":[],"tail":"The tr","end":false,"heard_ms":2000}
{"file":"a.ogg","segment":0,"language":"en","words":[{"text":"The","start_ms":0,"end_ms":400,"evidence":0.5}],"tail":" train","end":false,"heard_ms":2000}
{"file":"a.ogg","segment":0,"language":"de","words":[{"text":"Der","start_ms":0,"end_ms":400,"evidence":0.5}],"tail":" Zug","end":false,"heard_ms":2000}
{"file":"a.ogg","segment":0,"language":"en","words":[{"text":" train","start_ms":0,"end_ms":400,"evidence":0.5},{"text":" leaves.","start_ms":400,"end_ms":800,"evidence":0.5}],"tail":"","end":false,"heard_ms":2000}
{"file":"a.ogg","segment":0,"language":"en","words":[],"tail":"","end":true,"heard_ms":0}
{"file":"a.ogg","segment":0,"language":"de","words":[{"text":" Zug\u001b","start_ms":0,"end_ms":400,"evidence":0.5}],"tail":"","end":false,"heard_ms":2000}
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			p := tt.make(&b)
			for _, c := range conversation {
				if err := p.caption(c); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.close(); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), tt.want)
			}
		})
	}
}

// A reader of the pipe sees each word when it is committed.
func TestWordsOfOneLanguageAreWrittenAtOnce(t *testing.T) {
	var b bytes.Buffer
	p := &wordPrinter{out: &b}
	steps := []struct {
		caption sotto.Caption
		want    string
	}{
		{tailed(said("en"), "A"), ""},
		{tailed(said("en", "A"), " b"), "A"},
		{said("en", " b.\n"), "A b. "},
		{ended("en"), "A b. \n"},
		{ended("en"), "A b. \n"},
		{said("en", "C"), "A b. \nC"},
	}
	for i, s := range steps {
		if err := p.caption(s.caption); err != nil || b.String() != s.want {
			t.Fatalf("step %d: %q and %v, want %q", i, b.String(), err, s.want)
		}
	}
	if err := p.close(); err != nil || !strings.HasSuffix(b.String(), "C\n") {
		t.Errorf("closed with %q and %v", b.String(), err)
	}
}

func TestCuesComeFromWords(t *testing.T) {
	var b bytes.Buffer
	p := &cuePrinter{subtitle.NewSplitter(subtitle.NewSRT(&b))}
	for _, c := range []sotto.Caption{said("en", "Good", " morning."), said("en", " So"), ended("en")} {
		if err := p.caption(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	want := "1\n00:00:00,000 --> 00:00:01,000\nGood morning. So\n\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// screen obeys what the live printer sends, as far as it sends it.
type screen struct {
	t     *testing.T
	width int
	lines []string // the last one is the cursor's
}

func (s *screen) Write(data []byte) (int, error) {
	text := string(data)
	if move, rest, ok := strings.Cut(text, "A\r"+clearEnd); ok {
		up := int(move[len("\x1b[")] - '0')
		s.lines = append(s.lines[:len(s.lines)-1-up], "")
		text = rest
	}
	for line := range strings.Lines(text) {
		line = strings.NewReplacer(faint, "<", plain, ">").Replace(strings.TrimSuffix(line, "\n"))
		s.lines = append(s.lines[:len(s.lines)-1], line, "")
	}
	return len(data), nil
}

func (s *screen) shows(want ...string) {
	s.t.Helper()
	if got := strings.Join(s.lines, "\n"); got != strings.Join(append(want, ""), "\n") {
		s.t.Errorf("the screen shows\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func newScreen(t *testing.T, width int, languages ...string) (*screen, *livePrinter) {
	s := &screen{t: t, width: width, lines: []string{""}}
	return s, &livePrinter{
		out: s, width: func() int { return width }, languages: languages, text: map[string]string{}, tail: map[string]string{},
	}
}

func TestTheTerminalShowsWordsThatStayAndTheTail(t *testing.T) {
	s, p := newScreen(t, 80, "en", "de")
	want := [][]string{
		{"[en] <The tr>"},
		{"[en] The< train>"},
		{"[en] The< train>", "[de] Der< Zug>"},
		{"[en] The train leaves.", "[de] Der< Zug>"},
		{"[en] The train leaves.", "[de] Der< Zug>"},
		{"[en] The train leaves.", "[de] Der Zug "},
	}
	for i, c := range conversation {
		if err := p.caption(c); err != nil {
			t.Fatal(err)
		}
		s.shows(want[i]...)
	}
	p.caption(tailed(said("en"), "And"))
	s.shows("[en] The train leaves.", "[en] <And>", "[de] Der Zug ")
	p.close()
	s.shows("[en] The train leaves.", "[de] Der Zug ")
}

func TestLinesFitTheScreen(t *testing.T) {
	long, wide := strings.Repeat("word ", 30), strings.Repeat("漢字", 40)
	tests := []struct{ name, text, tail, wantText, wantTail string }{
		{"short", "The", " train", "The", " train"},
		{"a long text keeps its end", long + "end", " tail", "ord word word word end", " tail"},
		{"a long tail keeps its beginning", "The", " begins " + long, "The", " begins word word word word w…"},
		{"both", long + "end", " begins " + long, "…rd word word end", " begins word wo…"},
		{"wide letters", wide, wide, "", ""},
		{"letters of several runes", strings.Repeat("e\u0301", 99), strings.Repeat("👩‍👩‍👧", 99), "", ""},
	}
	for _, tt := range tests {
		for _, columns := range []int{15, 33, 34} {
			text, tail := fit(tt.text, tt.tail, columns)
			if w := uniseg.StringWidth(text + tail); w > columns || w < min(columns-3, uniseg.StringWidth(tt.text+tt.tail)) {
				t.Errorf("%s: %q and %q are %d wide in %d", tt.name, text, tail, w, columns)
			}
			if columns == 33 && (!strings.HasSuffix(text, tt.wantText) || !strings.HasPrefix(tail, tt.wantTail)) {
				t.Errorf("%s: %q and %q", tt.name, text, tail)
			}
		}
	}
}

// Of a file nothing is known; of a terminal its columns are.
func TestTheWidthOfWhatIsNoScreenIsNotKnown(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if w := screenWidth(f); w != 0 {
		t.Errorf("the null device is %d columns wide", w)
	}
	s, p := newScreen(t, 0, "en")
	p.caption(said("en", strings.Repeat("word ", 40)))
	if w := uniseg.StringWidth(s.lines[0]); w > tailWidth {
		t.Errorf("%d columns on an unknown screen", w)
	}
}
