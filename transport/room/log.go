package room

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// log is the files of a room.
type log struct {
	dir     string
	options Options

	files atomic.Pointer[[]logFile] // ascending; replaced, never changed

	mu     sync.Mutex // guards the following
	file   file       // the last of files, or nil
	number int        // of the newest file that was tried
	voices int        // that the room has had
	buf    []byte
}

// logFile is a file of which records were synced. Only seqs from first to last
// count.
type logFile struct {
	number         int
	first, last    uint64
	size           int64 // synced bytes
	oldest, newest int64 // Unix milliseconds of its events
}

func (l *log) path(number int) string {
	return filepath.Join(l.dir, fmt.Sprintf("%08d.log", number))
}

func (l *log) all() []logFile { return *l.files.Load() }

func (l *log) replace(files []logFile) { l.files.Store(&files) }

// write appends events with ascending seqs and syncs them. After an error nothing
// is known of them, and the next write goes to another file. The caller holds mu.
func (l *log) write(events []Event) error {
	if l.file == nil || l.outgrown(&events[0]) {
		if err := l.begin(); err != nil {
			return err
		}
	}
	files := slices.Clone(l.all())
	if fresh := l.fresh(); fresh {
		files = append(files, logFile{number: l.number, first: events[0].Seq, oldest: events[0].Time})
	}
	f := &files[len(files)-1]
	l.buf = l.encode(l.buf[:0], events)
	if err := l.put(); err != nil {
		l.abandon()
		return fmt.Errorf("room: cannot save to %s: %w", l.path(l.number), err)
	}
	newest := events[len(events)-1]
	f.last, f.newest, f.size = newest.Seq, newest.Time, f.size+int64(len(l.buf))
	l.replace(files)
	return nil
}

// fresh reports whether nothing was synced to the open file.
func (l *log) fresh() bool {
	files := l.all()
	return len(files) == 0 || files[len(files)-1].number != l.number
}

// outgrown reports whether the open file must not take an event: it is full, spans
// a long time, or the events do not follow each other.
func (l *log) outgrown(e *Event) bool {
	if l.fresh() {
		return true
	}
	f := l.all()[len(l.all())-1]
	span := time.Duration(e.Time-f.oldest) * time.Millisecond
	return f.size >= l.options.FileBytes || e.Seq != f.last+1 ||
		l.options.KeepFor > 0 && span > l.options.KeepFor/4
}

// begin opens a new file.
func (l *log) begin() error {
	l.shut()
	for {
		l.number++
		f, err := l.options.system.create(l.path(l.number))
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("room: cannot begin a file: %w", err)
		}
		l.file = f
		return nil
	}
}

func (l *log) encode(b []byte, events []Event) []byte {
	if l.fresh() {
		b = header{events[0].Seq, l.voices}.encode(b)
	}
	for i := range events {
		b = appendRecord(b, &events[i])
	}
	return b
}

// put writes and syncs buf.
func (l *log) put() error {
	n, err := l.file.Write(l.buf)
	if err == nil && n < len(l.buf) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil && l.fresh() {
		err = l.options.system.sync(l.dir)
	}
	return err
}

// abandon cuts the open file to what was synced, so that nothing in doubt is read
// later, and closes it. Its errors add nothing: the file is not used again.
func (l *log) abandon() {
	if l.fresh() {
		l.shut()
		os.Remove(l.path(l.number))
		return
	}
	l.file.Truncate(l.all()[len(l.all())-1].size)
	l.shut()
}

func (l *log) shut() {
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}

func (l *log) close() {
	l.mu.Lock()
	l.shut()
	l.mu.Unlock()
}

// retain removes files that are too old or too many.
func (l *log) retain(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	files := l.all()
	var total int64
	for _, f := range files {
		total += f.size
	}
	if n := len(files); n > 0 && l.file != nil {
		total -= files[n-1].size
	}
	l.retainDamaged(now)
	limit := now.Add(-l.options.KeepFor).UnixMilli()
	for i, f := range files {
		old := l.options.KeepFor > 0 && f.newest < limit
		open := i == len(files)-1 && l.file != nil
		if !old && (total <= l.options.KeepBytes || open) {
			return nil
		}
		if open {
			l.shut()
		}
		if err := os.Remove(l.path(f.number)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("room: cannot remove what is not kept: %w", err)
		}
		total -= f.size
		l.replace(files[i+1:])
	}
	return nil
}

// retainDamaged removes what was put aside and is too old.
func (l *log) retainDamaged(now time.Time) {
	if l.options.KeepFor <= 0 {
		return
	}
	names, _ := filepath.Glob(filepath.Join(l.dir, "*.damaged"))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && now.Sub(info.ModTime()) > l.options.KeepFor {
			os.Remove(name)
		}
	}
}

// wipe removes every file of the room. The caller holds mu.
func (l *log) wipe() error {
	l.shut()
	l.replace(nil)
	names, err := filepath.Glob(filepath.Join(l.dir, "*"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	if err = errors.Join(err, l.options.system.sync(l.dir)); err != nil {
		return fmt.Errorf("room: cannot forget all of %s: %w", l.dir, err)
	}
	return nil
}

// page reads the last events, at most n, before a seq.
func (l *log) page(before uint64, n int) (Page, error) {
	files := l.all()
	for i := len(files) - 1; i >= 0; i-- {
		if files[i].first >= before {
			continue
		}
		events, err := l.read(files[i], before, n)
		if errors.Is(err, os.ErrNotExist) { // removed meanwhile
			return Page{}, nil
		}
		if err != nil {
			return Page{}, err
		}
		return Page{events, i > 0 || events[0].Seq > files[0].first}, nil
	}
	return Page{}, nil
}

// read returns the last events of a file, at most n, before a seq.
func (l *log) read(f logFile, before uint64, n int) ([]Event, error) {
	in, err := os.Open(l.path(f.number))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if _, err := in.Seek(headerSize, io.SeekStart); err != nil {
		return nil, err
	}
	last := min(f.last, before-1)
	from := max(f.first, last+1-min(uint64(n), last))
	var events []Event
	for s := newScanner(in, f.first); s.seq <= last; {
		e, err := s.next()
		if err != nil {
			return nil, fmt.Errorf("room: %s is damaged at byte %d: %w", l.path(f.number), s.offset, err)
		}
		if e.Seq >= from {
			events = append(events, e)
		}
	}
	return events, nil
}
