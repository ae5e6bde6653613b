package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const testVersion = "v1.2.3-test"

// copyTree copies what a checkout has.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, _ := filepath.Rel(from, name)
		switch {
		case d.IsDir() && slices.Contains([]string{".git", ".cache", "bin", "build", "node_modules"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rest), 0o777)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rest), data, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheSameSourceGivesTheSameReleaseWhereverItLies(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program twice")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	tree, platform := t.TempDir(), runtime.GOOS+"/"+runtime.GOARCH
	copyTree(t, "..", tree)
	var sums [2]string
	var out string
	for i, root := range []string{"..", tree} {
		out = t.TempDir()
		t.Chdir(root)
		if err := release(out, testVersion, []string{platform}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = string(data)
		for name, value := range map[string]string{"GOAMD64": "v3", "GOARM64": "v9.0", "CGO_ENABLED": "1", "GOFLAGS": "-tags=netgo"} {
			t.Setenv(name, value) // of somebody who builds something else
		}
	}
	if sums[0] != sums[1] {
		t.Errorf("one folder gives\n%sthe other\n%s", sums[0], sums[1])
	}
	checkSums(t, out, sums[1])
	if runtime.GOOS == "windows" {
		return
	}
	name := fmt.Sprintf("sotto-%s-%s-%s", testVersion, runtime.GOOS, runtime.GOARCH)
	program := checkArchive(t, filepath.Join(out, name+".tar.gz"), name)
	checkBill(t, filepath.Join(out, name+".cdx.json"), program)
}

// checkSums computes the sums again.
func checkSums(t *testing.T, out, sums string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(sums), "\n")
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || fmt.Sprintf("%x", sha256.Sum256(data)) != sum {
			t.Errorf("%s: the sum is another (%v)", line, err)
		}
	}
	if left, _ := os.ReadDir(out); len(lines) != 2 || len(left) != 3 {
		t.Errorf("%d sums of %d files", len(lines), len(left))
	}
}

// checkArchive unpacks an archive, looks into it and returns its program's path.
func checkArchive(t *testing.T, path, name string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	members := make(map[string]string)
	for archive := tar.NewReader(unpacked); ; {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(time.Unix(1700000000, 0)) || h.Uname != "" || h.Uid != 0 {
			t.Errorf("%s says when or by whom it was made: %+v", h.Name, h)
		}
		members[strings.TrimPrefix(h.Name, name+"/")] = string(text)
	}
	for member, says := range map[string]string{
		"LICENSE": "Apache License", "LICENSES-OF-PARTS": "gorilla/websocket", "README.md": "# sotto", "docs/sotto.yaml": "listen:", "docs/deploy.md": "systemd", "docs/serve.md": "# The daemon",
		"sotto.1": `.TH "SOTTO" "1" "" "sotto ` + strings.ReplaceAll(testVersion, "-", `\-`), "completions/sotto.bash": "complete ", "completions/_sotto": "#compdef", "completions/sotto.fish": "complete -c sotto",
	} {
		if !strings.Contains(members[member], says) {
			t.Errorf("%s does not say %q in its %d bytes", member, says, len(members[member]))
		}
	}
	if _, found := members["sotto.service"]; found != (runtime.GOOS == "linux") {
		t.Errorf("a unit of systemd is there: %v", found)
	}
	program := filepath.Join(t.TempDir(), "sotto")
	if err := os.WriteFile(program, []byte(members["sotto"]), 0o700); err != nil {
		t.Fatal(err)
	}
	return program
}

// checkBill holds a list of parts against what the program carries about itself.
func checkBill(t *testing.T, path, program string) {
	t.Helper()
	said, err := exec.Command(program, "--version").CombinedOutput()
	if err != nil || string(said) != "sotto "+testVersion+" "+runtime.Version()+"\n" {
		t.Errorf("it says %q as its version (%v)", said, err)
	}
	if file, err := elf.Open(program); err == nil {
		defer file.Close()
		if libraries, _ := file.ImportedLibraries(); len(libraries) > 0 {
			t.Errorf("it is not static: %v", libraries)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bill
	reader := json.NewDecoder(bytes.NewReader(data))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&b); err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"std " + info.GoVersion}
	for _, m := range info.Deps {
		want = append(want, m.Path+" "+m.Version)
	}
	var got []string
	for _, c := range b.Components {
		got = append(got, c.Name+" "+c.Version)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the bill lists\n%q\nthe program has\n%q", got, want)
	}
	checkShape(t, &b)
	binary, _ := os.ReadFile(program)
	if sum := b.Metadata.Component.Hashes[0]; sum.Content != fmt.Sprintf("%x", sha256.Sum256(binary)) {
		t.Errorf("the bill is of another program: %s", sum.Content)
	}
}

// checkShape checks what CycloneDX 1.6 demands of the parts that we write.
func checkShape(t *testing.T, b *bill) {
	t.Helper()
	if b.Format != "CycloneDX" || b.Spec != "1.6" || b.Version < 1 {
		t.Errorf("it is %s %s, version %d", b.Format, b.Spec, b.Version)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(b.Serial) {
		t.Errorf("the serial number is %s", b.Serial)
	}
	refs := map[string]bool{}
	for _, c := range append([]component{b.Metadata.Component}, b.Components...) {
		if refs[c.Ref] || c.Ref == "" || c.Name == "" || !strings.HasPrefix(c.URL, "pkg:") || c.Type != "library" && c.Type != "application" {
			t.Errorf("a bad component: %+v", c)
		}
		refs[c.Ref] = true
	}
	depends := map[string]bool{}
	for _, d := range b.Dependencies {
		if !refs[d.Ref] || depends[d.Ref] {
			t.Errorf("%s is no component, or is there twice", d.Ref)
		}
		depends[d.Ref] = true
		for _, need := range d.Needs {
			if !refs[need] {
				t.Errorf("%s needs %s, which is no component", d.Ref, need)
			}
		}
	}
	if len(depends) != len(refs) || len(b.Dependencies[0].Needs) < 5 {
		t.Errorf("%d components, %d of them with what they need, ours needs %v", len(refs), len(depends), b.Dependencies[0].Needs)
	}
}

func TestWhatCannotBeReleasedIsSaid(t *testing.T) {
	t.Chdir("..")
	for _, tt := range []struct {
		version   string
		platforms []string
		says      string
	}{
		{"v1", nil, "no platform"},
		{"v1 -X main.x=y", []string{"linux/amd64"}, "use letters"},
		{"../v1", []string{"linux/amd64"}, "use letters"},
		{"v1", []string{"linux/amd64"}, "is not empty"},
	} {
		out := t.TempDir()
		if tt.says == "is not empty" {
			out = "."
		}
		if err := release(out, tt.version, tt.platforms); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q for %v: %v, want %q", tt.version, tt.platforms, err, tt.says)
		}
	}
}

func TestAZipHasWhatATarHas(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	files := []file{{"b", []byte("2"), 0o644}, {"a", []byte("1"), 0o755}}
	data, err := zipped("x", files, when)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var all string
	for _, f := range archive.File {
		member, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(member)
		all += f.Name + "=" + string(text) + " "
		if !f.Modified.Equal(when) {
			t.Errorf("%s is of %v", f.Name, f.Modified)
		}
	}
	if all != "x/a=1 x/b=2 " {
		t.Errorf("it has %q", all)
	}
}
