package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 64 << 10

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// file takes what a YAML file says. Its errors begin with FILE:LINE.
func (l *Loaded) file(name string, data []byte) error {
	if len(data) > maxFile {
		return fmt.Errorf("%s: longer than %d bytes, which no configuration is; name another file", name, maxFile)
	}
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil // nothing but comments
	case err != nil:
		return notYAML(name, err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return fmt.Errorf("%s:%d: a second document begins here; put all keys into one", name, more.Line)
	case !errors.Is(err, io.EOF):
		return notYAML(name, err)
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == tagNull {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: the file is %s, want keys with their values, such as seats: 8", name, root.Line, describe(root))
	}
	return (&reader{loaded: l, name: name, seen: make(map[string]int)}).mapping(root, "")
}

var lineOf = regexp.MustCompile(`^line (\d+): `)

// notYAML gives an error of the library our form.
func notYAML(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := ""
	if m := lineOf.FindStringSubmatch(text); m != nil {
		line, text = ":"+m[1], text[len(m[0]):]
	}
	return fmt.Errorf("%s%s: this is not YAML: %s; sotto config print prints a sample", name, line, text)
}

// reader walks through one file.
type reader struct {
	loaded *Loaded
	name   string
	seen   map[string]int // line of each key so far
}

func (r *reader) wrong(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", r.name, n.Line, fmt.Sprintf(format, args...))
}

// mapping takes the keys of the file or of a section, whose prefix ends with a
// dot.
func (r *reader) mapping(n *yaml.Node, prefix string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return r.wrong(key, "a key is %s, want a word such as seats", describe(key))
		}
		name := prefix + key.Value
		if line, twice := r.seen[name]; twice {
			return r.wrong(key, "the key %.64q stands here again, it is already in line %d; take one of them out", name, line)
		}
		r.seen[name] = key.Line
		if err := r.entry(key, value, name); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) entry(key, value *yaml.Node, name string) error {
	if k := find(name); k != nil {
		return r.value(k, value)
	}
	if isSection(name) {
		if value.Kind != yaml.MappingNode {
			return r.wrong(value, "%s is %s, want keys indented below it", name, describe(value))
		}
		return r.mapping(value, name+".")
	}
	if near := nearest(name); near != "" {
		return r.wrong(key, "unknown key %.64q; did you mean %s?", name, near)
	}
	return r.wrong(key, "unknown key %.64q; sotto config print lists the keys", name)
}

// value gives a key what stands behind it.
func (r *reader) value(k *Key, n *yaml.Node) error {
	items := []*yaml.Node{n}
	if k.IsList() {
		if n.Kind != yaml.SequenceNode {
			return r.wrong(n, "%s is %s, want a list such as [a, b]", k.Name, describe(n))
		}
		items = n.Content
	}
	if k.IsList() {
		*k.list(&r.loaded.Config) = nil
	}
	for _, item := range items {
		if err := r.scalar(k, item); err != nil {
			return err
		}
	}
	r.loaded.From[k.Name] = fmt.Sprintf("%s:%d", r.name, n.Line)
	return nil
}

// scalar gives a key one value, whose type in the file must be the key's.
func (r *reader) scalar(k *Key, n *yaml.Node) error {
	verb := "is"
	if k.IsList() {
		verb = "has"
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		return r.wrong(n, "%s %s %s, want %s", k.Name, verb, describe(n), k.want)
	case n.ShortTag() == tagNull:
		return r.wrong(n, "%s has no value; take the line out for the default, or say what it is", k.Name)
	case n.ShortTag() == k.tag && k.set(&r.loaded.Config, n.Value):
		return nil
	case n.ShortTag() == k.tag:
		return r.wrong(n, "%s %s %.64q, want %s", k.Name, verb, n.Value, k.want)
	case k.tag == tagText:
		return r.wrong(n, "%s %s %.64q, want %s; text that looks like something else needs quotes", k.Name, verb, n.Value, k.want)
	}
	return r.wrong(n, "%s %s %.64q, want %s, without quotes", k.Name, verb, n.Value, k.want)
}

// describe says what a node is where it should not be.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a section"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.ShortTag() == tagNull {
		return "empty"
	}
	return fmt.Sprintf("%.64q", n.Value)
}
