// Package strictjson reads JSON objects of clients. What encoding/json would
// guess about is refused: a field given twice or in other letters, a field nobody
// knows, half a character.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep objects and lists may lie in each other.
const MaxDepth = 8

// Unmarshal reads one object into a struct, or into a map for fields of any name.
// Its errors are sentences for the client. The caller bounds the size of data.
func Unmarshal(data []byte, into any) error {
	if err := checkText(data); err != nil {
		return err
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return spoken(err)
	}
	if whole = bytes.TrimLeft(whole, " \t\r\n"); whole[0] != '{' {
		return errors.New("this is not a JSON object; want {…}")
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	if err := check(in, reflect.TypeOf(into), "", 0); err != nil {
		return err
	}
	return spoken(json.Unmarshal(data, into))
}

// check reads one value, which goes into a value of type t; nil: of any type.
func check(in *json.Decoder, t reflect.Type, at string, depth int) error {
	token, err := in.Token()
	delim, nested := token.(json.Delim)
	if err != nil || !nested {
		return err
	}
	if depth == MaxDepth {
		return fmt.Errorf("field %.64q: objects and lists lie deeper than %d in each other", at, MaxDepth)
	}
	t = plain(t)
	if delim == '{' {
		err = checkFields(in, t, at, depth)
	} else {
		err = checkList(in, t, at, depth)
	}
	if err == nil {
		_, err = in.Token() // the closing bracket
	}
	return err
}

func checkList(in *json.Decoder, t reflect.Type, at string, depth int) error {
	var element reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		element = t.Elem()
	}
	for i := 0; in.More(); i++ {
		if err := check(in, element, fmt.Sprintf("%s[%d]", at, i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func checkFields(in *json.Decoder, t reflect.Type, at string, depth int) error {
	seen := make(map[string]bool)
	fields, each := fieldsOf(t)
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		path := strings.TrimPrefix(at+"."+name, ".")
		if folded := fold(name); seen[folded] {
			return fmt.Errorf("field %.64q: given twice", path)
		} else {
			seen[folded] = true
		}
		inner, known := fields[name]
		if !known && each == nil && t != nil && t.Kind() == reflect.Struct {
			return unknown(path, fields)
		}
		if !known {
			inner = each
		}
		if err := check(in, inner, path, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// unknown says which field was meant when only its letters differ, else which
// there are.
func unknown(path string, fields map[string]reflect.Type) error {
	names := make([]string, 0, len(fields))
	last := path[strings.LastIndexByte(path, '.')+1:]
	for name := range fields {
		if fold(name) == fold(last) {
			return fmt.Errorf("field %.64q: written %q", path, name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("field %.64q: unknown; want %s", path, strings.Join(names, ", "))
}

var selfReading = reflect.TypeFor[json.Unmarshaler]()

// plain follows pointers. A type that reads itself is of any shape.
func plain(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer && !t.Implements(selfReading) {
		t = t.Elem()
	}
	if t == nil || t.Kind() == reflect.Interface || t.Implements(selfReading) || reflect.PointerTo(t).Implements(selfReading) {
		return nil
	}
	return t
}

// fieldsOf returns the types of a struct's fields by their names, or the type of
// every field of a map.
func fieldsOf(t reflect.Type) (fields map[string]reflect.Type, each reflect.Type) {
	switch {
	case t != nil && t.Kind() == reflect.Map:
		return nil, t.Elem()
	case t == nil || t.Kind() != reflect.Struct:
		return nil, nil
	}
	fields = make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if !f.IsExported() || tag == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields[name] = f.Type
	}
	return fields, nil
}

// fold makes names alike that encoding/json takes for one.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// checkText refuses what encoding/json turns into U+FFFD.
func checkText(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("the text is not UTF-8")
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		first := escape(data[i:])
		switch {
		case 0xd800 <= first && first < 0xdc00:
			if next := escape(data[min(i+6, len(data)):]); next < 0xdc00 || next > 0xdfff {
				return errors.New("a text ends in half a character (a surrogate without its pair)")
			}
			i += 6
		case 0xdc00 <= first && first <= 0xdfff:
			return errors.New("a text begins with half a character (a surrogate without its pair)")
		}
		i++ // what is escaped is no backslash of its own
	}
	return nil
}

// escape reads \uXXXX, -1 for anything else.
func escape(s []byte) int {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(n)
}

// spoken says an error of encoding/json in words for those who never saw our
// types.
func spoken(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("this is not JSON: %s at byte %d", syntax.Error(), syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("field %.64q: not %s", kind.Field, wanted(kind.Type))
	}
	return err
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number that fits"
}
