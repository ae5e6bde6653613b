package hub

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A card says which files of which repository a short name means.
type card struct {
	repo string
	text *regexp.Regexp // the decoder's file
	what string
}

// catalog is the short names. Files are found by pattern in the repository's own
// list, so that a new upload under another name is still found.
var catalog = map[string]card{
	"e4b": {"google/gemma-4-E4B-it-qat-q4_0-gguf", q4, "Gemma 4 E4B, trained for Q4_0"},
	"e2b": {"google/gemma-4-E2B-it-qat-q4_0-gguf", q4, "Gemma 4 E2B, trained for Q4_0"},
}

// ShortNames returns the catalog's names, sorted.
func ShortNames() []string { return slices.Sorted(maps.Keys(catalog)) }

func shortNames() string { return strings.Join(ShortNames(), ", ") }

var (
	q4 = regexp.MustCompile(`(?i)(^|[._-])q4_0([._-]|$)`)
	// The files of a GGUF repository that are neither half of a pair.
	neitherHalf = regexp.MustCompile(`(?i)(^|[._/-])(mtp|assistant|draft(er)?|imatrix)([._-]|$)`)
	splitFile   = regexp.MustCompile(`(?i)-\d{5}-of-\d{5}\.gguf$`)
	// The types an mmproj comes in, best first: the audio half suffers from fewer
	// bits more than it costs.
	projectorTypes = []*regexp.Regexp{typed("bf16"), typed("f32"), typed("f16"), typed("q8_0")}
	// What a loader reads of a Hugging Face folder. Nothing that holds code is in
	// the list.
	folderFile = regexp.MustCompile(`^(config|generation_config|preprocessor_config|processor_config|tokenizer|tokenizer_config)\.json$` +
		`|^model(-\d{5}-of-\d{5})?\.safetensors$|^model\.safetensors\.index\.json$`)
)

func typed(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[._-])` + name + `([._-]|$)`)
}

// A File is one file of a repository.
type File struct {
	Name string // path inside the repository, with slashes
	Size int64  // bytes
	Sum  string // SHA-256, or git's SHA-1 where the hub has no other; hex
}

// choice is the files to have, and which of them are a model.
type choice struct {
	files     []File
	text      string // the decoder's GGUF file, "" when there is none
	projector string // the audio half
	folder    bool   // together they are a Hugging Face folder
}

// choose takes the files a Spec means from a repository's list.
func (s *Spec) choose(all []File) (choice, error) {
	c, err := s.pick(all)
	if err != nil {
		return choice{}, err
	}
	for _, f := range c.files {
		if err := checkName(f.Name); err != nil {
			return choice{}, err
		}
	}
	return c, nil
}

func (s *Spec) pick(all []File) (choice, error) {
	texts, projectors := halves(all)
	switch {
	case s.File != "":
		return s.pickNamed(all, projectors)
	case len(texts) > 0 || s.card != nil:
		return s.pickPair(texts, projectors)
	case slices.ContainsFunc(all, func(f File) bool { return splitFile.MatchString(f.Name) }):
		return choice{}, fault(Choice, "%s holds only GGUF files in parts, which sotto does not read; choose another repository", s.Repo)
	}
	return s.pickFolder(all)
}

// halves finds the whole GGUF files of a list.
func halves(all []File) (texts, projectors []File) {
	for _, f := range all {
		name := strings.ToLower(path.Base(f.Name))
		switch {
		case !strings.HasSuffix(name, ".gguf") || splitFile.MatchString(name):
		case strings.Contains(name, "mmproj"):
			projectors = append(projectors, f)
		case !neitherHalf.MatchString(strings.TrimSuffix(name, ".gguf")):
			texts = append(texts, f)
		}
	}
	return texts, projectors
}

// pickNamed takes one file, and the audio half if that file is a decoder.
func (s *Spec) pickNamed(all, projectors []File) (choice, error) {
	i := slices.IndexFunc(all, func(f File) bool { return f.Name == s.File })
	if i < 0 {
		return choice{}, fault(Missing, "%s has no file %.80q; it has %s", s.Repo, s.File, listed(all))
	}
	c := choice{files: []File{all[i]}}
	if texts, _ := halves(c.files); len(texts) == 0 {
		return c, nil
	}
	return s.withProjector(c, projectors)
}

func (s *Spec) pickPair(texts, projectors []File) (choice, error) {
	few := texts
	if s.card != nil || len(texts) > 1 {
		few = slices.DeleteFunc(slices.Clone(texts), func(f File) bool { return !q4.MatchString(stem(f.Name)) })
	}
	switch {
	case len(few) == 1:
		return s.withProjector(choice{files: few}, projectors)
	case len(texts) == 0:
		return choice{}, fault(Choice, "%s holds no GGUF text file; name another repository", s.Repo)
	}
	return choice{}, fault(Choice, "%s holds %d GGUF text files; choose one with %s:FILE: %s", s.Repo, len(texts), s.bare(), listed(texts))
}

// withProjector adds the best audio half to a choice of one decoder. A
// repository without one gives the decoder alone.
func (s *Spec) withProjector(c choice, projectors []File) (choice, error) {
	c.text = c.files[0].Name
	best := projectors
	for _, t := range projectorTypes {
		some := slices.DeleteFunc(slices.Clone(projectors), func(f File) bool { return !t.MatchString(stem(f.Name)) })
		if len(some) > 0 {
			best = some
			break
		}
	}
	switch {
	case len(best) > 1:
		return choice{}, fault(Choice, "%s holds %d mmproj files (%s); get one with %s:FILE, and the text file, and name both with --model and --mmproj",
			s.Repo, len(best), listed(best), s.bare())
	case len(best) == 1:
		c.projector = best[0].Name
		c.files = append(slices.Clone(c.files), best[0])
	case s.card != nil:
		return choice{}, fault(Choice, "%s holds no mmproj file, without which the model does not hear; name another repository", s.Repo)
	}
	return c, nil
}

func (s *Spec) pickFolder(all []File) (choice, error) {
	c := choice{folder: true}
	config, weights := false, false
	for _, f := range all {
		if folderFile.MatchString(f.Name) {
			c.files = append(c.files, f)
			config = config || f.Name == "config.json"
			weights = weights || strings.HasSuffix(f.Name, ".safetensors")
		}
	}
	if !config || !weights {
		return choice{}, fault(Choice, "%s holds neither a GGUF file nor config.json with safetensors; it has %s", s.Repo, listed(all))
	}
	return c, nil
}

// bare is the Spec's name without a file.
func (s *Spec) bare() string {
	name, _, _ := strings.Cut(s.Name, ":")
	return name
}

func stem(name string) string {
	base := path.Base(name)
	return strings.TrimSuffix(base, path.Ext(base))
}

// listed names some files, as an error does.
func listed(files []File) string {
	const most = 12
	if len(files) == 0 {
		return "none"
	}
	var names []string
	for _, f := range files[:min(most, len(files))] {
		names = append(names, plain(f.Name, 80))
	}
	if len(files) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
