package config

import (
	"strings"

	"sotto/decoder/words"
)

func find(name string) *Key {
	for i := range keys {
		if keys[i].Name == name {
			return &keys[i]
		}
	}
	return nil
}

func isSection(name string) bool {
	for i := range keys {
		if strings.HasPrefix(keys[i].Name, name+".") {
			return true
		}
	}
	return false
}

// nearest returns the key that was probably meant, or "". A flag's name and a
// key of another section count too.
func nearest(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	best, least := "", max(1, len(name)/3)+1
	compare := func(k *Key, said, known string) {
		if d := distance(said, known); known != "" && d < least {
			best, least = k.Name, d
		}
	}
	for i := range keys { // whole names first: they win where several are as near
		compare(&keys[i], name, keys[i].Name)
	}
	for i := range keys {
		k := &keys[i]
		for _, known := range []string{k.Name, last(k.Name), strings.ReplaceAll(k.Flag, "-", "_")} {
			compare(k, name, known)
			compare(k, last(name), known)
		}
	}
	return best
}

// last is a key's name without its section.
func last(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// distance is the number of letters to put in, take out or change. One word that
// begins with the other is one step away.
func distance(a, b string) int {
	a = a[:min(len(a), 64)]
	if len(a) >= 3 && len(b) >= 3 && a != b && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
		return 1
	}
	return words.Edits(a, b)
}
