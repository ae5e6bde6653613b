package hub

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestContentRange(t *testing.T) {
	for field, want := range map[string]span{
		"bytes 0-9/10": {0, 9, 10}, "Bytes 5-9/10": {5, 9, 10}, "bytes 3-3/4": {3, 3, 4}, "bytes 0-0/999999999999999999": {0, 0, 999999999999999999},
	} {
		if got, ok := parseContentRange(field); !ok || got != want {
			t.Errorf("%q: %v, %v", field, got, ok)
		}
	}
	for _, field := range []string{
		"", "bytes", "bytes */10", "bytes 0-9/*", "bytes 9-0/10", "bytes 0-10/10", "bytes -1-9/10", "bytes 0--9/10", "bytes +0-9/10", "bytes 0-9/1e3",
		"items 0-9/10", "bytes=0-9/10", "bytes 0-9", "bytes 0-9/10, bytes 0-9/10", "bytes  0-9/10", "bytes 0-9/9999999999999999999", "bytes 0x0-9/10", "bytes 0-9/10 ",
	} {
		if got, ok := parseContentRange(field); ok {
			t.Errorf("%q: %v", field, got)
		}
	}
}

func TestETag(t *testing.T) {
	for field, want := range map[string]etag{`"a"`: {"a", false}, `W/"a"`: {"a", true}, `"a-b/c=ÿ"`: {"a-b/c=ÿ", false}} {
		if got, ok := parseETag(field); !ok || got != want || got.String() != field {
			t.Errorf("%s: %v, %v", field, got, ok)
		}
	}
	for _, field := range []string{"", `"`, `""`, `W/""`, "a", `w/"a"`, `"a`, `a"`, `"a"b"`, "\"a b\"", "\"a\tb\"", "\"a\x7fb\"", "\"a\r\nb\"", `"` + strings.Repeat("a", 2000) + `"`, `W/W/"a"`} {
		if got, ok := parseETag(field); ok {
			t.Errorf("%q: %v", field, got)
		}
	}
}

func TestNextPage(t *testing.T) {
	for field, want := range map[string]string{
		`<https://h/x?cursor=a>; rel="next"`:        "https://h/x?cursor=a",
		`<a>; rel="prev", <b>; rel=next`:            "b",
		`<a,b>; title="x, <c>"; REL = "first NEXT"`: "a,b",
		`<a>; rel="prev"`:                           "",
		"":                                          "",
		"<a":                                        "",
		"a>; rel=next":                              "",
		`<>; rel="next"`:                            "",
		`<a>; title="rel=next"`:                     "",
		`<` + strings.Repeat("a", longestHeader) + `>; rel="next"`: "",
	} {
		if got := nextPage(field); got != want {
			t.Errorf("%.60q: %q, want %q", field, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	for field, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "7.5": 0, "soon": 0, "Tue, 24 Nov 2026 08:00:30 GMT": 30 * time.Second, "Mon, 23 Nov 2026 08:00:30 GMT": 0,
		"999999999999999999": (1<<31 - 1) * time.Second, "9999999999999999999999": 0,
	} {
		if got := parseRetryAfter(field, now); got != want {
			t.Errorf("%q: %v, want %v", field, got, want)
		}
	}
}

func TestOrigins(t *testing.T) {
	for pair, want := range map[string]bool{
		"https://a https://a:443/x": true, "https://A https://a": true, "http://a http://a:80": true,
		"https://a http://a": false, "https://a https://b": false, "https://a https://a:444": false, "https://a https://a.b": false, "http://[::1]:1 http://[::1]:2": false,
	} {
		x, y, _ := strings.Cut(pair, " ")
		a, _ := url.Parse(x)
		b, _ := url.Parse(y)
		if sameOrigin(a, b) != want {
			t.Errorf("%s: %v", pair, !want)
		}
	}
}

// FuzzHeaders feeds one field to every reader of foreign header fields.
func FuzzHeaders(f *testing.F) {
	for _, field := range []string{
		"bytes 0-9/10", "bytes 5-4/10", "bytes 0-9/*", "bytes 0-0/999999999999999999", `"abc"`, `W/"abc"`, `"a"b"`, `<https://h/x>; rel="next"`, `<a>; rel="prev", <b>; rel=next`,
		`<a>; title="x, <c>"; rel="first next"`, "120", "Tue, 24 Nov 2026 08:00:30 GMT", "text/html; charset=utf-8", "<<>>,,;;\"",
	} {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		if s, ok := parseContentRange(field); ok && !(0 <= s.first && s.first <= s.last && s.last < s.total) {
			t.Errorf("%q: %v", field, s)
		}
		if tag, ok := parseETag(field); ok {
			if again, ok := parseETag(tag.String()); !ok || again != tag || strings.ContainsAny(tag.opaque, "\" \r\n\x00") {
				t.Errorf("%q: %v, then %v", field, tag, again)
			}
		}
		if target := nextPage(field); strings.ContainsAny(target, ">") || !strings.Contains(field, "<"+target+">") && target != "" {
			t.Errorf("%q: %q", field, target)
		}
		if d := parseRetryAfter(field, time.Unix(0, 0)); d < 0 {
			t.Errorf("%q: %v", field, d)
		}
		if kind := mediaType(field); kind != strings.ToLower(kind) && kind != "" {
			t.Errorf("%q: %q", field, kind)
		}
	})
}
