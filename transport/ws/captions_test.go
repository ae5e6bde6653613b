package ws

import (
	"strings"
	"sync"
	"testing"

	"sotto"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

// alone returns the captions of a session on the same sound, without a door.
func alone(t *testing.T, engine *sotto.Engine, opt sotto.SessionOptions, data []byte) []sotto.Caption {
	t.Helper()
	opt.Source, opt.EveryStep = "es", true
	session, err := engine.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	var ran sync.WaitGroup
	ran.Go(func() { session.Run(t.Context()) })
	ran.Go(func() {
		sound, _ := voice.NewSound("", 0, 0)
		frames, _ := sound.Frames(data)
		for i := range frames {
			session.Push(t.Context(), &frames[i])
		}
		_, tail := sound.Rest()
		session.Finish(tail)
	})
	defer ran.Wait()
	var captions []sotto.Caption
	for {
		c, err := session.Next(t.Context())
		if err != nil {
			return captions
		}
		captions = append(captions, c)
	}
}

// page is what a client that follows the protocol has on its screen.
type page struct {
	texts map[string][]string // by language, a segment each
	open  map[string]int      // segment that is open, +1
	tails map[string]string
}

// read follows messages and fails on those the protocol does not allow.
func (p *page) read(t *testing.T, captions []wire.Commit) {
	t.Helper()
	heard := int64(0)
	for _, c := range captions {
		if c.HeardMs < heard {
			t.Errorf("%+v after %d ms", c, heard)
		}
		heard = c.HeardMs
		if last := p.open[c.Language]; last != 0 && last != c.Segment+1 {
			t.Errorf("%+v while segment %d is open", c, last-1)
		}
		p.open[c.Language] = c.Segment + 1
		switch c.Type {
		case "commit":
			p.commit(t, c)
		case "draft":
			p.tails[c.Language] = c.Text
		case "end":
			p.tails[c.Language], p.open[c.Language] = "", 0
			p.texts[c.Language] = append(p.texts[c.Language], "")
		}
	}
}

func (p *page) commit(t *testing.T, c wire.Commit) {
	var joined strings.Builder
	for _, w := range c.Words {
		joined.WriteString(w.Text)
		if w.StartMs < 0 || w.EndMs < w.StartMs || w.EndMs > c.HeardMs || w.Text == "" {
			t.Errorf("word %+v after %d ms", w, c.HeardMs)
		}
	}
	if joined.String() != c.Text || c.Text == "" {
		t.Errorf("text %q of words %q", c.Text, joined.String())
	}
	if len(p.texts[c.Language]) == 0 {
		p.texts[c.Language] = []string{""}
	}
	p.texts[c.Language][len(p.texts[c.Language])-1] += c.Text
	p.tails[c.Language] = ""
}

// closed fails when something is still open, and returns the texts.
func (p *page) closed(t *testing.T) map[string][]string {
	t.Helper()
	texts := make(map[string][]string)
	for language, open := range p.open {
		all := p.texts[language]
		if open != 0 || p.tails[language] != "" {
			t.Errorf("%s is open in segment %d with tail %q", language, open-1, p.tails[language])
		}
		texts[language] = all[:max(len(all)-1, 0)] // behind the last end stands nothing
	}
	return texts
}

func reading() *page {
	return &page{texts: map[string][]string{}, open: map[string]int{}, tails: map[string]string{}}
}

func textsOf(t *testing.T, captions []wire.Commit) map[string][]string {
	t.Helper()
	p := reading()
	p.read(t, captions)
	return p.closed(t)
}

// sayings are the texts of captions by language, a segment each.
func sayings(captions []sotto.Caption) map[string][]string {
	texts, open := map[string][]string{}, map[string]string{}
	for _, c := range captions {
		open[c.Language] += c.Text()
		if c.End {
			texts[c.Language] = append(texts[c.Language], open[c.Language])
			open[c.Language] = ""
		}
	}
	return texts
}

func commits(captions []wire.Commit) (n int) {
	for _, c := range captions {
		if c.Type == "commit" {
			n++
		}
	}
	return n
}
