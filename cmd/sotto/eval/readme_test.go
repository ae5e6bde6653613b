package eval

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// Every field of the manifest and of the report is explained.
func TestREADMENamesEveryField(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{Recording{}, Report{}} {
		for _, name := range jsonNames(reflect.TypeOf(of)) {
			if !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("README.md does not name `%s`", name)
			}
		}
	}
}

// jsonNames returns the names of a type's fields and of those within.
func jsonNames(of reflect.Type) []string {
	switch of.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return jsonNames(of.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var names []string
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" {
			names = append(names, name)
		}
		if name != "" || field.Anonymous {
			names = append(names, jsonNames(field.Type)...)
		}
	}
	return names
}
