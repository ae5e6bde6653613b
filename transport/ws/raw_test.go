package ws

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The opcodes of RFC 6455.
const (
	opMore   = 0x0
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xA
)

// frame is one frame as a client sends it, right or wrong.
type frame struct {
	op       byte
	payload  []byte
	more     bool   // FIN is not set
	reserved byte   // bits, 0 to 7
	unmasked bool   //
	wide     int    // bytes of the length field, 2 or 8; 0: as few as will do
	length   uint64 // to claim; 0: the payload's
}

func (f frame) bytes() []byte {
	first := f.reserved<<4 | f.op
	if !f.more {
		first |= 0x80
	}
	length := f.length
	if length == 0 {
		length = uint64(len(f.payload))
	}
	var mask byte = 0x80
	if f.unmasked {
		mask = 0
	}
	out := []byte{first}
	switch {
	case f.wide == 8 || length > 0xffff:
		out = binary.BigEndian.AppendUint64(append(out, mask|127), length)
	case f.wide == 2 || length > 125:
		out = binary.BigEndian.AppendUint16(append(out, mask|126), uint16(length))
	default:
		out = append(out, mask|byte(length))
	}
	if f.unmasked {
		return append(out, f.payload...)
	}
	key := [4]byte{0x37, 0xfa, 0x21, byte(len(f.payload))}
	out = append(out, key[:]...)
	for i, b := range f.payload {
		out = append(out, b^key[i%4])
	}
	return out
}

// text, sound, more, ping and closing are frames that are right.
func text(s string) frame     { return frame{op: opText, payload: []byte(s)} }
func sound(n int) frame       { return frame{op: opBinary, payload: make([]byte, n)} }
func more(s string) frame     { return frame{op: opMore, payload: []byte(s)} }
func ping(s string) frame     { return frame{op: opPing, payload: []byte(s)} }
func closing(code int) frame  { return frame{op: opClose, payload: []byte{byte(code >> 8), byte(code)}} }
func (f frame) goesOn() frame { f.more = true; return f }
func marker(id string) string { return fmt.Sprintf(`{"type":"marker","id":%q}`, id) }
func padded(n int) string     { return marker("m") + strings.Repeat(" ", n-len(marker("m"))) }
func because(s string) []byte { return append([]byte{0x03, 0xe8}, s...) }

func joinedFrames(frames []frame) (out []byte) {
	for _, f := range frames {
		out = append(out, f.bytes()...)
	}
	return out
}

// peer is a connection with nothing between a test and the bytes.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

const upgrade = "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

func (d *door) host() string { return strings.TrimPrefix(d.url, "ws://") }

// knock sends a request, and returns what it is answered with.
func (d *door) knock(t *testing.T, request string) (*peer, *http.Response) {
	t.Helper()
	conn, err := net.Dial("tcp", d.host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, request)
	p := &peer{t, conn, bufio.NewReader(conn)}
	response, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return p, nil
	}
	return p, response
}

// raw connects and starts a voice.
func (d *door) raw(t *testing.T) *peer {
	t.Helper()
	p, response := d.knock(t, fmt.Sprintf(upgrade, d.host())+"\r\n")
	if response == nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake is answered with %+v", response)
	}
	p.conn.Write(text(`{"type":"start","source":"es","targets":["en"]}`).bytes())
	for _, want := range []string{"hello", "started"} {
		if _, payload, err := p.frame(); err != nil || !bytes.Contains(payload, []byte(want)) {
			t.Fatalf("%s and %v, want %s", payload, err, want)
		}
	}
	return p
}

// frame reads one frame of the server's, which must be whole and not masked.
func (p *peer) frame() (op byte, payload []byte, err error) {
	p.t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(p.in, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(head[1])
	if head[0]&0xf0 != 0x80 || n > 126 {
		p.t.Errorf("the server's frame begins with %x", head)
	}
	if n == 126 {
		var length [2]byte
		io.ReadFull(p.in, length[:])
		n = int(binary.BigEndian.Uint16(length[:]))
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(p.in, payload)
	return head[0] & 0xf, payload, err
}

// heard is what a peer has been sent until the connection ended.
type heardFrames struct {
	pongs   []string
	markers []string
	code    string // of the error
	close   int    // 0: none; 1005: without a code
	reason  string
}

// all reads to the end.
func (p *peer) all() (h heardFrames) {
	p.t.Helper()
	for {
		op, payload, err := p.frame()
		if err != nil {
			return h
		}
		switch op {
		case opPong:
			h.pongs = append(h.pongs, string(payload))
		case opClose:
			h.close = 1005
			if len(payload) >= 2 {
				h.close, h.reason = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
			}
			p.conn.Close()
			return h
		case opText:
			var m message
			if err := json.Unmarshal(payload, &m); err != nil {
				p.t.Errorf("%q: %v", payload, err)
			}
			if m.Type == "marker" {
				h.markers = append(h.markers, m.ID)
			}
			h.code = m.Code
		default:
			p.t.Errorf("the server sends opcode %x", op)
		}
	}
}
