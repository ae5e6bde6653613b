package hub

import (
	"strings"
	"testing"
)

func filesOf(names string) []File {
	var all []File
	for n := range strings.FieldsSeq(names) {
		all = append(all, File{Name: n})
	}
	return all
}

func TestFilesAreChosenByPattern(t *testing.T) {
	for name, c := range map[string]struct{ spec, files, text, projector string }{
		"the published names":        {"e4b", "gemma-4-E4B_q4_0-it.gguf gemma-4-E4B-it-mmproj.gguf README.md", "gemma-4-E4B_q4_0-it.gguf", "gemma-4-E4B-it-mmproj.gguf"},
		"other names":                {"E2B", "Gemma4-E2B-Q4_0.gguf mmproj-BF16.gguf mmproj-F16.gguf", "Gemma4-E2B-Q4_0.gguf", "mmproj-BF16.gguf"},
		"a drafter beside":           {"e2b", "a-q4_0.gguf a-q4_0-assistant.gguf mtp-a-q4_0.gguf mmproj.gguf", "a-q4_0.gguf", "mmproj.gguf"},
		"the only text file":         {"o/r", "a-Q6_K.gguf mmproj-a.gguf", "a-Q6_K.gguf", "mmproj-a.gguf"},
		"q4_0 of several":            {"o/r", "a-Q8_0.gguf a-Q4_0.gguf a-UD-Q4_K_XL.gguf mmproj-F16.gguf mmproj-F32.gguf", "a-Q4_0.gguf", "mmproj-F32.gguf"},
		"q4_0 is not iq4_0x":         {"o/r", "a-IQ4_0x.gguf a-Q4_0.gguf m-mmproj.gguf", "a-Q4_0.gguf", "m-mmproj.gguf"},
		"a named file and its half":  {"o/r:sub/a-Q8_0.gguf", "sub/a-Q8_0.gguf a-Q4_0.gguf mmproj-Q8_0.gguf", "sub/a-Q8_0.gguf", "mmproj-Q8_0.gguf"},
		"a named half alone":         {"o/r:mmproj-Q8_0.gguf", "a-Q4_0.gguf mmproj-Q8_0.gguf", "", ""},
		"no half that hears":         {"o/r", "a-Q4_0.gguf", "a-Q4_0.gguf", ""},
		"parts of a file are passed": {"o/r", "a-q4_0-00001-of-00002.gguf a-q4_0-00002-of-00002.gguf b-q4_0.gguf", "b-q4_0.gguf", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseSpec(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.choose(filesOf(c.files))
			if err != nil || got.text != c.text || got.projector != c.projector {
				t.Errorf("%q and %q (%v), want %q and %q", got.text, got.projector, err, c.text, c.projector)
			}
		})
	}
}

func TestWhatCannotBeChosenIsExplained(t *testing.T) {
	for name, c := range map[string]struct {
		spec, files string
		kind        Kind
		says        string
	}{
		"an empty repository":    {"o/r", "", Choice, "it has none"},
		"a repository of code":   {"o/r", "a.py b.bin config.json", Choice, "neither a GGUF file nor config.json with safetensors"},
		"three without q4_0":     {"o/r", "a-Q8_0.gguf a-Q6_K.gguf a-F16.gguf", Choice, "choose one with o/r:FILE"},
		"two of q4_0":            {"o/r", "a-Q4_0.gguf A-q4_0.gguf", Choice, "choose one with"},
		"two halves alike":       {"o/r", "a-q4_0.gguf mmproj-a-BF16.gguf mmproj-b-BF16.gguf", Choice, "2 mmproj files"},
		"e4b without q4_0":       {"e4b", "a-Q8_0.gguf mmproj.gguf", Choice, "choose one with e4b:FILE"},
		"e4b without ears":       {"e4b", "a-q4_0.gguf", Choice, "no mmproj file"},
		"only parts":             {"o/r", "a-q4_0-00001-of-00002.gguf", Choice, "in parts"},
		"a file it has not":      {"o/r:b.gguf", "a.gguf", Missing, "it has a.gguf"},
		"a name that climbs":     {"o/r", "../x-q4_0.gguf", Path, `"../x-q4_0.gguf" is not allowed`},
		"a half with a bad name": {"o/r", "a-q4_0.gguf ..\\mmproj.gguf", Path, "is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseSpec(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.choose(filesOf(c.files))
			complains(t, err, c.kind, c.says)
		})
	}
}

func TestNamesThatAreNoModel(t *testing.T) {
	for _, name := range []string{
		"", "pocket", "/etc/passwd", "../x/y", "org/", "org/..", "org/.git", "a/b/c", "org/na me", "org/a--b", "org/x.git", "org/ñ",
		"e4b@", "e4b@../x", "e4b@a..b", "e4b@/x", "e4b@a b", "o/r@" + strings.Repeat("v", 201), "o/r:", "o/r:../x", "o/r:/x", "o/r:a\\b", "o/r:a:b", "o/r:x\x00", "o/r:a//b",
		"-org/x", "org/x-", strings.Repeat("o", 97) + "/x",
	} {
		_, err := ParseSpec(name)
		if e := as(err); e == nil || e.Kind != Path {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"e4b", "E2B", "e4b@main", "o/r", "Org-1/na.me_2-GGUF@refs/pr/1:sub/dir/x y.gguf"} {
		if _, err := ParseSpec(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for name, want := range map[string]bool{"o/r": true, "o/r:x.gguf": true, "models/x.gguf": false, "e4b": false, "/a/b": false, "./a": false, "a/b/c": false} {
		if IsRepo(name) != want {
			t.Errorf("IsRepo(%q) is %v", name, !want)
		}
	}
}

func TestFileNamesThatCouldEscapeOrNotBeHeld(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "../x", "a/../x", "a/..", "/x", "//x", "a//x", "a/", "./x", `a\x`, `..\x`, "C:x", "x:stream", "a\x00b", "a\nb", "a\x1bb",
		"a\u202eb", "a\xffb", "a.", "a /b", "a./b", strings.Repeat("n", 300), "é" + strings.Repeat("é", 127),
	} {
		if err := checkName(name); err == nil {
			t.Errorf("%q is allowed", name)
		}
	}
	for _, name := range []string{"x", "a/b.gguf", ".gitattributes", "...x", "x y", "ñ.gguf", strings.Repeat("n", 255)} {
		if err := checkName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
