package ws

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// rule is a case of RFC 6455: what a client with an open voice sends, and what it
// is answered with. A marker that comes back is the proof of a message that was
// understood. Who keeps the rules can end the voice well.
type rule struct {
	name    string
	send    []byte
	pongs   []string
	markers []string
	code    string // of the error; "": none
	close   int    // 0: the voice goes on
}

func kept(name string, send ...frame) rule {
	return rule{name: name, send: joinedFrames(send), markers: []string{"m"}}
}

func broke(name string, send ...frame) rule {
	return rule{name: name, send: joinedFrames(send), close: 1002}
}

func refused(name, code string, close int, send ...frame) rule {
	return rule{name: name, send: joinedFrames(send), code: code, close: close}
}

func closed(name string, close int, send ...frame) rule {
	return rule{name: name, send: joinedFrames(send), close: close}
}

func ponged(name string, pongs []string, send ...frame) rule {
	return rule{name: name, send: joinedFrames(send), pongs: pongs, markers: []string{"m"}}
}

func lengths() (rules []rule) {
	for _, n := range []int{26, 125, 126, 127, 128, 1000, 8191, 8192} {
		rules = append(rules, kept(fmt.Sprintf("text of %d bytes", n), text(padded(n))))
	}
	for _, n := range []int{0, 2, 124, 126, 128, 254, 256, 1280, 65534, 65536} {
		rules = append(rules, kept(fmt.Sprintf("sound of %d bytes", n), sound(n), text(marker("m"))))
	}
	for _, wide := range []int{2, 8} {
		rules = append(rules,
			kept(fmt.Sprintf("a length of %d bytes for a short text", wide), frame{op: opText, payload: []byte(marker("m")), wide: wide}),
			kept(fmt.Sprintf("a length of %d bytes for short sound", wide), frame{op: opBinary, payload: make([]byte, 4), wide: wide}, text(marker("m"))))
	}
	for _, op := range []byte{opText, opBinary} {
		for _, length := range []uint64{1 << 17, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
			rules = append(rules, refused(fmt.Sprintf("opcode %d of %d bytes", op, length), "too_big", 1009,
				frame{op: op, length: length, wide: 8, payload: make([]byte, 70000)}))
		}
	}
	return append(rules,
		refused("a text of 8193 bytes", "too_big", 1009, text(padded(8193))),
		refused("sound of 65538 bytes", "too_big", 1009, sound(65538)),
		refused("a text of no bytes", "message", 4450, text("")),
		refused("sound of half a sample", "format", 4451, sound(125)))
}

func reserved() (rules []rule) {
	for bits := byte(1); bits < 8; bits++ {
		for _, op := range []byte{opText, opBinary, opPing, opPong, opClose} {
			rules = append(rules, broke(fmt.Sprintf("reserved bits %03b of opcode %d", bits, op), frame{op: op, reserved: bits}))
		}
		rules = append(rules, broke(fmt.Sprintf("reserved bits %03b of a continuation", bits), text(marker("m")).goesOn(), frame{reserved: bits}))
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		rules = append(rules,
			broke(fmt.Sprintf("opcode %d", op), frame{op: op}),
			broke(fmt.Sprintf("opcode %d with a payload", op), frame{op: op, payload: []byte("x")}),
			broke(fmt.Sprintf("opcode %d inside a message", op), text("{").goesOn(), frame{op: op}))
	}
	return rules
}

func control() (rules []rule) {
	long := strings.Repeat("p", 125)
	for _, payload := range []string{"", "a", long, "\xff\x00\xfe"} {
		rules = append(rules, ponged(fmt.Sprintf("a ping of %d bytes", len(payload)), []string{payload}, ping(payload), text(marker("m"))))
	}
	for _, op := range []byte{opPing, opPong, opClose} {
		rules = append(rules,
			broke(fmt.Sprintf("opcode %d of 126 bytes", op), frame{op: op, payload: make([]byte, 126)}),
			broke(fmt.Sprintf("opcode %d of 65536 bytes", op), frame{op: op, payload: make([]byte, 65536)}),
			broke(fmt.Sprintf("opcode %d in fragments", op), frame{op: op, more: true}, more("")),
			broke(fmt.Sprintf("opcode %d in fragments inside a message", op), text("{").goesOn(), frame{op: op, more: true}))
	}
	many := slices.Repeat([]frame{ping("x")}, maxPings)
	return append(rules,
		refused("more pings than that", "flood", 1008, slices.Repeat(many, 10)...),
		ponged("pings in their order", []string{"1", "2", "3"}, ping("1"), ping("2"), ping("3"), text(marker("m"))),
		ponged("many pings", slices.Repeat([]string{"x"}, maxPings), append(slices.Clone(many), text(marker("m")))...),
		ponged("a ping inside a message", []string{"in"}, text(marker("m")[:9]).goesOn(), ping("in"), more(marker("m")[9:])),
		ponged("a ping inside each pause of a message", []string{"1", "2"},
			text(marker("m")[:5]).goesOn(), ping("1"), more(marker("m")[5:9]).goesOn(), ping("2"), more(marker("m")[9:])),
		kept("a pong nobody asked for", frame{op: opPong, payload: []byte("?")}, text(marker("m"))),
		kept("a pong inside a message", text(marker("m")[:9]).goesOn(), frame{op: opPong}, more(marker("m")[9:])))
}

func fragments() (rules []rule) {
	whole := marker("m")
	letters := []frame{text(whole[:1]).goesOn()}
	for _, c := range whole[1 : len(whole)-1] {
		letters = append(letters, more(string(c)).goesOn())
	}
	letters = append(letters, more(whole[len(whole)-1:]))
	half := frame{op: opText, payload: []byte(whole)}.bytes()
	return append(rules,
		kept("a text in two", text(whole[:9]).goesOn(), more(whole[9:])),
		kept("a text in letters", letters...),
		kept("empty fragments before", text("").goesOn(), more("").goesOn(), more(whole)),
		kept("empty fragments within", text(whole[:9]).goesOn(), more("").goesOn(), more("").goesOn(), more(whole[9:])),
		kept("an empty fragment behind", text(whole).goesOn(), more("")),
		kept("sound in two, apart within a sample", sound(641).goesOn(), more("x"), text(whole)),
		kept("sound in two, then text in two", sound(2).goesOn(), more("xy"), text(whole[:9]).goesOn(), more(whole[9:])),
		broke("a text inside a text", text(whole[:9]).goesOn(), text(whole)),
		broke("sound inside a text", text(whole[:9]).goesOn(), sound(2)),
		broke("a text inside sound", sound(2).goesOn(), text(whole)),
		broke("a continuation of nothing", more(whole)),
		broke("a continuation of nothing that goes on", more(whole).goesOn()),
		broke("a continuation behind the end", text(`{"type":"flush"}`).goesOn(), more(""), more("")),
		broke("a continuation behind a whole message", text(`{"type":"flush"}`), more("")),
		refused("a text too long in two", "too_big", 1009, text(padded(8192)).goesOn(), more(" ")),
		refused("sound too long in many", "too_big", 1009, append([]frame{sound(0).goesOn()}, slices.Repeat([]frame{more("0123456789abcdef").goesOn()}, 4097)...)...),
		rule{name: "half a text", send: half[:len(half)-3], code: "unfinished", close: 1008},
		refused("a text that is never ended", "unfinished", 1008, text(whole).goesOn()),
		refused("a text of empty fragments", "unfinished", 1008, append([]frame{text(whole).goesOn()}, slices.Repeat([]frame{more("").goesOn()}, 1000)...)...),
	)
}

func masks() (rules []rule) {
	for _, op := range []byte{opText, opBinary, opPing, opPong, opClose} {
		for _, payload := range []string{"", "{}"} {
			rules = append(rules, broke(fmt.Sprintf("opcode %d of %d bytes, not masked", op, len(payload)), frame{op: op, unmasked: true, payload: []byte(payload)}))
		}
	}
	return append(rules, broke("a continuation, not masked", text(marker("m")).goesOn(), frame{unmasked: true}))
}

func letters() (rules []rule) {
	for _, id := range []string{"κόσμε", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "日本語🙂"} {
		m := `{"type":"marker","id":"` + id + `"}`
		for _, at := range []int{len(m), 1} {
			rules = append(rules, rule{name: fmt.Sprintf("%+q in fragments of %d", id, at), send: chopped(m, at), markers: []string{id}})
		}
	}
	for _, bad := range []string{
		"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", "\xf0\x9d\x84", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff",
	} {
		m := `{"type":"marker","id":"` + bad + `"}`
		for _, at := range []int{len(m), 1} {
			rules = append(rules, rule{name: fmt.Sprintf("%x in fragments of %d", bad, at), send: chopped(m, at), code: "utf8", close: 1007})
		}
		rules = append(rules, refused(fmt.Sprintf("%x alone", bad), "utf8", 1007, text(bad)))
	}
	return rules
}

// chopped is a text in fragments of so many bytes.
func chopped(s string, size int) (out []byte) {
	op := byte(opText)
	for ; len(s) > size; s = s[size:] {
		out = append(out, frame{op: op, more: true, payload: []byte(s[:size])}.bytes()...)
		op = opMore
	}
	return append(out, frame{op: op, payload: []byte(s)}.bytes()...)
}

func closes() (rules []rule) {
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4450, 4999} {
		rules = append(rules, closed(fmt.Sprintf("close %d", code), code, closing(code)))
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		rules = append(rules, broke(fmt.Sprintf("close %d", code), closing(code)))
	}
	why := func(s string) frame { return frame{op: opClose, payload: because(s)} }
	return append(rules,
		closed("close without a code", 1005, frame{op: opClose}),
		closed("close of one byte", 1005, frame{op: opClose, payload: []byte{3}}), // as if it had no code
		closed("close with a reason", 1000, why("done")),
		closed("close with 123 bytes of reason", 1000, why(strings.Repeat("r", 123))),
		broke("close with 124 bytes of reason", why(strings.Repeat("r", 124))),
		broke("close with a reason of no UTF-8", why("\xff")),
		broke("close with a reason that ends in a letter", why("\xe2\x82")),
		closed("close inside a message", 1000, text("{").goesOn(), closing(1000)),
		closed("a text behind the close", 1000, closing(1000), text(marker("m"))),
		closed("a ping behind the close", 1000, closing(1000), ping("x")),
		closed("two closes", 1000, closing(1000), closing(1001)),
		closed("rubbish behind the close", 1000, closing(1000), frame{op: 7, reserved: 7, unmasked: true}))
}

func TestRulesOfRFC6455(t *testing.T) {
	d := openDoor(t, 64) // more than are given back late
	d.Handler.Limits = func() Limits { return Limits{Message: 50 * time.Millisecond, Linger: 100 * time.Millisecond} }
	n := 0
	for group, rules := range map[string][]rule{
		"lengths": lengths(), "reserved": reserved(), "control": control(), "fragments": fragments(), "masks": masks(), "letters": letters(), "closes": closes(),
	} {
		t.Run(group, func(t *testing.T) {
			for _, r := range rules {
				n++
				p := d.raw(t)
				p.conn.Write(r.send)
				p.check(r)
			}
		})
	}
	if t.Logf("%d cases", n); n < 120 {
		t.Errorf("only %d cases", n)
	}
}

// check holds what comes against a rule.
func (p *peer) check(r rule) {
	p.t.Helper()
	if r.close == 0 {
		p.conn.Write(text(`{"type":"stop"}`).bytes())
		r.close = 1000
	}
	h := p.all()
	if r.code == "flood" {
		h.pongs = nil // some
	}
	if h.close != r.close || h.code != r.code || !slices.Equal(h.pongs, r.pongs) || !slices.Equal(h.markers, r.markers) {
		p.t.Errorf("%s: %+v, want close %d, error %q, pongs %q, markers %q", r.name, h, r.close, r.code, r.pongs, r.markers)
	}
	if r.code != "" && !strings.HasPrefix(h.reason, r.code+": ") || r.close == 1002 && h.reason == "" && !strings.HasPrefix(r.name, "close 1002") {
		p.t.Errorf("%s: closed with %q", r.name, h.reason)
	}
}

// A network may cut anywhere.
func TestBytesMayComeOneByOne(t *testing.T) {
	d := openDoor(t, 64)
	for _, r := range []rule{
		kept("a text", text(padded(130))),
		kept("a text in two", text(marker("m")[:9]).goesOn(), more(marker("m")[9:])),
		kept("sound", sound(256), text(marker("m"))),
		ponged("a ping", []string{"there?"}, ping("there?"), text(marker("m"))),
		closed("a close", 1001, closing(1001)),
		broke("reserved bits", frame{op: opText, reserved: 4}),
		refused("no UTF-8", "utf8", 1007, text("\xff")),
	} {
		p := d.raw(t)
		for i := range r.send {
			p.conn.Write(r.send[i : i+1])
		}
		p.check(r)
	}
}

func TestHandshakes(t *testing.T) {
	d := openDoor(t, 1)
	good := fmt.Sprintf(upgrade, d.host())
	with := func(header string) string { return good + header + "\r\n\r\n" }
	without := func(old, new string) string { return strings.Replace(good, old, new, 1) + "\r\n" }
	for _, tt := range []struct {
		name, request string
		status        int
		protocol      string
	}{
		{"plain", good + "\r\n", 101, ""},
		{"our protocol", with("Sec-WebSocket-Protocol: sotto.v1"), 101, "sotto.v1"},
		{"our protocol and a token", with("Sec-WebSocket-Protocol: sotto.token.c2VjcmV0, sotto.v1"), 101, "sotto.v1"},
		{"a token alone", with("Sec-WebSocket-Protocol: sotto.token.c2VjcmV0"), 400, ""},
		{"another protocol", with("Sec-WebSocket-Protocol: chat"), 400, ""},
		{"compression is not taken up", with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), 101, ""},
		{"another version", without("Version: 13", "Version: 8"), 400, ""},
		{"no version", without("Sec-WebSocket-Version: 13\r\n", ""), 400, ""},
		{"no key", without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400, ""},
		{"a short key", without("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400, ""},
		{"no upgrade", without("Upgrade: websocket\r\n", ""), 400, ""},
		{"another upgrade", without("Upgrade: websocket", "Upgrade: h2c"), 400, ""},
		{"no connection", without("Connection: Upgrade\r\n", ""), 400, ""},
		{"not GET", without("GET", "POST"), 405, ""},
		{"a foreign page", with("Origin: http://elsewhere.example"), 403, ""},
		{"a page of no origin", with("Origin: null"), 403, ""},
	} {
		p, response := d.knock(t, tt.request)
		if response == nil || response.StatusCode != tt.status || response.Header.Get("Sec-WebSocket-Protocol") != tt.protocol ||
			response.Header.Get("Sec-WebSocket-Extensions") != "" {
			t.Errorf("%s: answered with %+v", tt.name, response)
			continue
		}
		if body := said(response); tt.status != 101 && !strings.Contains(body, "; ") {
			t.Errorf("%s: answered with %q, which says not what to do", tt.name, body)
		}
		p.conn.Close()
	}
	if p, response := d.knock(t, good+"\r\n"+string(text("{}").bytes())); response != nil {
		t.Errorf("words before the handshake are answered with %+v and %+v", response, p.all())
	}
}

// said is the body of an answer that was no upgrade.
func said(r *http.Response) string {
	if r.StatusCode == http.StatusSwitchingProtocols {
		return ""
	}
	body, _ := io.ReadAll(r.Body)
	return string(body)
}
