package sotto

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"sotto/audio"
)

// Caption is news of one language: words that stay, and the tail that may
// follow them; or, of no language, of the voice itself.
type Caption struct {
	Segment  int            // stretches of speech are numbered from 0
	Language string         // language code of the text; the source's own for a transcript
	Words    []Word         // committed now: append them to the segment's text
	Tail     string         // tentative: takes the place of the language's tail before
	End      bool           // the segment is complete in this language
	Heard    audio.Position // how far the voice had been heard
	// Worked is how long the session had computed for the voice so far.
	Worked time.Duration

	// A caption of no language has one of these:
	Lost  audio.Position // samples up to Heard that are missing from the voice
	Cause string         // why they are
	Mark  int64          // the number of a Mark; all before it was heard

	counted bool // among the session's asides
}

// Word is committed text of one stability unit: a word with its punctuation, or
// a character where words are not spaced.
type Word struct {
	Text       string         // with the space that parts it from the one before
	Start, End audio.Position // the sound it leans on
	// Evidence is the share of the decoder's attention, 0 to 1, that lay on the
	// sound when the word was written; 0 when the model's heads are not known.
	Evidence float32
}

// Text returns the committed words as they stand in the segment.
func (c *Caption) Text() string {
	var b strings.Builder
	for i := range c.Words {
		b.WriteString(c.Words[i].Text)
	}
	return b.String()
}

// stays reports whether the caption must not be lost.
func (c *Caption) stays() bool { return len(c.Words) > 0 || c.End || c.Lost > 0 || c.Mark != 0 }

// captionQueue carries captions from a session to its one reader. What stays
// waits in order and is never dropped; of tails only the newest of each language
// waits, so a slow reader skips stale ones.
type captionQueue struct {
	wake chan struct{} // holds one token when something changed

	mu sync.Mutex // guards the following
	// staying is bounded: words need sound, and what else is said the session counts.
	staying []Caption
	tails   []Caption
	err     error // io.EOF after a good end
}

func newCaptionQueue() *captionQueue {
	return &captionQueue{wake: make(chan struct{}, 1)}
}

// put hands over a caption, which takes the place of its language's tail.
func (q *captionQueue) put(c Caption) {
	q.mu.Lock()
	q.dropTail(c.Language)
	if c.stays() {
		q.staying = append(q.staying, c)
	} else {
		q.tails = append(q.tails, c)
	}
	q.mu.Unlock()
	q.signal()
}

// close ends the queue: what waits is still read, then err is returned.
func (q *captionQueue) close(err error) {
	if err == nil {
		err = io.EOF
	}
	q.mu.Lock()
	q.err = err
	q.mu.Unlock()
	q.signal()
}

func (q *captionQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next waits for a caption.
func (q *captionQueue) next(ctx context.Context) (Caption, error) {
	for {
		c, ok, err := q.take()
		if ok || err != nil {
			return c, err
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return Caption{}, ctx.Err()
		}
	}
}

func (q *captionQueue) take() (c Caption, ok bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.staying) > 0:
		c, q.staying = q.staying[0], q.staying[1:]
		return c, true, nil
	case len(q.tails) > 0:
		c, q.tails = q.tails[0], q.tails[1:]
		return c, true, nil
	}
	return Caption{}, false, q.err
}

func (q *captionQueue) dropTail(language string) {
	for i := range q.tails {
		if q.tails[i].Language == language {
			q.tails = append(q.tails[:i], q.tails[i+1:]...)
			return
		}
	}
}
