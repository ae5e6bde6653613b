package config

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Write writes every key with its line of documentation, as a file that Load
// reads. from says where each value comes from, by key; nil: nothing is said.
func (c *Config) Write(w io.Writer, from map[string]string) error {
	out := bufio.NewWriter(w)
	open := ""
	for i := range keys {
		k := &keys[i]
		section, name, sectioned := strings.Cut(k.Name, ".")
		indent := ""
		switch {
		case !sectioned:
			name = k.Name
		case section != open:
			fmt.Fprintf(out, "%s:\n", section)
			fallthrough
		default:
			open, indent = section, "  "
		}
		fmt.Fprintf(out, "%[1]s# %[2]s\n%[1]s# %[3]s\n%[1]s%[4]s: %[5]s", indent, k.Doc, k.comment(), name, k.yaml(c))
		if from != nil {
			fmt.Fprintf(out, " # %s", printable(from[k.Name]))
		}
		fmt.Fprint(out, "\n")
		if i+1 < len(keys) {
			fmt.Fprint(out, "\n")
		}
	}
	return out.Flush()
}

// comment says what the key may be, its other names, and whether it is read
// again while the daemon runs.
func (k *Key) comment() string {
	line := k.want + "; "
	if k.Flag != "" {
		line += "--" + k.Flag + ", "
	}
	line += k.Env()
	if k.Live {
		line += "; read again at SIGHUP"
	}
	return line
}

// yaml is the key's value as it stands in a file.
func (k *Key) yaml(c *Config) string {
	if !k.IsList() {
		return k.scalar(k.get(c))
	}
	var all []string
	for _, s := range *k.list(c) {
		all = append(all, k.scalar(s))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// printable keeps a comment in its line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*$`)

// special are the words that YAML takes for something else than text.
var special = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

func (k *Key) scalar(s string) string {
	if !k.quoted || plain.MatchString(s) && !slices.Contains(special, strings.ToLower(s)) {
		return s
	}
	data, _ := json.Marshal(s) // a string always can
	return string(data)
}
