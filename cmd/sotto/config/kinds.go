package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The tags of YAML that we take.
const (
	tagText   = "!!str"
	tagNumber = "!!int"
	tagTruth  = "!!bool"
	tagNull   = "!!null"
)

// maxText is the longest value, in bytes.
const maxText = 4096

// kind is the type and the range of a key.
type kind struct {
	tag    string                     // of a value in the file
	quoted bool                       // may need quotes in the file
	want   string                     // what a good value is
	set    func(*Config, string) bool // false: the value is not good; a list gets one more
	get    func(*Config) string       // nil for lists
	list   func(c *Config) *[]string  // nil for single values
}

func text(at func(*Config) *string, want string, good func(string) bool) kind {
	return kind{
		tag: tagText, quoted: true, want: want,
		set: func(c *Config, s string) bool { return put(at(c), s, good(s)) },
		get: func(c *Config) string { return *at(c) },
	}
}

func choice(at func(*Config) *string, all ...string) kind {
	last := len(all) - 1
	want := strings.Join(all[:last], ", ") + " or " + all[last]
	k := text(at, want, func(s string) bool { return slices.Contains(all, s) })
	k.quoted = false
	return k
}

func number(at func(*Config) *int, least, most int) kind {
	return kind{
		tag: tagNumber, want: fmt.Sprintf("a whole number from %d to %d", least, most),
		set: func(c *Config, s string) bool {
			n, err := strconv.Atoi(s)
			return put(at(c), n, err == nil && least <= n && n <= most && strconv.Itoa(n) == s)
		},
		get: func(c *Config) string { return strconv.Itoa(*at(c)) },
	}
}

func span(at func(*Config) *time.Duration, least, most time.Duration) kind {
	return kind{
		tag: tagText, want: fmt.Sprintf("a time from %s to %s, such as 1.5s or 2m", spell(least), spell(most)),
		set: func(c *Config, s string) bool {
			d, err := time.ParseDuration(s)
			return put(at(c), d, err == nil && least <= d && d <= most)
		},
		get: func(c *Config) string { return spell(*at(c)) },
	}
}

func truth(at func(*Config) *bool) kind {
	return kind{
		tag: tagTruth, want: "true or false",
		set: func(c *Config, s string) bool { return put(at(c), s == "true", s == "true" || s == "false") },
		get: func(c *Config) string { return strconv.FormatBool(*at(c)) },
	}
}

func list(at func(*Config) *[]string, want string, good func(string) bool) kind {
	return kind{
		tag: tagText, quoted: true, want: want, list: at,
		set: func(c *Config, s string) bool { return put(at(c), append(*at(c), s), good(s)) },
	}
}

// put stores a value that is good, and says whether it was.
func put[T any](at *T, value T, good bool) bool {
	if good {
		*at = value
	}
	return good
}

// spell writes a duration without the zeros of time's own form: 1m, not 1m0s.
func spell(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// isName reports whether s can be a name: some characters, all of which print.
func isName(s string) bool {
	return s != "" && len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// isLanguage reports whether s looks like a language code, or is empty.
func isLanguage(s string) bool {
	return s == "" || (len(s) == 2 || len(s) == 3) && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// isFile reports whether s can be the name of a file, or says that there is none.
func isFile(s string) bool { return s == "" || isName(s) }

// isAddress reports whether s is HOST:PORT. No host is every interface.
func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && isPort(port) && (host == "" || isHostname(host) || isIP(host))
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && 0 <= n && n <= 65535 && strconv.Itoa(n) == s
}

func isIP(s string) bool {
	host, zone, zoned := strings.Cut(s, "%")
	return net.ParseIP(host) != nil && (!zoned || isHostname(zone))
}

// isHost reports whether s is a name or an address of this server, with or
// without a port, as a browser sends it.
func isHost(s string) bool {
	if host, port, err := net.SplitHostPort(s); err == nil {
		return isPort(port) && (isHostname(host) || isIP(host))
	}
	return isHostname(s) || isIP(s)
}

func isHostname(s string) bool {
	return s != "" && len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_')
	})
}

// isOrigin reports whether s is SCHEME://HOST[:PORT] and nothing more. Pages of
// extensions have schemes of their own.
func isOrigin(s string) bool {
	scheme, rest, found := strings.Cut(s, "://")
	u, err := url.Parse(s)
	bare, bracketed := strings.CutPrefix(strings.TrimSuffix(rest, "]"), "[") // IPv6 without a port
	return found && err == nil && isHostname(scheme) && u.Host == rest && (isHost(rest) || bracketed && isIP(bare))
}
