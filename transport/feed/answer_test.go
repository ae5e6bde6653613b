package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sotto/transport/room"
)

// asks returns the status and the body of any request.
func (h *hall) asks(method, path string, header ...string) (int, string) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, strings.TrimSuffix(h.url, "/")+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestTheStateOfARoom(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "fr", "un", "", false)
	h.say(0, "en", "one", "", false)
	epoch := h.room.Follow().Cursor().Epoch
	want := fmt.Sprintf(`{"id":"hall","epoch":%d,"seq":3,"durable":false,"voices":1,"readers":1,"languages":["en","fr"]}`, epoch)
	if status, body := h.asks("GET", ""); status != 200 || body != want {
		t.Errorf("%d %s, want %s", status, body, want)
	}
}

func TestHistoryComesInPages(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	for i := range 1200 {
		h.say(i, [...]string{"en", "fr"}[i%2], fmt.Sprint("w", i), "", false)
	}
	var words []string
	pages := 0
	for path := "/history?n=500&lang=en"; path != ""; pages++ {
		status, body := h.asks("GET", path)
		var p struct {
			Events []struct {
				Type, Text string
				Seq        uint64
			}
			Before uint64
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != 200 || len(p.Events) > 500 {
			t.Fatalf("%s: %d, %v, %d events", path, status, err, len(p.Events))
		}
		path = ""
		if p.Before > 0 {
			path = fmt.Sprint("/history?n=500&lang=en&before=", p.Before)
		}
		for _, e := range slices.Backward(p.Events) {
			if e.Type == "commit" {
				words = append(words, e.Text)
			}
		}
	}
	slices.Reverse(words)
	if pages != 3 || len(words) != 600 || words[0] != " w0" || words[599] != " w1198" {
		t.Errorf("%d pages, %d words: %q", pages, len(words), words[:5])
	}
	for path, want := range map[string]int{
		"/history": 200, "/history?before=1": 200, "/history?n=501": 400, "/history?n=0": 400, "/history?n=x": 400,
		"/history?before=-1": 400, "/history?before=99999999999999999999": 400, "/../none/history": 404,
	} {
		if status, body := h.asks("GET", path); status != want {
			t.Errorf("%s: %d %.80s, want %d", path, status, body, want)
		}
	}
}

func TestARoomIsForgotten(t *testing.T) {
	h := openHall(t, &Handler{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "" }}, room.Options{})
	h.say(0, "en", "secret", "", false)
	rd := h.room.Follow()
	if status, _ := h.asks("DELETE", "", "Origin", "http://evil.example"); status != 403 {
		t.Errorf("a strange page: %d", status)
	}
	if status, body := h.asks("DELETE", ""); status != 204 || body != "" {
		t.Errorf("%d %s", status, body)
	}
	if _, err := rd.Next(t.Context()); !errors.Is(err, room.ErrForgotten) {
		t.Errorf("%v", err)
	}
	for _, method := range []string{"DELETE", "GET"} {
		if status, _ := h.asks(method, ""); status != 404 {
			t.Errorf("%s afterwards: %d", method, status)
		}
	}
}
