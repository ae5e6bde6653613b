package access

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestAFileIsMadeOnceAndIsTheOwnersAlone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state", "tokens")
	tokens, made, err := OpenFile(name)
	if err != nil || !made || len(tokens) != 3 {
		t.Fatalf("%d tokens, made %v, %v", len(tokens), made, err)
	}
	known := NewTokens(tokens)
	for i, role := range []Role{View, Speak, Admin} {
		if g, ok := known.Check(tokens[i]); !ok || g.Role != role {
			t.Errorf("token %d gives %+v", i, g)
		}
	}
	for path, want := range map[string]os.FileMode{name: 0o600, filepath.Dir(name): 0o700} {
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	again, made, err := OpenFile(name)
	if err != nil || made || !slices.Equal(again, tokens) {
		t.Errorf("opened again: made %v, %v", made, err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	token := New(View)
	for text, want := range map[string]string{
		"":                             "has no tokens",
		"# " + token:                   "has no tokens",
		token + "0":                    "tokens:1: no token",
		"\n\n" + token[1:]:             "tokens:3: no token",
		token + "\n" + token[:40]:      "tokens:2: no token",
		strings.ToUpper(token):         "tokens:1: no token",
		"sotto_root_" + token[11:]:     "tokens:1: no token",
		"sotto_anyone_" + token[11:]:   "tokens:1: no token",
		token + " " + token:            "tokens:1: no token",
		strings.Repeat("#", maxFile+1): "larger than",
	} {
		name := filepath.Join(dir, "tokens")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadFile(name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v", text, err)
		} else if strings.Contains(err.Error(), token[11:30]) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
}

func TestAFileThatOthersReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	name := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(name, []byte(New(View)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: true, 0o644: false, 0o660: false, 0o666: false, 0o604: false} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(name); (err == nil) != good || err != nil && !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

func TestAFolderThatCannotBeWrittenIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenFile(filepath.Join(file, "tokens")); err == nil || !strings.HasPrefix(err.Error(), "access: cannot ") {
		t.Errorf("error %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(New(View) + "\n# x\n" + New(Admin))
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := parse("tokens", text)
		if (err == nil) != (len(tokens) > 0) {
			t.Fatalf("%d tokens and %v", len(tokens), err)
		}
		known := NewTokens(tokens)
		for _, token := range tokens {
			if _, ok := known.Check(token); !ok {
				t.Errorf("%q is read and not good", token)
			}
		}
	})
}
