// Package rtp puts the packets of an RTP stream of Opus (RFC 3550, RFC 7587) back
// in order, and tells what was lost from what was silent. It opens no socket and
// reads no clock: packets come with the moment of their arrival.
package rtp

import (
	"encoding/binary"
	"errors"
)

// RateHz is the rate of timestamps: Opus counts in it whatever a packet holds.
const RateHz = 48000

// Packet is what a stream's order needs to know of an RTP packet.
type Packet struct {
	Source   uint32 // SSRC, which names the stream
	Sequence uint16
	Time     uint32 // in ticks of RateHz
	Type     uint8  // of the payload
	Payload  []byte
}

const (
	headerLen = 12
	wordLen   = 4
)

var errMalformed = errors.New("rtp: malformed packet")

// Parse reads a packet. Its payload is part of data.
func Parse(data []byte) (Packet, error) {
	if len(data) < headerLen || data[0]>>6 != 2 {
		return Packet{}, errMalformed
	}
	p := Packet{
		Type:     data[1] & 0x7f,
		Sequence: binary.BigEndian.Uint16(data[2:]),
		Time:     binary.BigEndian.Uint32(data[4:]),
		Source:   binary.BigEndian.Uint32(data[8:]),
	}
	contributors := int(data[0]&0xf) * wordLen
	rest, ok := after(data[headerLen:], contributors)
	if extended := data[0]&0x10 != 0; ok && extended {
		rest, ok = afterExtension(rest)
	}
	if padded := data[0]&0x20 != 0; ok && padded {
		rest, ok = beforePadding(rest)
	}
	if !ok {
		return Packet{}, errMalformed
	}
	p.Payload = rest
	return p, nil
}

func after(b []byte, n int) ([]byte, bool) {
	if n > len(b) {
		return nil, false
	}
	return b[n:], true
}

// afterExtension passes over a header extension, whose words are counted in its
// third and fourth byte.
func afterExtension(b []byte) ([]byte, bool) {
	if len(b) < wordLen {
		return nil, false
	}
	return after(b[wordLen:], int(binary.BigEndian.Uint16(b[2:]))*wordLen)
}

// beforePadding takes padding away: its last byte counts it, itself included.
func beforePadding(b []byte) ([]byte, bool) {
	if len(b) == 0 {
		return nil, false
	}
	n := int(b[len(b)-1])
	if n == 0 || n > len(b) {
		return nil, false
	}
	return b[:len(b)-n], true
}
