package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// bill is a list of what a program is made of, as CycloneDX 1.6 writes it.
type bill struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type     string     `json:"type"`
	Ref      string     `json:"bom-ref"`
	Name     string     `json:"name"`
	Version  string     `json:"version"`
	Hashes   []hash     `json:"hashes,omitempty"`
	Licences []licences `json:"licenses,omitempty"`
	URL      string     `json:"purl"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type licences struct {
	Expression string `json:"expression"`
}

type dependency struct {
	Ref   string   `json:"ref"`
	Needs []string `json:"dependsOn"`
}

// billOf lists the parts of a program that has the given sum. Its serial number is
// made of that sum, so that it is the same for the same program.
func billOf(parts []*part, version, platform string, sum [sha256.Size]byte) ([]byte, error) {
	own := component{
		Type: "application", Name: "sotto", Version: version, Hashes: []hash{{"SHA-256", fmt.Sprintf("%x", sum)}},
		Licences: []licences{{"Apache-2.0"}}, URL: "pkg:generic/sotto@" + version + "?platform=" + strings.ReplaceAll(platform, "/", "%2F"),
	}
	own.Ref = own.URL
	b := bill{Format: "CycloneDX", Spec: "1.6", Serial: serial(sum), Version: 1, Metadata: metadata{own}, Components: []component{}}
	refs := map[string]string{parts[0].path: own.Ref}
	for _, p := range parts[1:] {
		refs[p.path] = "pkg:golang/" + p.path + "@" + strings.ReplaceAll(strings.TrimPrefix(p.version, "go"), "+", "%2B")
		b.Components = append(b.Components, component{Type: "library", Ref: refs[p.path], Name: p.path, Version: p.version, URL: refs[p.path]})
	}
	for _, p := range parts {
		d := dependency{Ref: refs[p.path], Needs: []string{}}
		for _, need := range slices.Sorted(maps.Keys(p.needs)) {
			d.Needs = append(d.Needs, refs[need])
		}
		b.Dependencies = append(b.Dependencies, d)
	}
	text, err := json.MarshalIndent(b, "", "  ")
	return append(text, '\n'), err
}

// serial is a UUID of the kind that its maker defines, the eighth.
func serial(sum [sha256.Size]byte) string {
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
