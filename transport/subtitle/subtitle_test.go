package subtitle

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWriters(t *testing.T) {
	cues := []Cue{
		{StartMs: 0, EndMs: 1250, Lines: []string{"Good", "morning."}},
		{StartMs: 3661001, EndMs: 3661001, Lines: []string{`a <b> & c --> d`, " \t ", "\n\ne", `{\an8} f`}},
	}
	const vtt = "00:00:00.000 --> 00:00:01.250\nGood\nmorning.\n\n01:01:01.001 --> 01:01:01.002\na &lt;b&gt; &amp; c --&gt; d\ne\n{∖an8} f\n\n"
	tests := []struct {
		name, want string
		start      func(*strings.Builder) *Writer
	}{
		{"srt", "1\n00:00:00,000 --> 00:00:01,250\nGood\nmorning.\n\n2\n01:01:01,001 --> 01:01:01,002\na ‹b› & c --› d\ne\n(∖an8) f\n\n",
			func(b *strings.Builder) *Writer { return NewSRT(b) }},
		{"vtt", "WEBVTT\n\n" + vtt, func(b *strings.Builder) *Writer { return NewVTT(b) }},
		{"segment", "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:04.000\n\n" + vtt,
			func(b *strings.Builder) *Writer { return NewSegment(b, 900000, 4000) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			w := tt.start(&b)
			for _, c := range cues {
				if err := w.Write(c); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("got\n%q\nwant\n%q", b.String(), tt.want)
			}
		})
	}
}

func TestEmptyFiles(t *testing.T) {
	var srt, vtt strings.Builder
	if NewSRT(&srt).Close() != nil || NewVTT(&vtt).Close() != nil {
		t.Fatal("closing failed")
	}
	if srt.String() != "" || vtt.String() != "WEBVTT\n\n" {
		t.Errorf("got %q and %q", srt.String(), vtt.String())
	}
}

func TestPlainText(t *testing.T) {
	for text, want := range map[string]string{
		"a\r\n\n\tb\x00\u2028c":                  "a b c",
		"\u202eevil\u202c \u2066x\u2069\ufeff":   "evil x",
		"می\u200cخواهم 👩\u200d👩":                 "می\u200cخواهم 👩\u200d👩",
		"e" + strings.Repeat("\u0301", 4000):     "e" + strings.Repeat("\u0301", 8),
		"a" + strings.Repeat("\u200d", 99) + "b": "a" + strings.Repeat("\u200d", 8) + "b",
		"\xff\xfea":                              "\ufffd\ufffda",
		"10\u00a0%":                              "10\u00a0%",
	} {
		if got := Plain(text); got != want || Plain(got) != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// braces are escaped where ffmpeg takes text through its own format.
var braces = strings.NewReplacer(`\{`, "{", `\}`, "}")

// ffmpeg reads both forms, and finds the same cues with the text as it is.
func TestFFmpegReadsThem(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not here; install it to have another program read the subtitles")
	}
	hostile := []string{
		`<b>bold</b> <script>alert(1)</script>`, `&#x3c; &amp; &lt;i&gt;`, `00:00:01,000 --> 00:00:02,000`, `{\an8}{\pos(1,1)}top \N \h`,
		"1", "WEBVTT", "NOTE a", "STYLE", "<00:00:01.000>karaoke", "a\n\n2\n00:00:09,000 --> 00:00:10,000\nb", "=HYPERLINK(1)", "- “quoted”, l’été 早上好",
	}
	for _, form := range []string{"srt", "webvtt"} {
		var file bytes.Buffer
		w := NewSRT(&file)
		if form == "webvtt" {
			w = NewVTT(&file)
		}
		var want []string
		for i, text := range hostile {
			c := Cue{int64(i) * 2000, int64(i)*2000 + 1500, []string{text, "second line"}}
			if err := w.Write(c); err != nil {
				t.Fatal(err)
			}
			if text = Plain(text); form == "srt" {
				text = bare.Replace(text)
			}
			text = strings.ReplaceAll(text, `\`, "∖")
			want = append(want, clock(c.StartMs, '.')[3:]+" --> "+clock(c.EndMs, '.')[3:]+"\n"+text+"\nsecond line\n")
		}
		cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-f", form, "-i", "-", "-f", "webvtt", "-")
		var says strings.Builder
		cmd.Stdin, cmd.Stderr = &file, &says
		out, err := cmd.Output()
		if err != nil || says.Len() > 0 {
			t.Errorf("%s: %v, %s", form, err, says.String())
		}
		if got, all := strings.TrimSpace(braces.Replace(string(out))), strings.TrimSpace("WEBVTT\n\n"+strings.Join(want, "\n")); got != all {
			t.Errorf("%s: ffmpeg read\n%s\nwant\n%s", form, got, all)
		}
	}
}

// No text ends its cue or begins another one.
func TestNoTextIsStructure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ \n\r\x{2028}<>&{}\\\-1:,a]*`)), 1, 2).Draw(t, "lines")
		for _, start := range []func(*bytes.Buffer) *Writer{
			func(b *bytes.Buffer) *Writer { return NewSRT(b) }, func(b *bytes.Buffer) *Writer { return NewVTT(b) },
		} {
			var b bytes.Buffer
			w := start(&b)
			w.Write(Cue{0, 1000, lines})
			text := strings.TrimPrefix(b.String(), "WEBVTT\n\n")
			if strings.Count(text, "-->") != 1 || strings.Index(text, "\n\n") != len(text)-2 && strings.TrimSpace(strings.Join(lines, "")) != "" {
				t.Fatalf("%q", text)
			}
		}
	})
}
