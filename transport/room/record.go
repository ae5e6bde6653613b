package room

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	magic      = "SOTTOLOG"
	version    = 1
	headerSize = 28
	frameSize  = 8        // length and checksum
	maxPayload = 64 << 10 // more than the largest event takes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the beginning of a file.
type header struct {
	first  uint64 // seq of the first record
	voices int    // that the room has had, so that no number comes again
}

func (h header) encode(b []byte) []byte {
	at := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint64(b, h.first)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.voices))
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

// parseHeader returns false for what is no header; a header of another version is
// an error.
func parseHeader(b []byte) (h header, ok bool, err error) {
	if len(b) != headerSize || string(b[:8]) != magic ||
		crc32.Checksum(b[:24], castagnoli) != binary.LittleEndian.Uint32(b[24:]) {
		return h, false, nil
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return h, false, fmt.Errorf("log of version %d, this program reads version %d; use the program that wrote it", v, version)
	}
	voices := binary.LittleEndian.Uint32(b[20:])
	h = header{binary.LittleEndian.Uint64(b[12:]), int(voices)}
	return h, h.first > 0 && h.first <= maxNumber && voices <= maxIndex, nil
}

// appendRecord appends an event with its length and checksum.
func appendRecord(b []byte, e *Event) []byte {
	at := len(b)
	b = append(b, make([]byte, frameSize)...)
	b = e.encode(b)
	frame := b[at:]
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-frameSize))
	binary.LittleEndian.PutUint32(frame[4:], checksum(frame[:4], frame[frameSize:]))
	return b
}

func checksum(length, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, payload)
}

// scanner reads the records behind a header.
type scanner struct {
	r      *bufio.Reader
	offset int64  // behind the last good record
	seq    uint64 // of the record that has to come
	buf    []byte
}

func newScanner(r io.Reader, first uint64) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 64<<10), offset: headerSize, seq: first}
}

// next returns io.EOF where the file ends behind a record, and any other error
// where a record is bad.
func (s *scanner) next() (Event, error) {
	var frame [frameSize]byte
	if _, err := io.ReadFull(s.r, frame[:]); err != nil {
		return Event{}, torn(err)
	}
	length := binary.LittleEndian.Uint32(frame[:])
	if length > maxPayload {
		return Event{}, fmt.Errorf("record of %d bytes, at most %d are written", length, maxPayload)
	}
	if cap(s.buf) < int(length) {
		s.buf = make([]byte, maxPayload)
	}
	payload := s.buf[:length]
	if _, err := io.ReadFull(s.r, payload); err != nil {
		return Event{}, fmt.Errorf("record of %d bytes is cut off", length)
	}
	if checksum(frame[:4], payload) != binary.LittleEndian.Uint32(frame[4:]) {
		return Event{}, fmt.Errorf("record of %d bytes has another checksum", length)
	}
	e, err := decode(payload)
	if err != nil {
		return Event{}, err
	}
	if e.Seq != s.seq {
		return Event{}, fmt.Errorf("record has seq %d, want %d", e.Seq, s.seq)
	}
	s.seq++
	s.offset += frameSize + int64(length)
	return e, nil
}

func torn(err error) error {
	if err == io.ErrUnexpectedEOF {
		return fmt.Errorf("length of a record is cut off")
	}
	return err
}
