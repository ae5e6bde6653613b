package sotto

import (
	"context"
	"io"
	"sync"

	"sotto/audio"
)

// Caption is text in one language for one stretch of speech.
type Caption struct {
	Segment   int    // stretches of speech are numbered from 0
	Language  string // language code of Text; the source's own for a transcript
	Text      string
	Committed bool           // false: a draft that replaces the language's tentative tail
	Start     audio.Position // where in the voice the stretch begins
	End       audio.Position // how far it has been heard
}

// captionQueue carries captions from a session to its one reader. Committed
// captions wait in order and are never dropped; of drafts only the newest of
// each language waits, so a slow reader skips stale ones.
type captionQueue struct {
	wake chan struct{} // holds one token when something changed

	mu sync.Mutex // guards the following
	// committed is bounded by the length of a voice: a caption needs a pause.
	committed []Caption
	drafts    []Caption
	err       error // io.EOF after a good end
}

func newCaptionQueue() *captionQueue {
	return &captionQueue{wake: make(chan struct{}, 1)}
}

// put hands over a caption. A commit takes the place of its language's draft.
func (q *captionQueue) put(c Caption) {
	q.mu.Lock()
	q.dropDraft(c.Language)
	if c.Committed {
		q.committed = append(q.committed, c)
	} else {
		q.drafts = append(q.drafts, c)
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
	case len(q.committed) > 0:
		c, q.committed = q.committed[0], q.committed[1:]
		return c, true, nil
	case len(q.drafts) > 0:
		c, q.drafts = q.drafts[0], q.drafts[1:]
		return c, true, nil
	}
	return Caption{}, false, q.err
}

func (q *captionQueue) dropDraft(language string) {
	for i, d := range q.drafts {
		if d.Language == language {
			q.drafts = append(q.drafts[:i], q.drafts[i+1:]...)
			return
		}
	}
}
