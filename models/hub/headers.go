package hub

import (
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// longestHeader is far above what an honest header field needs.
const longestHeader = 4096

// etag is an entity tag as RFC 9110, 8.8.3 writes it. Only a strong one says
// that two answers are the same bytes. The zero value is no tag.
type etag struct {
	opaque string // between the quotes
	weak   bool
}

func (e etag) strong() bool { return e.opaque != "" && !e.weak }

// String returns the tag as a header writes it.
func (e etag) String() string {
	if e.weak {
		return `W/"` + e.opaque + `"`
	}
	return `"` + e.opaque + `"`
}

// parseETag reads an ETag field; ok is false when it is not a tag. An empty tag
// is none.
func parseETag(field string) (tag etag, ok bool) {
	field, tag.weak = strings.CutPrefix(field, "W/")
	if len(field) < 3 || len(field) > 1024 || field[0] != '"' || field[len(field)-1] != '"' {
		return etag{}, false
	}
	tag.opaque = field[1 : len(field)-1]
	for i := range len(tag.opaque) {
		if c := tag.opaque[i]; c < 0x21 || c == '"' || c == 0x7f {
			return etag{}, false
		}
	}
	return tag, true
}

// span is the part of a file that a 206 answer carries: bytes first to last of
// total, both included.
type span struct{ first, last, total int64 }

// parseContentRange reads "bytes 5-9/10". An unknown total or an unsatisfied
// range is of no use here and counts as wrong.
func parseContentRange(field string) (s span, ok bool) {
	unit, rest, found := strings.Cut(field, " ")
	if !found || !strings.EqualFold(unit, "bytes") {
		return span{}, false
	}
	ends, total, found := strings.Cut(rest, "/")
	if !found {
		return span{}, false
	}
	first, last, found := strings.Cut(ends, "-")
	if !found {
		return span{}, false
	}
	var a, b, c bool
	s.first, a = digits(first)
	s.last, b = digits(last)
	s.total, c = digits(total)
	if !a || !b || !c || s.first > s.last || s.last >= s.total {
		return span{}, false
	}
	return s, true
}

// digits reads a count of bytes: digits alone, no sign, no space.
func digits(text string) (int64, bool) {
	if text == "" || len(text) > 18 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// nextPage returns the target of a Link field's rel="next", or "" when there is
// none. Parameters other than rel are passed over.
func nextPage(field string) string {
	if len(field) > longestHeader {
		return ""
	}
	for field != "" {
		start := strings.IndexByte(field, '<')
		if start < 0 {
			return ""
		}
		end := strings.IndexByte(field[start:], '>')
		if end < 0 {
			return ""
		}
		target := field[start+1 : start+end]
		var params string
		params, field = cutLink(field[start+end+1:])
		if isNext(params) {
			return target
		}
	}
	return ""
}

// cutLink parts one link's parameters from the links behind it: at a comma that
// stands outside quotes.
func cutLink(text string) (params, rest string) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ',' && !quoted:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

func isNext(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}

// parseRetryAfter reads seconds or a date; 0 when there is neither.
func parseRetryAfter(field string, now time.Time) time.Duration {
	if s, ok := digits(field); ok {
		return time.Duration(min(s, math.MaxInt32)) * time.Second
	}
	if at, err := http.ParseTime(field); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// mediaType returns the type alone, in lower case: text/html.
func mediaType(field string) string {
	if kind, _, err := mime.ParseMediaType(field); err == nil {
		return kind
	}
	kind, _, _ := strings.Cut(field, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// sameOrigin reports whether two addresses are one server: scheme, host and
// port.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if strings.EqualFold(u.Scheme, "http") {
		return "80"
	}
	return "443"
}
