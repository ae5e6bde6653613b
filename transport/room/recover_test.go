package room

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto"
)

// written returns the one file of a room of n events, and the events.
func written(t testing.TB, n int) ([]byte, []Event) {
	t.Helper()
	dir := t.TempDir()
	r := open(t, dir, Options{})
	v := join(t, r, "A")
	for i := 1; i < n; i++ {
		say(t, v, words(i, "en", fmt.Sprintf("some words of event %d", i)))
	}
	flush(t, r)
	data, err := os.ReadFile(r.log.path(1))
	if err != nil {
		t.Fatal(err)
	}
	return data, all(t, r)
}

// recovered opens a room of one file.
func recovered(t testing.TB, dir string, data []byte) (*Room, []Event) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "00000001.log"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir, Options{system: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return r, all(t, r)
}

func TestALogCutAnywhereIsAPrefix(t *testing.T) {
	data, events := written(t, 8)
	dir := filepath.Join(t.TempDir(), "room")
	t.Logf("%d cases", len(data)+1)
	longest := 0
	for n := range len(data) + 1 {
		r, got := recovered(t, dir, data[:n])
		samePrefix(t, got, events)
		if len(got) < longest {
			t.Fatalf("%d bytes give %d events, fewer gave %d", n, len(got), longest)
		}
		longest = len(got)
		if rec := r.Recovered(); len(rec.Damaged) > 1 || rec.Events != len(got) {
			t.Fatalf("%+v", rec)
		}
	}
	if longest != len(events) {
		t.Errorf("the whole log gives %d of %d events", longest, len(events))
	}
}

func TestAnyFlippedBitIsFound(t *testing.T) {
	data, events := written(t, 4)
	dir := filepath.Join(t.TempDir(), "room")
	bits := sized(1, 8) // of each byte
	t.Logf("%d cases", len(data)*bits)
	for i := range len(data) * bits {
		bad, at := bytes.Clone(data), i/bits
		bad[at] ^= 1 << ((at + i%bits) % 8)
		r, got := recovered(t, dir, bad)
		samePrefix(t, got, events)
		if len(r.Recovered().Damaged) != 1 || len(got) == len(events) {
			t.Fatalf("byte %d: %d events, %+v", at, len(got), r.Recovered())
		}
	}
}

func TestMutantsOfALogRecoverToAPrefix(t *testing.T) {
	data, events := written(t, 40)
	rng := rand.New(rand.NewPCG(1, 2))
	dir := filepath.Join(t.TempDir(), "room")
	cases := sized(2000, 16_000)
	t.Logf("%d cases", cases)
	for range cases {
		bad := bytes.Clone(data)
		for range 1 + rng.IntN(3) {
			bad = mutate(rng, bad)
		}
		_, got := recovered(t, dir, bad)
		samePrefix(t, got, events)
		again, err := Open(dir, Options{system: quiet})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(all(t, again)); n != len(got) || len(again.Recovered().Damaged) > 0 {
			t.Fatalf("opened again: %d events, were %d; %+v", n, len(got), again.Recovered())
		}
	}
}

// mutate changes, cuts, repeats, moves or fills a part.
func mutate(rng *rand.Rand, b []byte) []byte {
	if len(b) < 2 {
		return b
	}
	at := rng.IntN(len(b))
	n := 1 + rng.IntN(min(200, len(b)-at))
	part := bytes.Clone(b[at : at+n])
	switch rng.IntN(7) {
	case 0:
		b[at] ^= 1 << rng.IntN(8)
	case 1:
		return b[:at]
	case 2:
		return append(b[:at:at], b[at+n:]...)
	case 3:
		return append(b[:at+n:at+n], append(part, b[at+n:]...)...)
	case 4:
		clear(b[at : at+n])
	case 5:
		copy(b[rng.IntN(len(b)):], part)
	case 6:
		return append(b, part...)
	}
	return b
}

// Decode is exact, and no bytes make it panic.
func FuzzDecode(f *testing.F) {
	e := Event{Kind: Said, Epoch: 1 << 52, Seq: 7, Time: 1, Voice: 2, Segment: 3, Language: "en", Heard: -1, Lost: 9, Note: "n",
		Words: []sotto.Word{{Text: " a", Start: 1, End: 2, Evidence: 0.5}, {}}}
	f.Add(e.encode(nil))
	f.Add((&Event{Kind: Gap, Epoch: 1, Seq: 1}).encode(nil))
	f.Add([]byte{})
	f.Add(append([]byte{1, 1, 1, 0, 0, 0, 0, 0, 0, 0}, 0xff, 0xff, 0xff, 0xff, 7))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(e.encode(nil))
		if err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", e) {
			t.Fatalf("%+v becomes %+v, %v", e, again, err)
		}
	})
}

func TestRecordsThatAreRefused(t *testing.T) {
	good := func(change func(e *Event)) []byte {
		e := Event{Kind: Said, Epoch: 1, Seq: 1, Language: "en", Words: []sotto.Word{{Text: "a"}}}
		change(&e)
		return e.encode(nil)
	}
	for name, c := range map[string]struct {
		payload []byte
		want    string
	}{
		"empty":           {nil, "empty record"},
		"kind 0":          {good(func(e *Event) { e.Kind = 0 }), "unknown kind 0"},
		"kind 6":          {good(func(e *Event) { e.Kind = 6 }), "unknown kind 6"},
		"no seq":          {good(func(e *Event) { e.Seq = 0 }), "without a number"},
		"a large seq":     {good(func(e *Event) { e.Seq = 1 << 53 }), "out of bounds"},
		"a long language": {good(func(e *Event) { e.Language = strings.Repeat("x", 65) }), "out of bounds"},
		"a long word":     {good(func(e *Event) { e.Words[0].Text = strings.Repeat("x", maxWord+1) }), "out of bounds"},
		"more":            {append(good(func(*Event) {}), 0), "1 bytes too many"},
		"less":            {good(func(*Event) {})[:20], "out of bounds"},
	} {
		if _, err := decode(c.payload); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Damage in one file does not take the files after it.
func TestFilesAfterADamagedOneCount(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, Options{FileBytes: 1})
	v := join(t, r, "A")
	for i := range 4 {
		flush(t, r)
		say(t, v, words(i, "en", "a"))
	}
	flush(t, r)
	r.log.close()
	path := r.log.path(3)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r = open(t, dir, Options{})
	rec := r.Recovered()
	if rec.Events != 4 || rec.Holes != 1 || len(rec.Damaged) != 1 || rec.Damaged[0].File != "00000003.log" || rec.Damaged[0].Offset != headerSize {
		t.Errorf("%+v", rec)
	}
	if events := all(t, r); len(events) != 2 || events[0].Seq != 4 {
		t.Errorf("%+v", events)
	}
	aside, err := os.ReadFile(path + ".damaged")
	if err != nil || !bytes.Equal(aside, data[headerSize:]) {
		t.Errorf("put aside: %d bytes, %v", len(aside), err)
	}
}

func TestALogOfAnotherVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	h := header{first: 1}.encode(nil)[:24]
	h[8] = 2
	h = append(h, le(crc(h))...)
	path := filepath.Join(dir, "00000001.log")
	if err := os.WriteFile(path, h, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("%v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, h) {
		t.Error("it was changed")
	}
}

// What a recovered file holds is not durable before it was synced, and is written
// anew where that fails.
func TestARecoveredFileThatCannotBeSynced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "room")
	r := open(t, dir, Options{})
	join(t, r, "A")
	flush(t, r)
	r.log.close()
	d := newFaulty(func(call int, _ string) bool { return call == 2 })
	r = open(t, dir, Options{system: d.system()})
	if s := r.Stats(); r.Durable() || s.Shown != 1 || s.Saved != 0 {
		t.Errorf("%+v", s)
	}
	flush(t, r)
	if err := os.Remove(r.log.path(1)); err != nil || !r.Durable() {
		t.Error(err, r.Durable())
	}
	r.log.close()
	if got := line(all(t, open(t, dir, Options{})), nil); got != "1:joinedA, 1:leftthe server stopped" {
		t.Errorf("%s", got)
	}
}

func TestRestarts(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, Options{})
	v := join(t, r, "A")
	say(t, v, words(0, "en", "first"), tail(0, "en", "lost"))
	flush(t, r)
	at := r.Follow().Cursor()
	say(t, v, words(0, "en", "unsaved"))
	r.log.close()

	r = open(t, dir, Options{Events: 3})
	rd, err := r.Resume(at)
	if err != nil {
		t.Fatal(err)
	}
	flush(t, r)
	w := join(t, r, "B")
	say(t, w, words(0, "en", "second"))
	flush(t, r)
	if _, err := r.Resume(at); err != nil { // the last position of an epoch whose events are gone
		t.Error(err)
	}
	wants(t, rd, "1:leftthe server stopped, 2:joinedB, 2:said en0 second")
	if s, _ := r.Screen(); len(s.Segments) != 2 || s.Segments[0].Text() != " first" || !s.Segments[0].Ended || len(s.Tails) > 0 {
		t.Errorf("%+v", s)
	}
	if _, err := r.Resume(Cursor{at.Epoch, at.Seq + 1}); err == nil {
		t.Error("a position that was lost is resumed")
	}
}

func le(v uint32) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)} }

func crc(b []byte) uint32 { return checksum(b[:4], b[4:]) }
