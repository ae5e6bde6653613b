package reliability

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// figures are those that docs/reliability.md has to prove.
const figures = "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 F15 F16 F17 F18 F19 F20 F21 F22 F23 F28 F30 F31 live"

var proof = regexp.MustCompile("`([a-z0-9./]+)` (Test[A-Za-z0-9_]+)")

// The page names what there is: each figure once, and tests that exist.
func TestThePageIsTrue(t *testing.T) {
	page, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	promises, _, _ := strings.Cut(string(page), "\n## Measured")
	var rows []string
	for line := range strings.Lines(promises) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !ok || !strings.HasPrefix(line, "| ") || name == "" || strings.HasPrefix(name, "|") {
			continue
		}
		rows = append(rows, name)
		proofs := proof.FindAllStringSubmatch(rest, -1)
		if len(proofs) == 0 {
			t.Errorf("%s: no test is named", name)
		}
		for _, p := range proofs {
			if !defined(t, p[1], p[2]) {
				t.Errorf("%s: package %s has no %s", name, p[1], p[2])
			}
		}
	}
	if got := strings.Join(rows, " "); got != figures {
		t.Errorf("the page has rows for %s, want %s", got, figures)
	}
}

// defined reports whether a package has a test.
func defined(t *testing.T, folder, test string) bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+test+"(t *testing.T)") {
			return true
		}
	}
	return false
}

// Every test of this package proves a figure.
func TestEveryTestIsOnThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob("*_test.go")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\nfunc (Test[A-Za-z0-9]+)\(t \*testing`).FindAllStringSubmatch(string(text), -1) {
			if name != "page_test.go" && !strings.Contains(string(page), m[1]) {
				t.Errorf("%s of %s proves no figure of docs/reliability.md", m[1], name)
			}
		}
	}
}
