package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// message has all shapes that a message may have.
type message struct {
	Type    string         `json:"type"`
	Count   int            `json:"count,omitempty"`
	On      *bool          `json:"on"`
	List    []inner        `json:"list"`
	Names   map[string]int `json:"names"`
	Raw     json.RawMessage
	Any     any `json:"any"`
	Skipped int `json:"-"`
	hidden  int
	Embedded
}

type inner struct {
	A *inner `json:"a"`
	B string `json:"b"`
}

type Embedded struct {
	Deep string `json:"deep"`
}

func nest(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }

func TestWhatIsRead(t *testing.T) {
	on := true
	for text, want := range map[string]message{
		`{}`:                                     {},
		" \r\n\t{ }\n":                           {},
		`{"type":"x","count":-3}`:                {Type: "x", Count: -3},
		`{"on":true,"deep":"y"}`:                 {On: &on, Embedded: Embedded{"y"}},
		`{"on":null,"list":null}`:                {},
		`{"list":[{"a":{"b":"c"}},{}]}`:          {List: []inner{{A: &inner{B: "c"}}, {}}},
		`{"names":{"a":1,"b":2}}`:                {Names: map[string]int{"a": 1, "b": 2}},
		`{"Raw":{"type":1}}`:                     {Raw: json.RawMessage(`{"type":1}`)},
		`{"any":{"x":[1,"z"]}}`:                  {Any: map[string]any{"x": []any{1.0, "z"}}},
		`{"type":"\ud83d\ude00\\ud800 \ufffd�"}`: {Type: "😀\\ud800 ��"},
		`{"any":` + nest(7) + `}`:                {Any: anyOf(nest(7))},
	} {
		var got message
		if err := Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngives %+v, %v\nwant  %+v", text, got, err, want)
		}
	}
}

func anyOf(text string) (v any) {
	json.Unmarshal([]byte(text), &v)
	return v
}

func TestWhatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                                `this is not JSON: unexpected end of JSON input at byte 0`,
		` `:                               `this is not JSON: unexpected end of JSON input at byte 1`,
		`{`:                               `this is not JSON: unexpected end of JSON input at byte 1`,
		`{"type":"x"} {}`:                 `this is not JSON: invalid character '{' after top-level value at byte 14`,
		`{"type":"x"}]`:                   `this is not JSON: invalid character ']' after top-level value at byte 13`,
		`{"type":'x'}`:                    `this is not JSON: invalid character '\'' looking for beginning of value at byte 9`,
		`{"count":01}`:                    `this is not JSON: invalid character '1' after object key:value pair at byte 11`,
		`{"type":"x",}`:                   `this is not JSON: invalid character '}' looking for beginning of object key string at byte 13`,
		"{\"type\":\"a\nb\"}":             `this is not JSON: invalid character '\n' in string literal at byte 11`,
		`{"count":NaN}`:                   `this is not JSON: invalid character 'N' looking for beginning of value at byte 10`,
		`[]`:                              `this is not a JSON object; want {…}`,
		` "x"`:                            `this is not a JSON object; want {…}`,
		`null`:                            `this is not a JSON object; want {…}`,
		`7`:                               `this is not a JSON object; want {…}`,
		`{"type":"x","type":"y"}`:         `field "type": given twice`,
		`{"type":"x","t\u0079pe":"y"}`:    `field "type": given twice`,
		`{"list":[{},{"b":"1","b":"2"}]}`: `field "list[1].b": given twice`,
		`{"names":{"k":1,"K":2}}`:         `field "names.K": given twice`,
		`{"names":{"k":1,"K":2}}`:         "field \"names.K\": given twice", // the sign for kelvin
		`{"names":{"s":1,"ſ":2}}`:         `field "names.ſ": given twice`,
		`{"any":{"x":{"y":1,"Y":2}}}`:     `field "any.x.Y": given twice`,
		`{"Raw":{"x":1,"x":2}}`:           `field "Raw.x": given twice`,
		`{"Type":"x"}`:                    `field "Type": written "type"`,
		`{"list":[{"B":"x"}]}`:            `field "list[0].B": written "b"`,
		`{"list":[{"a":{"c":1}}]}`:        `field "list[0].a.c": unknown; want a, b`,
		`{"Skipped":1}`:                   `field "Skipped": unknown; want Raw, any, count, deep, list, names, on, type`,
		`{"hidden":1}`:                    `field "hidden": unknown; want Raw, any, count, deep, list, names, on, type`,
		`{"count":"3"}`:                   `field "count": not a whole number that fits`,
		`{"count":1e400}`:                 `field "count": not a whole number that fits`,
		`{"count":9223372036854775808}`:   `field "count": not a whole number that fits`,
		`{"type":7}`:                      `field "type": not a string`,
		`{"on":"yes"}`:                    `field "on": not true or false`,
		`{"list":{}}`:                     `field "list": not a list`,
		`{"names":[]}`:                    `field "names": not an object`,
		`{"any":1e999}`:                   `field "any": not a number`,
		`{"any":` + nest(8) + `}`:         `field "any.a.a.a.a.a.a.a": objects and lists lie deeper than 8 in each other`,
		"{\"type\":\"\xff\"}":             `the text is not UTF-8`,
		"{\"type\":\"\xed\xa0\x80\"}":     `the text is not UTF-8`,
		`{"type":"\ud800"}`:               `a text ends in half a character (a surrogate without its pair)`,
		`{"type":"\ud800\ud800"}`:         `a text ends in half a character (a surrogate without its pair)`,
		`{"type":"\uDC00x"}`:              `a text begins with half a character (a surrogate without its pair)`,
		`{"\ud800":1}`:                    `a text ends in half a character (a surrogate without its pair)`,
	} {
		var got message
		if err := Unmarshal([]byte(text), &got); err == nil || err.Error() != want {
			t.Errorf("%s\ngives %v\nwant  %s", text, err, want)
		}
	}
}

// What is deep or wide costs little.
func TestHugeObjectsAreRefusedAtOnce(t *testing.T) {
	for _, text := range []string{nest(100_000), `{"any":` + strings.Repeat("[", 100_000), `{"any":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`} {
		if err := Unmarshal([]byte(text), new(message)); err == nil || len(err.Error()) > 200 {
			t.Errorf("%.20q…: %v", text, err)
		}
	}
	var wide strings.Builder
	for i := range 50_000 {
		wide.WriteString(`,"` + strings.Repeat("x", i%5) + string(rune('\u4e00'+i%20000)) + string(rune('a'+i%26)) + `":1`)
	}
	Unmarshal([]byte(`{"names":{`+wide.String()[1:]+`}}`), new(message))
}

func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{`{}`, `{"type":"x","list":[{"a":{"b":"c"}}]}`, `{"type":"\ud83d\ude00"}`, `{"names":{"a":1}}`, nest(9)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var strict, loose message
		if err := Unmarshal(data, &strict); err != nil {
			return
		}
		if err := json.Unmarshal(data, &loose); err != nil || !reflect.DeepEqual(strict, loose) {
			t.Errorf("%q: %+v, and encoding/json %+v, %v", data, strict, loose, err)
		}
	})
}
