package opus

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// packet is one packet of an Ogg stream.
type packet struct {
	data    []byte
	granule int64 // of the page the packet ends, when it is the page's last; else -1
	last    bool  // the stream ends with it
}

const (
	flagContinued = 1
	flagLast      = 4

	maxPacket = 1 << 16 // bytes; Opus needs 61 441 at most (RFC 7845, section 3)
	maxResync = 1 << 20 // bytes of rubbish searched for the next page
)

// pager splits an Ogg stream into packets (RFC 3533). Pages of other streams in
// the file are skipped.
type pager struct {
	in      *bufio.Reader
	serial  uint32
	started bool
	rest    []byte   // a packet that the next page continues
	ready   []packet // complete packets of the page that was read last
}

func newPager(r io.Reader) *pager { return &pager{in: bufio.NewReaderSize(r, 1<<16)} }

// next returns the next packet, io.EOF at the end.
func (p *pager) next() (packet, error) {
	for len(p.ready) == 0 {
		if err := p.page(); err != nil {
			return packet{}, err
		}
	}
	k := p.ready[0]
	p.ready = p.ready[1:]
	return k, nil
}

// page reads one page into p.ready.
func (p *pager) page() error {
	head, err := p.sync()
	if err != nil {
		return err
	}
	lacing := make([]byte, head[26])
	if _, err := io.ReadFull(p.in, lacing); err != nil {
		return io.EOF // cut short: what came before is whole
	}
	size := 0
	for _, l := range lacing {
		size += int(l)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(p.in, body); err != nil {
		return io.EOF
	}
	if !checksumHolds(head, lacing, body) {
		p.rest = nil
		return nil // a damaged page is lost, the stream goes on
	}
	serial := binary.LittleEndian.Uint32(head[14:])
	if !p.started {
		p.serial, p.started = serial, true
	}
	if serial != p.serial {
		return nil
	}
	return p.split(head, lacing, body)
}

// sync finds the next page and returns its fixed header.
func (p *pager) sync() ([]byte, error) {
	for skipped := 0; skipped < maxResync; skipped++ {
		head, err := p.in.Peek(27)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil, io.EOF
			}
			return nil, err
		}
		if string(head[:4]) == "OggS" && head[4] == 0 {
			head = append([]byte(nil), head...)
			p.in.Discard(27)
			return head, nil
		}
		p.in.Discard(1)
	}
	return nil, fmt.Errorf("opus: no Ogg page in %d bytes", maxResync)
}

// split cuts a page's body at its lacing values: 255 continues a packet.
func (p *pager) split(head, lacing, body []byte) error {
	p.ready = p.ready[:0]
	if head[5]&flagContinued == 0 {
		p.rest = nil
	}
	current := p.rest
	p.rest = nil
	for i, l := range lacing {
		if len(current)+int(l) > maxPacket {
			return fmt.Errorf("opus: a packet of more than %d bytes", maxPacket)
		}
		current = append(current, body[:l]...)
		body = body[l:]
		if l < 255 {
			p.ready = append(p.ready, packet{data: current, granule: -1})
			current = nil
		} else if i == len(lacing)-1 {
			p.rest = current
		}
	}
	if n := len(p.ready); n > 0 {
		p.ready[n-1].granule = int64(binary.LittleEndian.Uint64(head[6:]))
		p.ready[n-1].last = head[5]&flagLast != 0
	}
	return nil
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
