package room

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"sotto"
	"sotto/audio"
)

// encode appends the payload of a record.
func (e *Event) encode(b []byte) []byte {
	b = append(b, byte(e.Kind))
	b = binary.AppendUvarint(b, e.Epoch)
	b = binary.AppendUvarint(b, e.Seq)
	b = binary.AppendVarint(b, e.Time)
	b = binary.AppendUvarint(b, uint64(e.Voice))
	b = binary.AppendUvarint(b, uint64(e.Segment))
	b = appendString(b, e.Language)
	b = binary.AppendVarint(b, int64(e.Heard))
	b = binary.AppendVarint(b, int64(e.Lost))
	b = appendString(b, e.Note)
	b = binary.AppendUvarint(b, uint64(len(e.Words)))
	for i := range e.Words {
		w := &e.Words[i]
		b = appendString(b, w.Text)
		b = binary.AppendVarint(b, int64(w.Start))
		b = binary.AppendVarint(b, int64(w.End))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(w.Evidence))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decode reads a payload. What is not exactly one event within bounds is refused.
func decode(payload []byte) (Event, error) {
	if len(payload) == 0 {
		return Event{}, errors.New("empty record")
	}
	d := &decoder{rest: payload[1:]}
	e := Event{Kind: Kind(payload[0])}
	e.Epoch = d.number(maxNumber)
	e.Seq = d.number(maxNumber)
	e.Time = d.signed()
	e.Voice = int(d.number(maxIndex))
	e.Segment = int(d.number(maxIndex))
	e.Language = d.text(maxLanguage)
	e.Heard = audio.Position(d.signed())
	e.Lost = audio.Position(d.signed())
	e.Note = d.text(maxNote)
	e.Words = d.words()
	switch {
	case d.bad:
		return Event{}, errors.New("record with a field out of bounds")
	case len(d.rest) > 0:
		return Event{}, fmt.Errorf("record with %d bytes too many", len(d.rest))
	case e.Kind < Said || e.Kind > Gap:
		return Event{}, fmt.Errorf("record of unknown kind %d", e.Kind)
	case e.Epoch == 0 || e.Seq == 0:
		return Event{}, errors.New("record without a number")
	}
	return e, nil
}

// decoder takes fields off a payload. After the first bad one it returns zeros.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) number(limit uint64) uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || v > limit {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) signed() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) text(limit int) string {
	return string(d.take(int(d.number(uint64(limit)))))
}

func (d *decoder) take(n int) []byte {
	if n > len(d.rest) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// leastWord is what a word takes at least: three varints and its evidence.
const leastWord = 7

func (d *decoder) words() []sotto.Word {
	count := int(d.number(maxIndex))
	if count > len(d.rest)/leastWord {
		d.fail()
	}
	if d.bad || count == 0 {
		return nil
	}
	words := make([]sotto.Word, count)
	for i := range words {
		w := &words[i]
		w.Text = d.text(maxWord)
		w.Start, w.End = audio.Position(d.signed()), audio.Position(d.signed())
		if b := d.take(4); !d.bad {
			w.Evidence = math.Float32frombits(binary.LittleEndian.Uint32(b))
		}
	}
	return words
}

func (d *decoder) fail() { d.bad, d.rest = true, nil }
