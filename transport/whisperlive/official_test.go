package whisperlive

import (
	"slices"
	"strings"
	"testing"

	"sotto/transport/doortest"
)

// WhisperLive's own clients, with nothing changed but the port.
func TestOfficialClient(t *testing.T) {
	python := doortest.Python(t, "whisper_live, numpy, scipy, av, websocket", "numpy scipy av websocket-client, then pip install --no-deps whisper-live")
	type streamed struct {
		Committed, Translated, Errors []string
		Partial                       int
		Language                      string
		Segments                      []segment
	}
	var got struct {
		Version, Full, Said string
		Spanish, Both       streamed
		English             []string // transcript and subtitles
	}
	d := openDoor(t, doortest.Pocket(t, 1))
	doortest.Run(t, &got, doortest.S16(doortest.Clip(t, 0)), python, "testdata/clients/client.py", d.port())
	t.Logf("whisper-live %s", got.Version)
	for _, s := range []streamed{got.Spanish, got.Both} {
		if text := strings.Join(s.Committed, " "); text != doortest.Spanish || failed(s.Errors) || s.Language != "es" {
			t.Errorf("%q in %q, errors %q", text, s.Language, s.Errors)
		}
		if !slices.IsSortedFunc(s.Segments, func(a, b segment) int { return strings.Compare(clock(a.Start), clock(b.Start)) }) || len(s.Segments) != 7 {
			t.Errorf("%d segments %v", len(s.Segments), s.Segments)
		}
	}
	if text := strings.Join(got.Both.Translated, ""); text != " "+doortest.German {
		t.Errorf("translated as %q", text)
	}
	if !strings.HasPrefix(got.English[0], "Good morning, Elena. The plane to Paris leaves tomorrow at 12:20.") || !strings.HasPrefix(got.English[1], "1\n00:00:00,") {
		t.Errorf("%q", got.English)
	}
	if got.Full == "" || !strings.Contains(got.Said, "Server is full. Estimated wait time 1 minutes.") {
		t.Errorf("the second is told %q, with %s", got.Full, got.Said)
	}
}

// failed reports whether there are errors; some versions of what the client uses take
// the end for one.
func failed(errors []string) bool {
	return slices.ContainsFunc(errors, func(e string) bool { return !strings.Contains(e, "closed normally") })
}

// clock makes times of the same length.
func clock(s string) string { return strings.Repeat("0", 10-len(s)) + s }
