package sotto

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A reader of any slowness gets all that stays in order, and of tails at most the
// newest of each language.
func TestQueueKeepsWordsAndTheNewestTails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newCaptionQueue()
		var commits []Caption              // put and not yet taken
		drafts := make(map[string]Caption) // the newest, unless a commit came after
		take := func() {
			got, ok, err := q.take()
			switch {
			case err != nil:
				t.Fatal(err)
			case len(commits) > 0:
				if !ok || !reflect.DeepEqual(got, commits[0]) {
					t.Fatalf("took %+v, want %+v", got, commits[0])
				}
				commits = commits[1:]
			case ok:
				if !reflect.DeepEqual(got, drafts[got.Language]) {
					t.Fatalf("took draft %+v, the newest is %+v", got, drafts[got.Language])
				}
				delete(drafts, got.Language)
			case len(drafts) > 0:
				t.Fatalf("nothing to take, want one of %+v", drafts)
			}
		}
		for i := range rapid.IntRange(0, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "take") == 0 {
				take()
				continue
			}
			c := Caption{Tail: fmt.Sprint(i), Language: rapid.SampledFrom([]string{"en", "fr", "de"}).Draw(t, "language")}
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				c.Words = []Word{{Text: c.Tail}}
			case 1:
				c.End = true
			}
			q.put(c)
			if delete(drafts, c.Language); c.stays() {
				commits = append(commits, c)
			} else {
				drafts[c.Language] = c
			}
		}
		for range len(commits) + len(drafts) {
			take()
		}
		if c, ok, _ := q.take(); ok {
			t.Fatalf("%+v is left over", c)
		}
	})
}

func TestQueueEndsAfterWhatWaits(t *testing.T) {
	broken := errors.New("broken")
	for reason, want := range map[error]error{nil: io.EOF, broken: broken} {
		q := newCaptionQueue()
		q.put(Caption{Tail: "tentative", Language: "fr"})
		q.put(Caption{Words: []Word{{Text: "it"}, {Text: " stays"}}, Language: "en"})
		q.close(reason)
		var texts []string
		for {
			c, err := q.next(t.Context())
			if err != nil {
				if err != want {
					t.Errorf("ended with %v, want %v", err, want)
				}
				break
			}
			texts = append(texts, c.Text()+c.Tail)
		}
		if !slices.Equal(texts, []string{"it stays", "tentative"}) {
			t.Errorf("read %q", texts)
		}
	}
}

func TestAWaitingReaderIsWoken(t *testing.T) {
	q := newCaptionQueue()
	go q.put(Caption{Words: []Word{{Text: "a"}}})
	if c, err := q.next(t.Context()); err != nil || c.Text() != "a" {
		t.Errorf("got %+v, %v", c, err)
	}
	go q.close(nil)
	if _, err := q.next(t.Context()); err != io.EOF {
		t.Errorf("got %v, want the end", err)
	}
}

func TestAReaderMayGiveUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newCaptionQueue().next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
