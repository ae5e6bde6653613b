package openai

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxFields = 64       // fields of a form, the recording among them
	maxField  = 64 << 10 // bytes of one field
	formRoom  = 1 << 20  // bytes of a body beside the recording
)

// form is a request's body: short fields by name, "[]" taken off, and the
// recording in a file.
type form struct {
	fields map[string][]string
	sound  *os.File // nil: none came
	path   string   // of that file; "": it has no name any more
}

// hide takes the recording's name away, where a file that is open can be without.
func (f *form) hide() {
	if os.Remove(f.path) == nil {
		f.path = ""
	}
}

// close removes what is left of the form.
func (f *form) close() {
	if f.sound != nil {
		f.sound.Close()
	}
	if f.path != "" {
		os.Remove(f.path)
	}
}

// receive reads the form. It is read to its end also when it is refused.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request) (*form, error) {
	limit := h.opt.MaxFile + formRoom
	b := newBody(w, r, limit, h.idle)
	wakeUp := context.AfterFunc(r.Context(), func() { b.conn.SetReadDeadline(longAgo) })
	defer wakeUp()
	if r.ContentLength > limit {
		if r.Header.Get("Expect") == "" { // else nothing of it has been sent
			b.drain()
		}
		return nil, h.tooBig(r.ContentLength)
	}
	f := &form{fields: make(map[string][]string)}
	err := h.readForm(f, b, r)
	if err == nil {
		err = b.finish()
	}
	if err == nil {
		return f, nil
	}
	f.close()
	b.drain()
	return nil, h.whyNot(err, b, r)
}

// whyNot turns what reading met into an answer.
func (h *Handler) whyNot(err error, b *body, r *http.Request) error {
	var p *problem
	switch {
	case err == errTooBig, b.err == errTooBig:
		return h.tooBig(max(r.ContentLength, b.read))
	case errors.As(err, &p):
		return p
	case b.err == errStill:
		return refuse(http.StatusRequestTimeout, "", "upload_timeout", "the upload stood still; send it again")
	case r.Context().Err() != nil:
		return r.Context().Err()
	case errors.As(err, new(*os.PathError)):
		return err
	}
	return refuse(http.StatusBadRequest, "", "", "Could not parse multipart form: it is damaged or ends too early")
}

func (h *Handler) tooBig(read int64) error {
	return refuse(http.StatusRequestEntityTooLarge, "", "", "Maximum content size limit (%d) exceeded (%d bytes read); send the recording in pieces, or compressed, such as Ogg Opus", h.opt.MaxFile, read)
}

func (h *Handler) readForm(f *form, b *body, r *http.Request) error {
	r.Body = io.NopCloser(b)
	parts, err := r.MultipartReader()
	if err != nil {
		return refuse(http.StatusBadRequest, "", "", "Could not parse multipart form: send Content-Type multipart/form-data with a boundary")
	}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if n == maxFields {
			return refuse(http.StatusBadRequest, "", "invalid_value", "the form has more than %d fields", maxFields)
		}
		if err := h.readPart(f, part); err != nil {
			return err
		}
	}
}

func (h *Handler) readPart(f *form, part *multipart.Part) error {
	name := strings.TrimSuffix(part.FormName(), "[]")
	if name == "file" {
		return h.spool(f, part)
	}
	if p := checkField(f, name); p != nil {
		return p
	}
	value, err := io.ReadAll(io.LimitReader(part, maxField+1))
	switch {
	case err != nil:
		return err
	case len(value) > maxField:
		return bad(name, "%s is longer than %d bytes", name, maxField)
	case !utf8.Valid(value):
		return bad(name, "%s is not UTF-8", name)
	}
	f.fields[name] = append(f.fields[name], string(value))
	return nil
}

// checkField refuses a field that is not known, or comes twice.
func checkField(f *form, name string) *problem {
	if strings.HasPrefix(name, "chunking_strategy[") { // an object: its members are fields of their own
		name = "chunking_strategy"
		f.fields[name] = nil
	}
	list := slices.Contains(lists, name)
	switch {
	case !list && !slices.Contains(singles, name):
		return refuse(http.StatusBadRequest, "", "unknown_parameter", "Unrecognized request argument supplied: %.64q; known are file, %s", name, strings.Join(slices.Concat(singles, lists), ", "))
	case !list && f.fields[name] != nil:
		return bad(name, "%s is given twice", name)
	}
	return nil
}

// spool writes the recording into a file that only we may read.
func (h *Handler) spool(f *form, in io.Reader) error {
	if f.sound != nil {
		return bad("file", "file is given twice; send one recording a request")
	}
	file, err := os.CreateTemp(h.opt.Folder, "sotto-*.sound") // mode 0600
	if err != nil {
		return err
	}
	f.sound, f.path = file, file.Name()
	size, err := io.Copy(file, io.LimitReader(in, h.opt.MaxFile+1))
	if err == nil && size > h.opt.MaxFile {
		return errTooBig
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	return err
}
