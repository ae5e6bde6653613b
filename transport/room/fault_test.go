package room

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// files lists a folder.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

var errDisk = errors.New("no space left")

// faulty is a disk of which calls fail, and which remembers what was synced.
type faulty struct {
	mu    sync.Mutex
	calls int
	fails func(call int, name string) bool
	short bool // a write that fails writes half
	open  map[string]*faultyFile
}

type faultyFile struct {
	disk            *faulty
	path            string
	f               *os.File
	written, synced int64
	named           bool // its name was synced
	doubtful        bool // a sync failed
}

func newFaulty(fails func(call int, name string) bool) *faulty {
	return &faulty{fails: fails, open: make(map[string]*faultyFile)}
}

func (d *faulty) system() system { return system{create: d.create, sync: d.sync} }

func (d *faulty) failed(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	return d.fails(d.calls, name)
}

func (d *faulty) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

func (d *faulty) create(path string) (file, error) {
	if d.failed("create") {
		return nil, errDisk
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ff := &faultyFile{disk: d, path: path, f: f}
	d.mu.Lock()
	d.open[path] = ff
	d.mu.Unlock()
	return ff, nil
}

func (d *faulty) sync(path string) error {
	if d.failed("sync") {
		return errDisk
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.open {
		f.named = f.named || filepath.Dir(f.path) == path
	}
	return nil
}

func (f *faultyFile) Write(b []byte) (int, error) {
	fails := f.disk.failed("write")
	if fails && f.disk.short {
		b = b[:len(b)/2]
	} else if fails {
		b = nil
	}
	n, err := f.f.Write(b)
	f.written += int64(n)
	if fails && !f.disk.short {
		err = errDisk
	}
	return n, err
}

// Sync of a file whose sync failed says yes and does nothing, as some systems do.
func (f *faultyFile) Sync() error {
	if f.disk.failed("fsync") {
		f.doubtful = true
		return errDisk
	}
	if !f.doubtful {
		f.synced = f.written
	}
	return nil
}

func (f *faultyFile) Truncate(size int64) error {
	if f.disk.failed("truncate") {
		return errDisk
	}
	f.written = min(f.written, size)
	return f.f.Truncate(size)
}

func (f *faultyFile) Close() error { return f.f.Close() }

// quiet syncs nothing, which is faster.
var quiet = newFaulty(func(int, string) bool { return false }).system()

// crash leaves of each file what was synced and some, all or none of the rest, and of
// files whose name was not synced nothing, or all that.
func (d *faulty) crash(rng *rand.Rand) {
	for path, f := range d.open {
		if !f.named && rng.IntN(2) == 0 {
			os.Remove(path)
			continue
		}
		if rest := f.written - f.synced; rng.IntN(2) == 0 {
			os.Truncate(path, f.synced+rng.Int64N(rest+1))
		} else {
			os.Truncate(path, f.synced+rest*rng.Int64N(2))
		}
	}
}

// Every call fails in turn, alone and for ever, and the power is lost at the end:
// what readers were told is durable is there.
func TestNoFailedCallLosesWhatIsDurable(t *testing.T) {
	cases := 0
	for _, short := range []bool{false, true} {
		for _, lasting := range []int{1, 2, 7, 1 << 30} {
			for n := 1; n < 60; n++ {
				d := newFaulty(func(call int, _ string) bool { return call > 1 && call >= n && call < n+lasting })
				d.short = short
				failOnce(t, d, uint64(n))
				cases++
			}
		}
	}
	t.Logf("%d cases", cases)
}

func failOnce(t *testing.T, d *faulty, seed uint64) {
	dir := filepath.Join(t.TempDir(), "room")
	r := open(t, dir, Options{FileBytes: 200, system: d.system()})
	rd := r.Follow()
	var durable, told []Event
	v := join(t, r, "")
	for i := range 12 {
		say(t, v, words(i, "en", fmt.Sprint("word", i)))
		err := r.flush()
		if (err == nil) != r.Durable() {
			t.Fatalf("flush: %v, durable: %v", err, r.Durable())
		}
		if s := r.Stats(); s.Shown != uint64(i+2) || (s.Trouble == nil) != (err == nil) {
			t.Fatalf("%+v after %v", s, err)
		}
		u, err := now(rd)
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, u.Events...)
		if r.Durable() {
			durable = append(durable[:0], told...)
		}
	}
	r.log.close()
	d.crash(rand.New(rand.NewPCG(seed, 1)))
	d.fails = func(int, string) bool { return false }
	got := all(t, open(t, dir, Options{system: quiet}))
	samePrefix(t, got, told)
	if len(got) < len(durable) {
		t.Fatalf("%d events are left, %d were durable", len(got), len(durable))
	}
}

// samePrefix checks that got is the beginning of want.
func samePrefix(t testing.TB, got, want []Event) {
	t.Helper()
	if len(got) > len(want) {
		t.Fatalf("%d events, there were %d", len(got), len(want))
	}
	for i := range got {
		if !same(got[i], want[i]) {
			t.Fatalf("event %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

func same(a, b Event) bool {
	a.forms, b.forms = nil, nil
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

// A file whose sync failed is never written again, and never said to be durable.
func TestAFileInDoubtIsLeft(t *testing.T) {
	syncs := 0
	d := newFaulty(func(_ int, name string) bool {
		if name == "fsync" {
			syncs++
		}
		return name == "fsync" && syncs == 2
	})
	dir := filepath.Join(t.TempDir(), "room")
	r := open(t, dir, Options{system: d.system()})
	v := join(t, r, "")
	flush(t, r)
	say(t, v, words(0, "en", "a"))
	if err := r.flush(); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "00000001.log") {
		t.Fatalf("%v", err)
	}
	if s := r.Stats(); r.Durable() || s.Shown != 2 || s.Saved != 1 || !strings.Contains(s.Trouble.Error(), "not saved since") {
		t.Errorf("%+v", s)
	}
	flush(t, r)
	if names := files(t, dir); !r.Durable() || len(names) != 2 {
		t.Errorf("durable %v, files %v", r.Durable(), names)
	}
	if f := r.log.all()[0]; d.open[r.log.path(1)].written != f.size || f.last != 1 {
		t.Errorf("%+v is not cut", f)
	}
}

// Events that leave memory before they can be saved are counted, and positions
// before the hole are not resumed after a restart.
func TestAHole(t *testing.T) {
	for name, fails := range map[string]bool{"a disk that fails": true, "a disk that is slow": false} {
		t.Run(name, func(t *testing.T) { hole(t, fails) })
	}
}

func hole(t *testing.T, fails bool) {
	broken := false
	d := newFaulty(func(int, string) bool { return broken })
	dir := filepath.Join(t.TempDir(), "room")
	r := open(t, dir, Options{Events: 5, system: d.system()})
	v := join(t, r, "")
	say(t, v, words(0, "en", "before"))
	flush(t, r)
	before := r.Follow().Cursor()
	if broken = fails; r.flush() != nil {
		t.Fatal("nothing was to be written")
	}
	for i := range 20 {
		say(t, v, words(i/2, "en", fmt.Sprint(i)))
		if fails {
			r.flush()
		}
	}
	broken = false
	flush(t, r)
	if s := r.Stats(); s.Lost != 15 || !r.Durable() {
		t.Errorf("%+v", s)
	}
	r.log.close()
	r = open(t, dir, Options{})
	if rec := r.Recovered(); rec.Holes != 1 || rec.Events != 7 || len(rec.Damaged) > 0 {
		t.Errorf("%+v", rec)
	}
	var reset *ResetError
	if _, err := r.Resume(before); !errors.As(err, &reset) || reset.From.Seq != 17 {
		t.Errorf("%v", err)
	}
	var screen []string
	s, _ := r.Screen()
	for _, s := range s.Segments {
		screen = append(screen, fmt.Sprint(s.Text(), " ", s.Whole))
	}
	if got := strings.Join(screen, ", "); got != " 15 false,  16 17 true,  18 19 true" {
		t.Errorf("the screen shows %s", got)
	}
}
