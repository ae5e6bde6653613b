package subtitle

import (
	"strings"
	"testing"
)

func TestWriters(t *testing.T) {
	cues := []Cue{
		{StartMs: 0, EndMs: 1250, Text: "Good morning."},
		{StartMs: 3661001, EndMs: 3661001, Text: "a <b> & c --> d\n\ne"},
	}
	tests := []struct {
		name, want string
		start      func(*strings.Builder) *Writer
	}{
		{"srt", "1\n00:00:00,000 --> 00:00:01,250\nGood morning.\n\n2\n01:01:01,001 --> 01:01:01,002\na <b> & c → d e\n\n",
			func(b *strings.Builder) *Writer { return NewSRT(b) }},
		{"vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nGood morning.\n\n01:01:01.001 --> 01:01:01.002\na &lt;b&gt; &amp; c --&gt; d e\n\n",
			func(b *strings.Builder) *Writer { return NewVTT(b) }},
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
