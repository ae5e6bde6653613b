package room

import "slices"

// list is the newest events, with ascending seqs and no hole, and which epochs
// they are of.
type list struct {
	events []Event
	bytes  int
	next   uint64  // seq of the event that comes; at least 1
	epochs []epoch // ascending; the first holds the position before the events
}

// inForm is of how many events, the newest, forms are kept.
const inForm = 1024

// epoch numbers the seqs from first to where the next one begins.
type epoch struct{ number, first uint64 }

func (l *list) first() uint64 { return l.next - uint64(len(l.events)) }

func (l *list) at(seq uint64) *Event { return &l.events[seq-l.first()] }

// since returns the events from seq to last, both included.
func (l *list) since(seq, last uint64) []Event {
	return l.events[seq-l.first() : last+1-l.first()]
}

// begin starts an epoch with the event that comes.
func (l *list) begin(number uint64) {
	l.epochs = append(l.epochs, epoch{number, l.next})
}

// push appends an event, whose seq is next.
func (l *list) push(e Event) {
	if n := len(l.epochs); n == 0 || l.epochs[n-1].number != e.Epoch {
		l.begin(e.Epoch)
	}
	e.forms = new(forms)
	l.events = append(l.events, e)
	if n := len(l.events) - inForm; n > 0 {
		l.events[n-1].forms = nil
	}
	l.bytes += e.size()
	l.next++
}

// drop takes the oldest n events away.
func (l *list) drop(n int) {
	for i := range l.events[:n] {
		l.bytes -= l.events[i].size()
	}
	clear(l.events[:n])
	l.events = l.events[n:]
	before := l.first() - 1
	for len(l.epochs) > 1 && l.epochs[1].first <= before {
		l.epochs = slices.Delete(l.epochs, 0, 1)
	}
}

// restart empties the list and forgets its epochs.
func (l *list) restart(next uint64) { *l = list{next: next} }

// cursor names the position behind seq, which is in the list or just before it.
func (l *list) cursor(seq uint64) Cursor {
	number := l.epochs[0].number
	for _, e := range l.epochs[1:] {
		if e.first <= seq {
			number = e.number
		}
	}
	return Cursor{number, seq}
}

// holds reports whether every event behind a position is in the list; why says
// what is wrong otherwise. shown is the last seq that was ever given out.
func (l *list) holds(c Cursor, shown uint64) (why string, ok bool) {
	i := slices.IndexFunc(l.epochs, func(e epoch) bool { return e.number == c.Epoch })
	if i < 0 {
		return "the epoch is not known: the room was restarted, or its text forgotten", false
	}
	last := shown
	if i+1 < len(l.epochs) {
		last = min(last, l.epochs[i+1].first-1)
	}
	switch {
	case c.Seq+1 < l.epochs[i].first || c.Seq > last:
		return "the epoch has no such event: it was never shown, or lost before it was saved", false
	case c.Seq+1 < l.first():
		return "the events behind it are no longer held", false
	}
	return "", true
}
