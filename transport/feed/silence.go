package feed

import (
	"bytes"
	"encoding/binary"
	"net/http"
)

// silence serves the sound of the stream: none.
func (l *live) silence(r *http.Request) (kind string, body []byte, ok bool) {
	name := r.PathValue("name")
	if name == "index.m3u8" {
		return asPlaylist, l.playlist("aac"), true
	}
	n, ok := segmentNumber(name, ".aac")
	return "audio/aac", silent(n), ok && n >= l.begin && n < l.next
}

// silentFrame is 32 ms of nothing in AAC-LC at 32 kHz: an ADTS header (ISO/IEC 13818-7,
// section 6.2) for one channel and 11 bytes, and an element of one channel with gain 0
// and no spectrum, behind which the block ends.
var silentFrame = []byte{0xff, 0xf1, 0x54, 0x40, 0x01, 0x7f, 0xfc, 0, 0, 0, 7}

const silentFrames = segmentMs / 32

// silent returns a segment of packed audio: its time stands in front in an ID3 tag
// (RFC 8216, section 3.4).
func silent(n int64) []byte {
	const owner = "com.apple.streaming.transportStreamTimestamp\x00"
	size := byte(len(owner) + 8)
	tag := append([]byte("ID3\x04\x00\x00\x00\x00\x00"), 10+size)
	tag = append(tag, "PRIV\x00\x00\x00"...)
	tag = append(tag, size, 0, 0)
	tag = binary.BigEndian.AppendUint64(append(tag, owner...), mpegts(n))
	return append(tag, bytes.Repeat(silentFrame, silentFrames)...)
}
