package room

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Recovery is what was found when a room was opened.
type Recovery struct {
	Events  int      // good ones, in all files
	Holes   int      // places where seqs are missing between files
	Damaged []Damage // what was cut off
}

// Damage is a part of a file that could not be read. A copy of its first MiB is
// beside the file, named *.damaged.
type Damage struct {
	File   string // its name
	Offset int64  // of the first bad record
	Bytes  int64  // from there on
	Why    error
}

// Open returns the room of a folder, which is made if needed. No other program may
// have the folder open. Voices that had not left are ended. Errors are those of a
// folder that cannot be read, or of a log that another version wrote.
func Open(dir string, opt Options) (*Room, error) {
	r := New(opt)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = r.options.system.sync(filepath.Dir(dir))
	}
	if err != nil {
		return nil, fmt.Errorf("room: cannot make its folder: %w", err)
	}
	r.list.restart(1)
	r.log = &log{dir: dir, options: r.options}
	r.log.replace(nil)
	sound, err := r.log.recover(r)
	if err != nil {
		return nil, err
	}
	r.shown = r.list.next - 1
	r.saved = min(r.shown, sound)
	r.begin()
	for _, voice := range slices.Sorted(maps.Keys(r.voices)) {
		r.leave(voice, "the server stopped")
	}
	r.appended()
	return r, nil
}

// Recovered returns what was found when the room was opened.
func (r *Room) Recovered() Recovery { return r.recovered }

// restore takes an event of the log. A hole restarts the list, so that no position
// before it can be resumed, and the screen, so that no text reads on over it.
func (r *Room) restore(e Event) {
	if e.Seq != r.list.next {
		if r.recovered.Events > 0 {
			r.recovered.Holes++
		}
		r.list.restart(e.Seq)
		r.lanes, r.board = lanes{}, board{}
	}
	r.list.push(e)
	r.recovered.Events++
	r.shown = e.Seq
	r.follow(&e)
	r.voice = max(r.voice, e.Voice)
	if r.voices[e.Voice] = e.Seq; e.Kind == Left {
		delete(r.voices, e.Voice)
	}
	r.trim()
}

// recover reads all files into a room. It returns the seq up to which the files
// are known to be synced.
func (l *log) recover(r *Room) (sound uint64, err error) {
	found, err := l.find(r)
	if err != nil {
		return 0, err
	}
	sound = maxNumber
	var files []logFile
	for i, f := range found {
		limit := uint64(maxNumber) + 1 // later files count from their first seq on
		for _, later := range found[i+1:] {
			limit = min(limit, later.first)
		}
		f, err := l.scan(r, f, limit)
		if err != nil {
			return 0, err
		}
		if i == len(found)-1 && l.sync(f.number) != nil {
			sound = f.first - 1 // its events are written anew
		}
		if f.last >= f.first {
			files = append(files, f)
		}
	}
	l.replace(files)
	return sound, nil
}

// find lists the files with a good header, in order.
func (l *log) find(r *Room) ([]logFile, error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, fmt.Errorf("room: cannot read its folder: %w", err)
	}
	var found []logFile
	for _, entry := range entries {
		number, ok := fileNumber(entry.Name())
		if !ok {
			continue
		}
		l.number = max(l.number, number)
		h, ok, err := l.header(number)
		if err != nil {
			return nil, fmt.Errorf("room: %s: %w", l.path(number), err)
		}
		if !ok {
			l.setAside(r, number, 0, errors.New("no header"))
			continue
		}
		found = append(found, logFile{number: number, first: h.first})
		r.voice = max(r.voice, h.voices)
	}
	slices.SortFunc(found, func(a, b logFile) int { return a.number - b.number })
	return found, nil
}

func fileNumber(name string) (int, bool) {
	digits, ok := strings.CutSuffix(name, ".log")
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), ok && err == nil && fmt.Sprintf("%08d", n) == digits
}

func (l *log) header(number int) (h header, ok bool, err error) {
	f, err := os.Open(l.path(number))
	if err != nil {
		return h, false, err
	}
	defer f.Close()
	b := make([]byte, headerSize)
	if _, err := io.ReadFull(f, b); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return h, false, err
	}
	return parseHeader(b)
}

// scan reads the records of a file below limit, and cuts it at the first bad one.
func (l *log) scan(r *Room, f logFile, limit uint64) (logFile, error) {
	in, err := os.Open(l.path(f.number))
	if err != nil {
		return f, fmt.Errorf("room: %w", err)
	}
	defer in.Close()
	if _, err := in.Seek(headerSize, io.SeekStart); err != nil {
		return f, fmt.Errorf("room: %w", err)
	}
	f.last = f.first - 1
	s := newScanner(in, f.first)
	for {
		e, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			in.Close()
			l.setAside(r, f.number, s.offset, err)
			break
		}
		if e.Seq < limit {
			if f.last < f.first {
				f.oldest = e.Time
			}
			f.last, f.newest = e.Seq, e.Time
			r.restore(e)
		}
	}
	f.size = s.offset
	return f, nil
}

// setAside copies what is bad of a file, cuts it off and reports it. A file that
// cannot be cut is left: what is bad in it is found again at the next start.
func (l *log) setAside(r *Room, number int, offset int64, why error) {
	path := l.path(number)
	d := Damage{File: filepath.Base(path), Offset: offset, Why: why}
	if info, err := os.Stat(path); err == nil {
		d.Bytes = info.Size() - offset
	}
	if d.Bytes > 0 {
		r.recovered.Damaged = append(r.recovered.Damaged, d)
		if copyFrom(path, offset) != nil {
			return
		}
	}
	if offset == 0 {
		os.Remove(path)
		return
	}
	os.Truncate(path, offset)
}

const maxAside = 1 << 20

func copyFrom(path string, offset int64) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path+".damaged", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.NewSectionReader(in, offset, maxAside))
	return errors.Join(err, out.Close())
}

// sync makes a recovered file durable: it may have been read from the memory of a
// system that had not written it yet.
func (l *log) sync(number int) error {
	return errors.Join(l.options.system.sync(l.path(number)), l.options.system.sync(l.dir))
}
