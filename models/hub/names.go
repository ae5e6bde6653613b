package hub

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Spec is what a person calls a model: a short name of the catalog, or
// REPO[@REVISION][:FILE].
type Spec struct {
	Name     string // as given
	Repo     string // organisation/name
	Revision string // a branch, a tag or a commit; "main" when none was named
	File     string // "" lets the catalog's rules choose

	card *card // the catalog's entry, if the name is a short one
}

var (
	repoPart   = regexp.MustCompile(`^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$`)
	commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sha256Hex  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ParseSpec reads a model's name.
func ParseSpec(name string) (Spec, error) {
	s := Spec{Name: name, Revision: "main"}
	rest, file, named := strings.Cut(name, ":")
	repo, revision, pinned := strings.Cut(rest, "@")
	s.Repo, s.File = repo, file
	if pinned {
		s.Revision = revision
	}
	if c, ok := catalog[strings.ToLower(repo)]; ok {
		s.Repo, s.card = c.repo, &c
	}
	if err := checkRepo(s.Repo); err != nil {
		return Spec{}, err
	}
	if err := checkRevision(s.Revision); err != nil {
		return Spec{}, err
	}
	if named {
		return s, checkName(s.File)
	}
	return s, nil
}

// IsShort reports whether name is one of the catalog, with or without a
// revision or a file behind it.
func IsShort(name string) bool {
	short, _, _ := strings.Cut(name, ":")
	short, _, _ = strings.Cut(short, "@")
	_, ok := catalog[strings.ToLower(short)]
	return ok
}

// IsRepo reports whether name has the form REPO[@REVISION][:FILE] with an
// organisation, which no plain path to a GGUF file has.
func IsRepo(name string) bool {
	s, err := ParseSpec(name)
	if err != nil || s.card != nil {
		return false
	}
	for _, ending := range []string{".gguf", ".safetensors", ".json"} {
		if strings.HasSuffix(s.Repo, ending) {
			return false
		}
	}
	return true
}

// checkRepo refuses what the hub's naming rules do not allow; what they allow is
// safe as a folder's name.
func checkRepo(repo string) error {
	org, name, found := strings.Cut(repo, "/")
	good := found && repoPart.MatchString(org) && repoPart.MatchString(name) &&
		!strings.Contains(repo, "..") && !strings.Contains(repo, "--") && !strings.HasSuffix(name, ".git")
	if !good {
		return fault(Path, "%.100q is not a repository's name; say ORGANISATION/NAME, or %s", repo, shortNames())
	}
	return nil
}

// checkRevision allows what is both a git reference and a path inside refs.
func checkRevision(revision string) error {
	good := len(revision) <= 200 && revision != "." && fs.ValidPath(revision)
	for _, r := range revision {
		good = good && (r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("._-/+", r))
	}
	if !good || strings.Contains(revision, "..") {
		return fault(Path, "%.100q is not a revision; name a branch, a tag or a commit", revision)
	}
	return nil
}

// longestName is what the strictest common file systems take, in bytes.
const longestName = 255

// checkName refuses a file's name that could leave a snapshot's folder on any
// system, or that no system could hold.
func checkName(name string) error {
	if why := badName(name); why != "" {
		return fault(Path, "file name %.80q is not allowed: %s; tell the owner of the repository", name, why)
	}
	return nil
}

func badName(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case len(name) > longestName:
		return fmt.Sprintf("it has %d bytes, %d are possible", len(name), longestName)
	case !utf8.ValidString(name):
		return "it is not UTF-8"
	case strings.ContainsAny(name, `\:`):
		return `it holds \ or :`
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "it holds characters that cannot be shown"
	case !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)):
		return "it does not stay in its folder"
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
			return "a part of it ends in a dot or a space"
		}
	}
	return ""
}
