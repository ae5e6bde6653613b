package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWhatIsWrongInAFileIsSaid(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"sets: 4", `sotto.yaml:1: unknown key "sets"; did you mean seats?`},
		{"\n\nSeats: 4", `sotto.yaml:3: unknown key "Seats"; did you mean seats?`},
		{"level: info", `sotto.yaml:1: unknown key "level"; did you mean log.level?`},
		{"allow-host: [a]", `sotto.yaml:1: unknown key "allow-host"; did you mean hosts?`},
		{"limits:\n  text: 4000", `sotto.yaml:2: unknown key "limits.text"; did you mean limits.text_bytes?`},
		{"limits:\n  seats: 4", `sotto.yaml:2: unknown key "limits.seats"; did you mean seats?`},
		{"speakers: 4", `sotto.yaml:1: unknown key "speakers"; sotto config print lists the keys`},
		{"<<: {seats: 4}", `sotto.yaml:1: unknown key "<<"; sotto config print lists the keys`},
		{"seats: 4\nmodel: pocket\nseats: 5", `sotto.yaml:3: the key "seats" stands here again, it is already in line 1; take one of them out`},
		{"log: {level: info}\nlog: {format: json}", `sotto.yaml:2: the key "log" stands here again, it is already in line 1; take one of them out`},
		{"log:\n  level: info\n  level: warn", `sotto.yaml:3: the key "log.level" stands here again, it is already in line 2; take one of them out`},
		{"? [a]\n: 4", `sotto.yaml:1: a key is a list, want a word such as seats`},
		{"seats: many", `sotto.yaml:1: seats is "many", want a whole number from 1 to 1000, without quotes`},
		{"seats: \"4\"", `sotto.yaml:1: seats is "4", want a whole number from 1 to 1000, without quotes`},
		{"seats: 0", `sotto.yaml:1: seats is "0", want a whole number from 1 to 1000`},
		{"seats: 010", `sotto.yaml:1: seats is "010", want a whole number from 1 to 1000`},
		{"seats: 99999999999999999999", `sotto.yaml:1: seats is "99999999999999999999", want a whole number from 1 to 1000, without quotes`},
		{"seats: 4.0", `sotto.yaml:1: seats is "4.0", want a whole number from 1 to 1000, without quotes`},
		{"seats:", `sotto.yaml:1: seats has no value; take the line out for the default, or say what it is`},
		{"seats: [4]", `sotto.yaml:1: seats is a list, want a whole number from 1 to 1000`},
		{"seats:\n  is: 4", `sotto.yaml:2: seats is a section, want a whole number from 1 to 1000`},
		{"insecure_lan: yes", `sotto.yaml:1: insecure_lan is "yes", want true or false, without quotes`},
		{"model: 4", `sotto.yaml:1: model is "4", want the name of a model, a folder or a .gguf file; text that looks like something else needs quotes`},
		{"model: \"\"", `sotto.yaml:1: model is "", want the name of a model, a folder or a .gguf file`},
		{"model: \"a\\nb\"", `sotto.yaml:1: model is "a\nb", want the name of a model, a folder or a .gguf file`},
		{"latency: slow", `sotto.yaml:1: latency is "slow", want fast, balanced or quality`},
		{"drain_timeout: 10", `sotto.yaml:1: drain_timeout is "10", want a time from 100ms to 1h, such as 1.5s or 2m; text that looks like something else needs quotes`},
		{"drain_timeout: 2h", `sotto.yaml:1: drain_timeout is "2h", want a time from 100ms to 1h, such as 1.5s or 2m`},
		{"listen: 7788", `sotto.yaml:1: listen is "7788", want HOST:PORT, such as 127.0.0.1:7788; text that looks like something else needs quotes`},
		{"listen: 127.0.0.1:99999", `sotto.yaml:1: listen is "127.0.0.1:99999", want HOST:PORT, such as 127.0.0.1:7788`},
		{"hosts: a.example", `sotto.yaml:1: hosts is "a.example", want a list such as [a, b]`},
		{"hosts:\n  - a.example\n  - \"*.example\"", `sotto.yaml:3: hosts has "*.example", want a name such as captions.example, or captions.example:8443; list each name by itself`},
		{"origins: [\"https://a.example/\"]", `sotto.yaml:1: origins has "https://a.example/", want a page's origin such as https://example.org; list each page's origin by itself`},
		{"origins: [null]", `sotto.yaml:1: origins has no value; take the line out for the default, or say what it is`},
		{"limits: 4", `sotto.yaml:1: limits is "4", want keys indented below it`},
		{"limits:", `sotto.yaml:1: limits is empty, want keys indented below it`},
		{"limits: {text_bytes: 8193}", `sotto.yaml:1: limits.text_bytes is "8193", want a whole number from 1024 to 8192`},
		{"model: &m pocket\nmmproj: *m", `sotto.yaml:2: mmproj is an alias, want the name of a file`},
		{"- seats", `sotto.yaml:1: the file is a list, want keys with their values, such as seats: 8`},
		{"seats", `sotto.yaml:1: the file is "seats", want keys with their values, such as seats: 8`},
		{"seats: 4\n---\nseats: 5", `sotto.yaml:2: a second document begins here; put all keys into one`},
		{"seats: [", `sotto.yaml:1: this is not YAML: did not find expected node content; sotto config print prints a sample`},
		{"seats: 4\n\tmodel: x", `sotto.yaml:2: this is not YAML: found a tab character that violates indentation; sotto config print prints a sample`},
		{"listen: 0.0.0.0:1", `the address to listen on is "0.0.0.0:1" (sotto.yaml:1), which other machines can reach, and without TLS all on the way can read their tokens and words; ` +
			`name tls_cert and tls_key, or listen on 127.0.0.1, or say --insecure-lan (insecure_lan: true in the file) if you mean that`},
	} {
		if _, err := told(t, tt.text); err == nil || err.Error() != tt.want {
			t.Errorf("%q\ngives %v\nwant  %s", tt.text, err, tt.want)
		}
	}
}

func TestFilesThatSayNothing(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# a comment\n", "---\n", "{}", "\ufeff# with a mark\n"} {
		l, err := told(t, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if all := Changes(&defaults().Config, &l.Config); len(all) > 0 {
			t.Errorf("%q changes %v", text, all)
		}
	}
}

func TestAFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	var path *fs.PathError
	for _, name := range []string{dir, filepath.Join(dir, "none.yaml")} {
		if _, err := Load(Input{Path: name}); !errors.As(err, &path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := filepath.Join(dir, "long.yaml")
	if err := os.WriteFile(long, bytes.Repeat([]byte("#\n"), maxFile), 0o666); err != nil {
		t.Fatal(err)
	}
	want := long + ": longer than 65536 bytes, which no configuration is; name another file"
	if _, err := Load(Input{Path: long}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// hostile are files that cost a careless reader dear.
func hostile() map[string]string {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'i'; c++ {
		bomb += strings.ReplaceAll("c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n", "*b", "*"+string(c-1))
		bomb = strings.Replace(bomb, "c: &c", string(c)+": &"+string(c), 1)
	}
	return map[string]string{
		"aliases":   bomb,
		"a circle":  "hosts: &h [*h]",
		"deep":      "hosts: " + strings.Repeat("[", maxFile-10),
		"deep keys": strings.Repeat("{a: ", maxFile/4-1),
		"many keys": strings.Repeat("a: 1\n", maxFile/5),
		"many":      "hosts: [" + strings.Repeat("a,", maxFile/2-10) + "]",
		"long":      "model: " + strings.Repeat("x", maxFile-10),
		"zeros":     strings.Repeat("\x00", maxFile),
	}
}

func TestHostileFilesCostLittle(t *testing.T) {
	for name, text := range hostile() {
		began := time.Now()
		_, err := told(t, text)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
		if (err == nil) != (name == "many") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s is refused with %d bytes", name, len(err.Error()))
		}
	}
}

// Whatever a file says, it is refused with a sentence or printed and read again
// as the same.
func FuzzFile(f *testing.F) {
	var sample bytes.Buffer
	defaults().Write(&sample, nil)
	f.Add(sample.Bytes())
	for _, text := range hostile() {
		f.Add([]byte(text[:min(len(text), 300)]))
	}
	f.Add([]byte("seats: !!int 4\nhosts: [a, 'b', \"c\"]\nlog: {level: >-\n    info}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := defaults()
		if err := l.file("f", data); err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "f:") || strings.Contains(text, "\n") {
				t.Fatalf("refused with %q", text)
			}
			return
		}
		var out bytes.Buffer
		if err := l.Write(&out, l.From); err != nil {
			t.Fatal(err)
		}
		if out.Len() > maxFile {
			return // the comments have made it too long
		}
		again := defaults()
		if err := again.file("f", out.Bytes()); err != nil {
			t.Fatalf("%v in\n%s", err, &out)
		}
		if all := Changes(&l.Config, &again.Config); len(all) > 0 {
			t.Fatalf("%v", all)
		}
	})
}
