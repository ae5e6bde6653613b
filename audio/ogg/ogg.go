// Package ogg splits Ogg streams into packets (RFC 3533).
package ogg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Packet is one packet of a stream.
type Packet struct {
	Data  []byte // at most MaxPacket bytes of it
	First bool   // a stream begins with it
	End   int64  // the position at which the stream ends; -1 before its last page
}

// MaxPacket bytes of a packet are kept. Sound needs less (Opus 61 441, RFC 7845,
// section 3); only comments that carry pictures are longer.
const MaxPacket = 1 << 16

const (
	flagContinued = 1
	flagFirst     = 2
	flagLast      = 4

	maxResync = 1 << 20 // bytes of rubbish searched for the next page
)

// Reader reads the packets of one stream after another, where a file is a chain
// of them. Of streams side by side it reads the one whose page comes first.
// Damaged pages, and packets that lost a piece with one, are left out.
type Reader struct {
	in       *bufio.Reader
	serial   uint32
	sequence uint32 // of the page expected next
	opening  bool   // the page before this one began a stream
	begun    bool
	rest     []byte   // a packet that the next page continues
	ready    []Packet // complete packets of the page that was read last
}

// NewReader returns a reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{in: bufio.NewReaderSize(r, 1<<16)} }

// Next returns the next packet, io.EOF at the end. A file that is cut short ends
// with its last whole page.
func (o *Reader) Next() (Packet, error) {
	for len(o.ready) == 0 {
		if err := o.page(); err != nil {
			return Packet{}, err
		}
	}
	k := o.ready[0]
	o.ready = o.ready[1:]
	return k, nil
}

// page reads one page into o.ready.
func (o *Reader) page() error {
	head, err := o.sync()
	if err != nil {
		return err
	}
	lacing := make([]byte, head[26])
	if _, err := io.ReadFull(o.in, lacing); err != nil {
		return cutShort(err)
	}
	size := 0
	for _, l := range lacing {
		size += int(l)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(o.in, body); err != nil {
		return cutShort(err)
	}
	if checksumHolds(head, lacing, body) && o.ours(head) {
		o.split(head, lacing, body)
	}
	return nil
}

func cutShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

// sync finds the next page and returns its fixed header.
func (o *Reader) sync() ([]byte, error) {
	for range maxResync {
		head, err := o.in.Peek(27)
		if err != nil {
			return nil, err
		}
		if string(head[:4]) == "OggS" && head[4] == 0 {
			head = append([]byte(nil), head...)
			o.in.Discard(27)
			return head, nil
		}
		o.in.Discard(1)
	}
	return nil, fmt.Errorf("ogg: no page in %d bytes", maxResync)
}

// ours reports whether a page belongs to the stream that is read, and goes over
// to the stream that it begins.
func (o *Reader) ours(head []byte) bool {
	serial, sequence := binary.LittleEndian.Uint32(head[14:]), binary.LittleEndian.Uint32(head[18:])
	first := head[5]&flagFirst != 0
	if first && !o.opening {
		o.serial, o.sequence, o.begun, o.rest = serial, sequence, true, nil
	}
	o.opening = first
	if !o.begun || serial != o.serial {
		return false
	}
	if sequence != o.sequence {
		o.rest = nil // a page is missing
	}
	o.sequence = sequence + 1
	return true
}

// split cuts a page's body at its lacing values: 255 continues a packet.
func (o *Reader) split(head, lacing, body []byte) {
	flags, end := head[5], int64(-1)
	if flags&flagLast != 0 {
		end = int64(binary.LittleEndian.Uint64(head[6:]))
	}
	current := o.rest
	lost := flags&flagContinued != 0 && current == nil
	if flags&flagContinued == 0 {
		current = nil
	}
	o.ready, o.rest = o.ready[:0], nil
	for _, l := range lacing {
		if len(current)+int(l) <= MaxPacket {
			current = append(current, body[:l]...)
		}
		body = body[l:]
		if l == 255 {
			continue
		}
		if !lost {
			o.ready = append(o.ready, Packet{Data: current, First: flags&flagFirst != 0 && len(o.ready) == 0, End: end})
		}
		current, lost = nil, false
	}
	if !lost {
		o.rest = current
	}
}

// checksumHolds checks the page's CRC, polynomial 0x04c11db7, not reflected,
// over the page with its own field zero.
func checksumHolds(head, lacing, body []byte) bool {
	want := binary.LittleEndian.Uint32(head[22:])
	blank := append([]byte(nil), head...)
	clear(blank[22:26])
	crc := uint32(0)
	for _, part := range [3][]byte{blank, lacing, body} {
		for _, b := range part {
			crc = crc<<8 ^ crcTable[byte(crc>>24)^b]
		}
	}
	return crc == want
}

var crcTable = func() (table [256]uint32) {
	for i := range table {
		crc := uint32(i) << 24
		for range 8 {
			top := crc >> 31
			crc = crc<<1 ^ top*0x04c11db7
		}
		table[i] = crc
	}
	return table
}()
