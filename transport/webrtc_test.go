package transport

import (
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"sotto/transport/metrics"
)

// publish sends an offer as a publisher does.
func (r *running) publish(t *testing.T, offer string) (*http.Response, string) {
	return r.ask(t, "POST", "/whip/hall?source=es&targets=en", func(q *http.Request) {
		q.Header.Set("Content-Type", "application/sdp")
		q.Body, q.ContentLength = io.NopCloser(strings.NewReader(offer)), int64(len(offer))
	})
}

// On the loopback interface voices are published to the server's own port, over UDP.
func TestVoicesArePublished(t *testing.T) {
	offer, err := os.ReadFile("whip/testdata/browser.sdp")
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, Options{WebRTC: WebRTC{Listen: "auto"}, Metrics: metrics.New()})
	response, answer := r.publish(t, string(offer))
	_, port, _ := net.SplitHostPort(r.Addr().String())
	if response.StatusCode != 201 || !strings.Contains(answer, " 127.0.0.1 "+port+" typ host") {
		t.Errorf("%s\n%s", response.Status, answer)
	}
	if _, shown := r.ask(t, "GET", "/metrics", func(*http.Request) {}); !strings.Contains(shown, "\nsotto_whip_sessions 1\n") || !strings.Contains(shown, "\nsotto_whip_sessions_total 1\n") {
		t.Errorf("the measurements are\n%s", shown)
	}
	r.stop() // the voice is drained
}

func TestWebRTCIsOff(t *testing.T) {
	r := run(t, Options{WebRTC: WebRTC{Listen: "off"}})
	if response, body := r.publish(t, "v=0"); response.StatusCode != 404 || !strings.Contains(body, "--whip") {
		t.Errorf("%s %s", response.Status, body)
	}
}

func TestWebRTCCannotListen(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := Listen("127.0.0.1:0", Options{WebRTC: WebRTC{Listen: taken.LocalAddr().String()}}); err == nil || !strings.Contains(err.Error(), "for WebRTC") {
		t.Errorf("error %v", err)
	}
}
