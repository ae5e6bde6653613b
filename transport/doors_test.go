package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// withDoors binds those that need their own address.
func withDoors(opt *Options) { opt.Doors = Doors{"127.0.0.1:0", "127.0.0.1:0"} }

func TestDoorsWithTheirOwnAddresses(t *testing.T) {
	s := run(t, Options{}, withDoors)
	clients, homes := s.Beside()

	conn, _, err := websocket.DefaultDialer.Dial("ws://"+clients.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte(`{"uid":"a","language":"es"}`))
	if _, data, err := conn.ReadMessage(); !strings.Contains(string(data), "SERVER_READY") {
		t.Errorf("%s, %v", data, err)
	}

	home, err := net.Dial("tcp", homes.String())
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	home.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(home, "{\"type\":\"describe\"}\n")
	if line, err := bufio.NewReader(home).ReadString('\n'); !strings.Contains(line, `"info"`) {
		t.Errorf("%q, %v", line, err)
	}
}

// A page of a rebound name, or of another place, does not come in there either.
func TestTheirOwnAddressesAreGuarded(t *testing.T) {
	s := run(t, Options{}, withDoors)
	clients, _ := s.Beside()
	for _, tt := range []struct {
		header http.Header
		status int
	}{
		{http.Header{"Host": {"evil.example"}}, 403},
		{http.Header{"Host": {s.Addr().String()}}, 403},
		{http.Header{"Origin": {"http://evil.example"}}, 403},
		{http.Header{"Origin": {"http://" + clients.String()}}, 101}, // as WhisperLive's client says
		{http.Header{}, 101},
	} {
		conn, response, _ := websocket.DefaultDialer.Dial("ws://"+clients.String(), tt.header)
		if conn != nil {
			conn.Close()
		}
		if response == nil || response.StatusCode != tt.status {
			t.Errorf("%v: %v, want %d", tt.header, response, tt.status)
		}
	}
}

func TestAnAddressThatIsTakenIsToldAtOnce(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	server, err := Listen("127.0.0.1:0", Options{Doors: Doors{Wyoming: taken.Addr().String(), WhisperLive: "127.0.0.1:0"}})
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("%v, %v", server, err)
	}
}

// A body that is announced and does not come holds no connection there.
func TestTheirOwnAddressesWaitForNoBody(t *testing.T) {
	s := run(t, Options{Rules: Rules{HTTP: HTTPLimits{BodyTime: 50 * time.Millisecond}}}, withDoors)
	clients, _ := s.Beside()
	conn, err := net.Dial("tcp", clients.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n", clients)
	if all, err := io.ReadAll(conn); err != nil {
		t.Errorf("%q, and then %v", all, err)
	}
}
