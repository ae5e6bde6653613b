// Command release builds what is handed out: for each platform an archive with the
// program, its manual and its licences, and a list of what it is made of. It is
// run in the repository's root. The same commit gives the same bytes, wherever it
// lies.
package main

import (
	"cmp"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "build/release", "folder to write to, which is empty or not there")
	version := flag.String("version", "", "version to stamp; empty: what git describe says")
	flag.Parse()
	if err := release(*out, *version, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// product is one release in the making.
type product struct {
	out     string
	version string
	when    time.Time // that files in archives have
	texts   []file    // that all archives have
	sums    []string  // lines of SHA256SUMS
}

// A version is part of names of files and of a linker's flag.
var goodVersion = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$`)

// release builds for platforms such as linux/amd64.
func release(out, version string, platforms []string) (err error) {
	if len(platforms) == 0 {
		return fmt.Errorf("no platform is named; say linux/amd64 and so on")
	}
	p := &product{out: out, version: version}
	if err := p.date(); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	if before, err := os.ReadDir(out); err != nil || len(before) > 0 {
		return cmp.Or(err, fmt.Errorf("%s is not empty; remove what is in it, or name another folder with -out", out))
	}
	if p.texts, err = p.describe(); err != nil {
		return err
	}
	for _, platform := range platforms {
		if err := p.build(platform); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	slices.Sort(p.sums)
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(strings.Join(p.sums, "")), 0o666)
}

// date finds out the version and its time. Without a repository the version must be
// told, and the time is SOURCE_DATE_EPOCH or the first that a zip file can say.
func (p *product) date() error {
	if p.version == "" {
		said, err := output("git", "describe", "--tags", "--always", "--dirty")
		if err != nil {
			return fmt.Errorf("%w; name the version with -version where there is no repository", err)
		}
		p.version = strings.TrimSpace(said)
	}
	if !goodVersion.MatchString(p.version) {
		return fmt.Errorf("the version is %.80q; use letters, digits and . + _ - alone", p.version)
	}
	said := os.Getenv("SOURCE_DATE_EPOCH")
	if said == "" {
		said, _ = output("git", "log", "-1", "--format=%ct")
	}
	p.when = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	if seconds, err := strconv.ParseInt(strings.TrimSpace(said), 10, 64); err == nil && seconds > p.when.Unix() {
		p.when = time.Unix(seconds, 0).UTC()
	}
	return nil
}

// describe collects what is the same on all platforms: what was written by hand, and
// what the program says about itself.
func (p *product) describe() (all []file, err error) {
	for _, name := range []string{"README.md", "LICENSE", "docs/serve.md", "docs/deploy.md", "docs/sotto.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, file{name, data, 0o644})
	}
	program := filepath.Join(p.out, "sotto-of-this-machine")
	defer os.Remove(program)
	if err := p.compile(program, runtime.GOOS, runtime.GOARCH); err != nil {
		return nil, err
	}
	for name, args := range map[string][]string{
		"sotto.1":                {"man"},
		"completions/sotto.bash": {"completion", "bash"},
		"completions/_sotto":     {"completion", "zsh"},
		"completions/sotto.fish": {"completion", "fish"},
	} {
		said, err := output(program, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, file{name, []byte(said), 0o644})
	}
	return all, nil
}

// build writes the archive of a platform and what it is made of.
func (p *product) build(platform string) error {
	system, processor, found := strings.Cut(platform, "/")
	if !found {
		return fmt.Errorf("want a system and a processor, such as linux/amd64")
	}
	name := fmt.Sprintf("sotto-%s-%s-%s", p.version, system, processor)
	program := filepath.Join(p.out, name+".program")
	defer os.Remove(program)
	if err := p.compile(program, system, processor); err != nil {
		return err
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	parts, err := partsOf(system, processor)
	if err != nil {
		return err
	}
	licences, err := licencesOf(parts)
	if err != nil {
		return err
	}
	files := append(slices.Clone(p.texts), file{"LICENSES-OF-PARTS", licences, 0o644})
	kind, pack, called := ".tar.gz", tarball, "sotto"
	switch system {
	case "windows":
		kind, pack, called = ".zip", zipped, "sotto.exe"
	case "linux":
		unit, err := os.ReadFile("release/sotto.service")
		if err != nil {
			return err
		}
		files = append(files, file{"sotto.service", unit, 0o644})
	}
	archive, err := pack(name, append(files, file{called, data, 0o755}), p.when)
	if err != nil {
		return err
	}
	if err := p.write(name+kind, archive); err != nil {
		return err
	}
	bill, err := billOf(parts, p.version, platform, sha256.Sum256(data))
	if err != nil {
		return err
	}
	return p.write(name+".cdx.json", bill)
}

// write leaves a file and notes its sum.
func (p *product) write(name string, data []byte) error {
	p.sums = append(p.sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name))
	fmt.Printf("%9d  %s\n", len(data), name)
	return os.WriteFile(filepath.Join(p.out, name), data, 0o666)
}

// compile builds the program. What the machine or its user sets for other builds
// does not count.
func (p *product) compile(to, system, processor string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.stamp="+p.version, "-o", to, "./cmd/sotto")
	cmd.Env = environment(system, processor)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	return nil
}

// environment is that of the Go tool for a platform.
func environment(system, processor string) []string {
	return append(os.Environ(), "GOOS="+system, "GOARCH="+processor, "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off",
		"GOEXPERIMENT=", "GOFIPS140=off", "GOAMD64=v1", "GOARM64=v8.0")
}

// output runs a program and returns what it says.
func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var told strings.Builder
	cmd.Stderr = &told
	said, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(told.String()))
	}
	return string(said), nil
}
