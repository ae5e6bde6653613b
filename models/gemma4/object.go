package gemma4

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const maxConfigBytes = 16 << 20

// object is a JSON object that is read key by key. The first thing that is
// wrong is kept in fault, shared with the objects inside; reading goes on with
// zeros.
type object struct {
	file   string
	path   string // "text_config." inside that object
	fields map[string]json.RawMessage
	fault  *error
}

// readObject reads a JSON file. The error is fs.ErrNotExist when there is none.
func readObject(path string) (object, error) {
	data, err := readFile(path, maxConfigBytes)
	if err != nil {
		return object{}, err
	}
	o := object{file: path, fault: new(error)}
	if err := json.Unmarshal(data, &o.fields); err != nil || o.fields == nil {
		return o, fmt.Errorf("gemma4: %s: not a readable JSON object: %w", path, cmpErr(err, "it is null"))
	}
	return o, nil
}

// readFile reads a regular file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("gemma4: cannot read %s: %w", path, bare(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("gemma4: cannot read %s: %w", path, bare(err))
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("gemma4: %s: more than %d bytes", path, limit)
	}
	return data, nil
}

// bare drops the system's repetition of the path.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func cmpErr(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}

// fail keeps the first fault.
func (o object) fail(key, format string, args ...any) {
	if *o.fault == nil {
		*o.fault = fmt.Errorf("gemma4: %s: %s%s "+format, append([]any{o.file, o.path, key}, args...)...)
	}
}

// has reports whether the key is there and not null.
func (o object) has(key string) bool {
	raw, ok := o.fields[key]
	return ok && string(raw) != "null"
}

// raw returns the value's text, cut to what fits a sentence.
func (o object) raw(key string) string {
	text := string(o.fields[key])
	if len(text) > 80 {
		text = text[:80] + "…"
	}
	return text
}

// get decodes a required value and reports whether it could.
func (o object) get(key string, into any, want string) bool {
	if !o.has(key) {
		o.fail(key, "is missing, want %s", want)
		return false
	}
	if err := json.Unmarshal(o.fields[key], into); err != nil {
		o.fail(key, "is %s, want %s", o.raw(key), want)
		return false
	}
	return true
}

// whole returns a required whole number in [low, high].
func (o object) whole(key string, low, high int) int {
	want := fmt.Sprintf("a whole number from %d to %d", low, high)
	var number json.RawMessage // json.Number would take "4" for 4
	if !o.get(key, &number, want) {
		return 0
	}
	n, err := strconv.Atoi(string(number))
	if err != nil || n < low || n > high {
		o.fail(key, "is %s, want %s", o.raw(key), want)
		return 0
	}
	return n
}

// number returns a required finite number above zero.
func (o object) number(key string) float64 {
	var x float64
	if o.get(key, &x, "a number above 0") && (x <= 0 || math.IsInf(x, 0)) {
		o.fail(key, "is %s, want a number above 0", o.raw(key))
	}
	return x
}

// truth returns a required bool.
func (o object) truth(key string) bool {
	var b bool
	o.get(key, &b, "true or false")
	return b
}

// text returns an optional string.
func (o object) text(key string) string {
	var s string
	if o.has(key) {
		o.get(key, &s, "a text")
	}
	return s
}

// texts returns an optional list of strings.
func (o object) texts(key string) []string {
	var s []string
	if o.has(key) {
		o.get(key, &s, "a list of texts")
	}
	return s
}

// inside returns the object under a key; without fields when there is none.
func (o object) inside(key string) object {
	in := object{file: o.file, path: o.path + key + ".", fault: o.fault}
	if o.has(key) {
		o.get(key, &in.fields, "an object")
	}
	return in
}

// only refuses any value but the wanted ones. A key that is absent or null has
// the first of them.
func (o object) only(key string, wanted ...any) {
	if !o.has(key) {
		return
	}
	var got any
	d := json.NewDecoder(bytes.NewReader(o.fields[key]))
	if err := d.Decode(&got); err != nil {
		o.fail(key, "is not readable")
		return
	}
	if !slices.ContainsFunc(wanted, func(w any) bool { return reflect.DeepEqual(got, w) }) {
		o.fail(key, "is %s, and only %s is implemented", o.raw(key), list(wanted))
	}
}

// list writes values as JSON would, joined by "or".
func list(values []any) string {
	if len(values) == 0 {
		return "null"
	}
	texts := make([]string, len(values))
	for i, v := range values {
		text, _ := json.Marshal(v)
		texts[i] = string(text)
	}
	return strings.Join(texts, " or ")
}
