package whip

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const fragment = "a=ice-ufrag:EsAw\r\na=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.7 9 typ host\r\n"

func TestTheRulesOfWHIP(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *Options) {
		o.CheckOrigin = func(r *http.Request) bool {
			origin := r.Header.Get("Origin")
			return origin == "" || origin == "https://ours.example"
		}
	})
	offer := example(t, "browser.sdp")
	response, _ := h.ask("POST", "/whip/hall?source=es&targets=en&transcribe=1&latency=fast&name=me", offerType, offer, "Origin", "https://ours.example")
	location, tag := response.Header.Get("Location"), response.Header.Get("ETag")
	if response.StatusCode != 201 || !strings.HasPrefix(location, "/whip/hall/") || tag == "" ||
		!strings.Contains(response.Header.Get("Link"), "/rooms/hall/events") ||
		response.Header.Get("Access-Control-Allow-Origin") != "https://ours.example" ||
		!strings.Contains(response.Header.Get("Access-Control-Expose-Headers"), "Location") {
		t.Fatalf("%s %v", response.Status, response.Header)
	}
	other := strings.Replace(location, "hall", "attic", 1)
	for _, c := range []struct {
		name, method, path, kind, body string
		header                         []string
		status                         int
		words                          string
	}{
		{"what is accepted", "OPTIONS", "/whip/hall", "", "", nil, 204, ""},
		{"what is accepted later", "OPTIONS", location, "", "", nil, 204, ""},
		{"a page asks", "OPTIONS", "/whip/hall", "", "", []string{"Origin", "https://ours.example"}, 204, ""},
		{"a strange page asks", "OPTIONS", "/whip/hall", "", "", []string{"Origin", "https://theirs.example"}, 403, "may not publish"},
		{"a strange page publishes", "POST", "/whip/hall?source=es", offerType, offer, []string{"Origin", "https://theirs.example"}, 403, "may not publish"},
		{"an endpoint is read", "GET", "/whip/hall", "", "", nil, 405, "not known"},
		{"a session is read", "GET", location, "", "", nil, 405, "not known"},
		{"a session is put", "PUT", location, "", "", nil, 405, ""},
		{"JSON", "POST", "/whip/hall?source=es", "application/json", "{}", nil, 415, "application/json"},
		{"no type", "POST", "/whip/hall?source=es", "", offer, nil, 415, ""},
		{"an unknown language", "POST", "/whip/hall?source=es&targets=xx", offerType, offer, nil, 400, "xx"},
		{"an unknown word", "POST", "/whip/hall?source=es&to=en", offerType, offer, nil, 400, `"to"`},
		{"a word twice", "POST", "/whip/hall?source=es&source=es", offerType, offer, nil, 400, `"source"`},
		{"neither true nor false", "POST", "/whip/hall?source=es&transcribe=perhaps", offerType, offer, nil, 400, `"perhaps"`},
		{"an unknown latency", "POST", "/whip/hall?source=es&targets=en&latency=soon", offerType, offer, nil, 400, `"soon"`},
		{"a room that cannot be", "POST", "/whip/HALL?source=es&targets=en", offerType, offer, nil, 400, "no room"},

		{"a candidate", "PATCH", location, trickle, fragment, []string{"If-Match", tag}, 204, ""},
		{"a candidate of nobody", "PATCH", location, trickle, fragment, nil, 428, "not said"},
		{"a candidate of old", "PATCH", location, trickle, fragment, []string{"If-Match", `"old"`}, 412, "session changed"},
		{"a candidate elsewhere", "PATCH", other, trickle, fragment, []string{"If-Match", tag}, 404, "no such session"},
		{"a restart", "PATCH", location, trickle, strings.Replace(fragment, "EsAw", "NewU", 1), []string{"If-Match", "*"}, 422, "restarts"},
		{"new credentials", "PATCH", location, trickle, strings.Replace(fragment, "EsAw", "NewU", 1), []string{"If-Match", tag}, 422, "restarts"},
		{"a second offer", "PATCH", location, offerType, offer, []string{"If-Match", tag}, 415, ""},
		{"an endless fragment", "PATCH", location, trickle, strings.Repeat("a=x\r\n", 4000), []string{"If-Match", tag}, 413, ""},
		{"an end elsewhere", "DELETE", other, "", "", nil, 404, "no such session"},
		{"an end", "DELETE", location, "", "", nil, 200, ""},
	} {
		response, body := h.ask(c.method, c.path, c.kind, c.body, c.header...)
		if response.StatusCode != c.status || !strings.Contains(strings.ReplaceAll(body, `\"`, `"`), c.words) {
			t.Errorf("%s: %s %s, want %d with %q", c.name, response.Status, body, c.status, c.words)
		}
		if c.method == "OPTIONS" && c.status == 204 && response.Header.Get("Accept-Post")+response.Header.Get("Accept-Patch") == "" {
			t.Errorf("%s: %v", c.name, response.Header)
		}
	}
	h.until("the session is gone", func() bool {
		response, _ := h.ask("DELETE", location, "", "")
		return response.StatusCode == 404
	})
}

func TestNoSeatIsLeft(t *testing.T) {
	t.Parallel()
	h := build(t)
	offer := example(t, "browser.sdp")
	for seats := 0; ; seats++ {
		response, body := h.ask("POST", "/whip/hall?source=es&targets=en", offerType, offer)
		if response.StatusCode == 503 {
			if response.Header.Get("Retry-After") == "" || !strings.Contains(body, "seat") {
				t.Errorf("%v %s", response.Header, body)
			}
			return
		}
		if response.StatusCode != 201 || seats > 20 {
			t.Fatalf("%s with %d voices", response.Status, seats)
		}
	}
}

func TestNothingIsHeardBeforeTheModel(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *Options) { o.Ready = func() bool { return false } })
	response, _ := h.ask("POST", "/whip/hall?source=es&targets=en", offerType, example(t, "browser.sdp"))
	if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("%s", response.Status)
	}
}

// Of who does not connect, the seat is free again after a while.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *Options) { o.Connect = 100 * time.Millisecond })
	h.ask("POST", "/whip/hall?source=es&targets=en", offerType, example(t, "browser.sdp"))
	h.until("the session ends", func() bool { return strings.Contains(h.log.String(), errConnect.Error()) })
}

// No candidate of an offer is ever contacted, and the answer tells of no address
// but the door's.
func TestCandidatesAreLeftAlone(t *testing.T) {
	t.Parallel()
	h := build(t)
	victim, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	port := victim.LocalAddr().(*net.UDPAddr).Port
	var candidates strings.Builder
	for _, address := range []string{
		"127.0.0.1", "0.0.0.0", "::", "::1", "169.254.169.254", "169.254.0.1", "fe80::1", "224.0.0.251", "ff02::fb", "255.255.255.255",
		"10.0.0.1", "192.168.0.1", "172.17.0.1", "a1b2c3d4.local", "metadata.example",
	} {
		candidates.WriteString("a=candidate:1 1 UDP 2122317823 " + address + " " + itoa(port) + " typ host\r\n")
	}
	for _, line := range []string{"1 1 TCP 1518280447 127.0.0.1 22 typ host tcptype passive", "1 1 UDP 1 127.0.0.1 53 typ host", "1 1 UDP 1 127.0.0.1 0 typ host", "1 1 UDP 1 127.0.0.1 99999 typ host", "x"} {
		candidates.WriteString("a=candidate:" + line + "\r\n")
	}
	offer := replaced(t, example(t, "browser.sdp"), "a=mid:0\r\n", "a=mid:0\r\n"+candidates.String())
	response, answer := h.ask("POST", "/whip/hall?source=es&targets=en", offerType, offer)
	if response.StatusCode != 201 {
		t.Fatalf("%s %s", response.Status, answer)
	}
	h.ask("PATCH", response.Header.Get("Location"), trickle, fragment+candidates.String(), "If-Match", response.Header.Get("ETag"))
	for line := range strings.Lines(answer) {
		if strings.HasPrefix(line, "a=candidate:") && !strings.Contains(line, " 127.0.0.1 "+itoa(h.udp.Port)+" typ host") {
			t.Errorf("the answer tells of %q", line)
		}
	}
	victim.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	if n, from, err := victim.ReadFrom(make([]byte, 2000)); err == nil {
		t.Errorf("%d bytes came from %v", n, from)
	}
}

func TestUsableAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]bool{ // in public, on the loopback interface
		"192.0.2.1": {true, true}, "2001:db8::1": {true, true}, "10.0.0.1": {true, true},
		"127.0.0.1": {false, true}, "::1": {false, true},
		"169.254.169.254": {}, "fe80::1": {}, "224.0.0.251": {}, "ff02::1": {}, "0.0.0.0": {}, "::": {}, "255.255.255.255": {},
	} {
		ip := net.ParseIP(address)
		if got := [2]bool{usable(ip, false), usable(ip, true)}; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// Behind a NAT the answer has its address in the place of ours.
func TestAddressesAreRewritten(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *Options) { o.Addresses = []string{"198.51.100.7"} })
	_, answer := h.ask("POST", "/whip/hall?source=es&targets=en", offerType, example(t, "browser.sdp"))
	if !strings.Contains(answer, " 198.51.100.7 "+itoa(h.udp.Port)+" typ host") || strings.Contains(answer, " 127.0.0.1 "+itoa(h.udp.Port)) {
		t.Error(answer)
	}
}

// When the server stops, what was heard is said, then nobody is let in.
func TestTheServerStops(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.connect("?source=es&targets=en", nil)
	p.speak(clip(t)[:70], 1) // most of a sentence
	h.stop()
	p.until("the goodbye comes", func() bool { return len(p.said("error")) > 0 })
	if text := p.texts()["en"]; !strings.Contains(p.said("error")[0], "stopping") || !strings.HasPrefix(text, "Good") {
		t.Errorf("%q, then %q", text, p.said("error"))
	}
	response, _ := h.ask("POST", "/whip/hall?source=es&targets=en", offerType, example(t, "browser.sdp"))
	if response.StatusCode != 503 {
		t.Errorf("%s", response.Status)
	}
}
