package eval

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Recording is one line of a manifest. Times count in ms from its beginning.
type Recording struct {
	ID         string            `json:"id"`
	Audio      string            `json:"audio"`       // relative to the manifest
	Source     string            `json:"source"`      // code of the language that is spoken
	Kind       string            `json:"kind"`        // speech, or none: every text is wrong
	DurationMs int64             `json:"duration_ms"` // of the sound
	Text       string            `json:"text"`        // in the source language
	References map[string]string `json:"references"`  // the whole text in each language
	Sentences  []Sentence        `json:"sentences"`   // none: the recording is one
	Words      []SpokenWord      `json:"words"`

	place string // FILE:LINE, for errors
	path  string // of the sound
}

// Sentence is a stretch of a recording.
type Sentence struct {
	StartMs    int64             `json:"start_ms"`
	EndMs      int64             `json:"end_ms"`
	Voice      string            `json:"voice"`
	References map[string]string `json:"references"`
}

// SpokenWord is a word of the source text.
type SpokenWord struct {
	StartMs int64  `json:"start_ms"`
	EndMs   int64  `json:"end_ms"`
	Text    string `json:"text"`
}

// Set is what manifests name, in their order.
type Set struct {
	Recordings []Recording
	Manifests  []string
	SHA256     string // of the manifests' bytes
}

const (
	mostLineBytes = 64 << 20 // of a manifest's line: about a day of words
	mostMs        = 7 * 24 * 3600 * 1000
	// soundSlackMs may lie between duration_ms and the sound: codecs pad.
	soundSlackMs = 500
)

// fields are those of a line, for errors.
const fields = "id, audio, source, kind, duration_ms, text, references, sentences and words"

// ReadManifests reads JSON lines, one for each recording. An error names the
// file, the line and the field.
func ReadManifests(names ...string) (*Set, error) {
	set, sum := &Set{Manifests: names}, sha256.New()
	seen := make(map[string]string)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the manifest %s: %w; check its name", name, bare(err))
		}
		err = set.read(io.TeeReader(f, sum), name, seen)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	if len(set.Recordings) == 0 {
		return nil, fmt.Errorf("no recording in %s; write one JSON object a line", strings.Join(names, ", "))
	}
	set.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return set, nil
}

// bare takes the operation and the path from an error of the system.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (s *Set) read(in io.Reader, name string, seen map[string]string) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, mostLineBytes)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		place := fmt.Sprintf("%s:%d", name, n)
		r, err := parse(lines.Bytes())
		if err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
		if before, twice := seen[r.ID]; twice {
			return fmt.Errorf("%s: id %q is that of %s too; give each recording its own", place, r.ID, before)
		}
		seen[r.ID] = place
		r.place, r.path = place, r.Audio
		if !filepath.IsAbs(r.Audio) {
			r.path = filepath.Join(filepath.Dir(name), r.Audio)
		}
		s.Recordings = append(s.Recordings, *r)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w; is it a manifest of JSON lines?", name, n+1, bare(err))
	}
	return nil
}

// parse reads a line and checks it.
func parse(line []byte) (*Recording, error) {
	var r Recording
	strict := json.NewDecoder(bytes.NewReader(line))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&r); err != nil {
		return nil, readable(err)
	}
	if _, err := strict.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value; write one object a line")
	}
	return &r, r.check()
}

// readable says in the manifest's words what the decoder found.
func readable(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		field := wrong.Field
		if field == "" {
			field = "the line"
		}
		want := "a text"
		switch kind := wrong.Type.Kind().String(); kind {
		case "int64":
			want = "a whole number"
		case "slice":
			want = "a list"
		case "map", "struct":
			want = "an object"
		}
		return fmt.Errorf("%s is a JSON %s; want %s", field, wrong.Value, want)
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return fmt.Errorf("unknown field %s; a recording has %s", name, fields)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON object has no end; write each recording on one line")
	}
	return fmt.Errorf("not a JSON object: %w; write one object a line", err)
}

// Silent reports that every text is wrong.
func (r *Recording) Silent() bool {
	if r.Kind == "none" {
		return true
	}
	for _, text := range r.References {
		if strings.TrimSpace(text) != "" {
			return false
		}
	}
	return true
}
