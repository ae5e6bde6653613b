package whip

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"sotto/transport/wire"
)

func example(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// replaced exchanges text that must be there.
func replaced(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q to replace", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

const fingerprint = "a=fingerprint:sha-256 "

// hostileOffers are refused with a status and a code, and with a sentence that has
// these words.
func hostileOffers(t testing.TB) map[string]struct {
	offer, code, words string
	status             int
} {
	good := example(t, "browser.sdp")
	audio := good[:strings.Index(good, "m=video")]
	second := good[strings.Index(good, "m=audio"):strings.Index(good, "m=video")]
	data := good[strings.Index(good, "m=application"):]
	change := func(pairs ...string) string { return replaced(t, good, pairs...) }
	return map[string]struct {
		offer, code, words string
		status             int
	}{
		"nothing":                    {"", "sdp_media", "found: none", 406},
		"no SDP":                     {"GET / HTTP/1.1\r\n\r\n", "sdp", "cannot be read", 400},
		"too long":                   {good + strings.Repeat("a=x\r\n", 4000), "sdp", "over 16 KiB", 413},
		"no UTF-8":                   {change("s=-", "s=\xff\xfe"), "sdp", "not UTF-8", 400},
		"a zero byte":                {change("s=-", "s=\x00"), "sdp", "not UTF-8", 400},
		"a thousand lines":           {audio + strings.Repeat("a=x\r\n", 1000), "sdp", "lines", 400},
		"a long line":                {audio + "a=" + strings.Repeat("x", 1100) + "\r\n", "sdp", "longer than 1024", 400},
		"no track":                   {good[:strings.Index(good, "m=audio")], "sdp_media", "found: none", 406},
		"video alone":                {strings.Replace(good, second, "", 1), "sdp_media", `found: "video", "application"`, 406},
		"two microphones":            {audio + strings.ReplaceAll(second, "a=mid:0", "a=mid:3"), "sdp_media", "two of audio", 406},
		"two data channels":          {good + data, "sdp_media", "two of application", 406},
		"a message track":            {audio + "m=message 9 TCP/MSRP *\r\n", "sdp_media", `"message"`, 406},
		"an application of its own":  {change("UDP/DTLS/SCTP", "UDP/BFCP"), "sdp_media", "no data channel", 406},
		"a track that only receives": {strings.Replace(good, "a=sendonly", "a=recvonly", 1), "sdp_media", "recvonly", 406},
		"simulcast":                  {strings.Replace(good, "a=rtcp-rsize", "a=rid:hi send\r\na=simulcast:send hi", 1), "sdp_media", "simulcast", 406},
		"G.711 alone":                {change("opus/48000/2", "PCMU/8000"), "sdp_codec", "Opus is needed", 406},
		"Opus at another rate":       {change("opus/48000/2", "opus/16000/2"), "sdp_codec", `"opus/16000/2"`, 406},
		"Opus that is not offered":   {change(" 111 63", " 63"), "sdp_codec", "Opus is needed", 406},
		"no fingerprint":             {change(fingerprint, "a=x:"), "sdp_dtls", "SHA-256", 400},
		"a weak fingerprint":         {change("sha-256", "sha-1"), "sdp_dtls", `"sha-1"`, 400},
		"half a fingerprint":         {change(fingerprint+"0B:30:", fingerprint), "sdp_dtls", "malformed", 400},
		"no setup":                   {change("a=setup:actpass\r\n", ""), "sdp_dtls", "a=setup", 400},
		"both passive":               {change("a=setup:actpass", "a=setup:passive"), "sdp_dtls", "passive", 400},
		"plain RTP":                  {change("m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/AVP"), "sdp_dtls", `"RTP/AVP"`, 400},
		"keys in the offer":          {change("a=rtcp-rsize", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"), "sdp_dtls", "keys", 400},
		"no ICE user":                {change("a=ice-ufrag:EsAw\r\n", ""), "sdp_ice", "0 characters", 400},
		"a short ICE password":       {change("bP+XJMM09aR8AiX1jdukzR6Y", "bP+X"), "sdp_ice", "4 characters", 400},
		"a long ICE user":            {change("EsAw", strings.Repeat("a", 300)), "sdp_ice", "300 characters", 400},
		"an ICE user with a space":   {change("EsAw", "Es Aw"), "sdp_ice", "ICE credentials", 400},
		"two that wait":              {change("a=extmap-allow-mixed", "a=ice-lite"), "sdp_ice", "ICE-lite", 400},
	}
}

func TestHostileOffers(t *testing.T) {
	t.Parallel()
	h := build(t)
	for name, c := range hostileOffers(t) {
		response, body := h.ask("POST", "/whip/hall?source=es&targets=en", offerType, c.offer)
		var why wire.Error
		if err := json.Unmarshal([]byte(body), &why); err != nil || response.StatusCode != c.status || why.Code != c.code || !strings.Contains(why.Message, c.words) {
			t.Errorf("%s: %d %s, want %d %s with %q", name, response.StatusCode, body, c.status, c.code, c.words)
		}
	}
	if seats := len(h.sessions); seats != 0 {
		t.Errorf("%d sessions are left", seats)
	}
	h.connect("?source=es&targets=en", nil).stop() // the door still opens
}

// What browsers and streaming programs offer is answered: sound is heard, video is
// not, and the encoder is told what we want.
func TestAnswers(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, name := range []string{"browser.sdp", "streamer.sdp"} {
		offered := strings.Split(example(t, name), "m=")
		response, answer := h.ask("POST", "/whip/hall?source=es&targets=en", offerType+"; charset=utf-8", example(t, name))
		if response.StatusCode != http.StatusCreated || response.Header.Get("Content-Type") != offerType {
			t.Fatalf("%s: %s %s", name, response.Status, answer)
		}
		var parsed webrtc.SessionDescription
		parsed.Type, parsed.SDP = webrtc.SDPTypeAnswer, answer
		if _, err := parsed.Unmarshal(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sections := strings.Split(answer, "m=")
		for _, line := range []string{"a=ice-lite\r\n"} {
			if !strings.Contains(sections[0], line) {
				t.Errorf("%s: no %q in\n%s", name, line, answer)
			}
		}
		for _, line := range []string{"a=recvonly\r\n", "a=setup:passive\r\n", "a=ptime:20\r\n", "a=fmtp:111 " + wanted + "\r\n", "a=candidate:"} {
			if !strings.Contains(sections[1], line) {
				t.Errorf("%s: no %q in\n%s", name, line, answer)
			}
		}
		if video := sections[2]; !strings.HasPrefix(video, "video 0 ") || !strings.Contains(video, "a=inactive\r\n") || !strings.Contains(video, "a=mid:1\r\n") || len(sections) != len(offered) {
			t.Errorf("%s: video is answered with\n%s", name, video)
		}
		if n := strings.Count(answer, "a=fmtp:"); n != 1 {
			t.Errorf("%s: %d fmtp lines in\n%s", name, n, answer)
		}
		h.ask("DELETE", response.Header.Get("Location"), "", "")
	}
}

// FuzzOffer holds that an offer is refused, or has one audio track and no
// candidate when it is passed on.
func FuzzOffer(f *testing.F) {
	for _, c := range hostileOffers(f) {
		f.Add([]byte(c.offer))
	}
	f.Add([]byte(example(f, "browser.sdp")))
	f.Add([]byte(example(f, "streamer.sdp")))
	f.Fuzz(func(t *testing.T, body []byte) {
		offer, why := readOffer(body)
		if why != nil {
			if why.status < 400 || why.Message == "" {
				t.Fatalf("refused with %+v", why)
			}
			return
		}
		if strings.Count(offer, "\nm=audio ") != 1 || strings.Contains(offer, "\na=candidate") {
			t.Fatalf("passed on:\n%s", offer)
		}
		steer(offer, offer)
	})
}
