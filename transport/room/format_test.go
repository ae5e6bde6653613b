package room

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var writeFormat = flag.Bool("write-format", false, "write testdata anew with the log's format of now")

// Logs of every version that was ever written are read, and left as they are. Their
// folders are never written anew once the format has changed.
func TestLogsOfEveryVersionAreRead(t *testing.T) {
	const version1 = "1:joinedAnna, 2:joined, 1:said en0 good day, 2:said de0 Grüß Gott 早上好, 1:ended en0, 1:gapbehind, 1:left, 2:leftgone"
	if *writeFormat {
		writeLog(t, "testdata/version1")
	}
	for _, name := range []string{"version1"} {
		want, err := os.ReadFile(filepath.Join("testdata", name, "00000001.log"))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "00000001.log")
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		r := open(t, dir, Options{})
		if got := line(all(t, r), nil); got != version1 {
			t.Errorf("%s holds\n%s, want\n%s", name, got, version1)
		}
		if rec := r.Recovered(); len(rec.Damaged) > 0 {
			t.Errorf("%s: %+v", name, rec)
		}
		if w := all(t, r)[2].Words[1]; w.Start != 16000 || w.End != 32000 || w.Evidence != 0.5 {
			t.Errorf("%s: word %+v", name, w)
		}
		join(t, r, "C")
		flush(t, r)
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s was written to: %v", name, err)
		}
	}
}

func writeLog(t *testing.T, dir string) {
	os.RemoveAll(dir)
	r := open(t, dir, Options{})
	a, b := join(t, r, "Anna"), join(t, r, "")
	say(t, a, words(0, "en", "good day"))
	say(t, b, words(0, "de", "Grüß Gott 早上好"))
	say(t, a, end(0, "en"))
	a.Gap(32000, 16000, "behind")
	a.Leave()
	b.add(func(r *Room) { r.leave(b.number, "gone") })
	flush(t, r)
}
