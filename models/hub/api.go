package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	maxPageBytes = 8 << 20 // of JSON
	maxPages     = 64
	maxFiles     = 50_000
)

// repository is what the hub says of one revision.
type repository struct {
	commit  string
	licence string
	files   []File
}

// describe resolves the Spec's revision to a commit and lists that commit's
// files.
func (c *Client) describe(ctx context.Context, s *Spec) (repository, error) {
	var info modelInfo
	if _, err := c.json(ctx, s, c.page("api", "models", s.Repo, "revision", url.PathEscape(s.Revision)), &info); err != nil {
		return repository{}, err
	}
	r := repository{commit: info.SHA, licence: info.licence()}
	if !commitHash.MatchString(r.commit) {
		return repository{}, fault(Listing, "%s names no commit for %s; check HF_ENDPOINT", c.base.Host, s.Repo)
	}
	if commitHash.MatchString(s.Revision) && r.commit != s.Revision {
		return repository{}, fault(Listing, "%s answers with commit %.12s where %.12s was asked for; check HF_ENDPOINT", c.base.Host, r.commit, s.Revision)
	}
	var err error
	r.files, err = c.tree(ctx, s, r.commit)
	return r, err
}

// modelInfo is the part of the hub's description that we use.
type modelInfo struct {
	SHA      string   `json:"sha"`
	Tags     []string `json:"tags"`
	CardData struct {
		Licence     any `json:"license"` // a text or a list of texts
		LicenceName any `json:"license_name"`
		LicenceLink any `json:"license_link"`
	} `json:"cardData"`
}

func (m *modelInfo) licence() string {
	var parts []string
	for _, v := range []any{m.CardData.Licence, m.CardData.LicenceName, m.CardData.LicenceLink} {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		if text, ok := v.(string); ok && text != "" {
			parts = append(parts, plain(text, 200))
		}
	}
	for _, tag := range m.Tags {
		if id, found := strings.CutPrefix(tag, "license:"); found && len(parts) == 0 {
			parts = append(parts, plain(id, 200))
		}
	}
	if len(parts) == 0 {
		return "none named"
	}
	return strings.Join(parts, ", ")
}

// node is one line of the hub's list of files.
type node struct {
	Type string `json:"type"`
	Path string `json:"path"`
	OID  string `json:"oid"` // git's
	Size int64  `json:"size"`
	LFS  *struct {
		OID  string `json:"oid"` // SHA-256
		Size int64  `json:"size"`
	} `json:"lfs"`
}

// tree lists all files of a commit, page by page.
func (c *Client) tree(ctx context.Context, s *Spec, commit string) ([]File, error) {
	next := c.page("api", "models", s.Repo, "tree", commit)
	next.RawQuery = "recursive=true&expand=false"
	var files []File
	for pages := 0; next != nil; pages++ {
		if pages == maxPages {
			return nil, fault(Listing, "%s lists the files of %s without end; check HF_ENDPOINT", c.base.Host, s.Repo)
		}
		var nodes []node
		link, err := c.json(ctx, s, next, &nodes)
		if err != nil {
			return nil, err
		}
		if files, err = appendFiles(files, nodes); err != nil {
			return nil, err
		}
		if next, err = c.nextPage(next, link); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (c *Client) nextPage(from *url.URL, link string) (*url.URL, error) {
	target := nextPage(link)
	if target == "" {
		return nil, nil
	}
	return c.follow(from, target, false)
}

func appendFiles(files []File, nodes []node) ([]File, error) {
	for _, n := range nodes {
		if n.Type != "file" {
			continue
		}
		f := File{Name: n.Path, Size: n.Size, Sum: n.OID}
		if n.LFS != nil {
			f.Size, f.Sum = n.LFS.Size, n.LFS.OID
		}
		good := f.Size >= 0 && f.Size < 1<<50 && (sha256Hex.MatchString(f.Sum) || n.LFS == nil && commitHash.MatchString(f.Sum))
		if !good {
			return nil, fault(Listing, "the hub's list has %.80q with size %d and sum %.80q, which must be 64 hex digits (40 for a small file); try again later", f.Name, f.Size, f.Sum)
		}
		if files = append(files, f); len(files) > maxFiles {
			return nil, fault(Listing, "the repository has more than %d files; choose another", maxFiles)
		}
	}
	return files, nil
}

// page returns an address below the endpoint. Parts are escaped by the caller
// where they are foreign.
func (c *Client) page(parts ...string) *url.URL {
	u := *c.base
	joined := strings.Join(parts, "/")
	u.RawPath = c.base.EscapedPath() + "/" + joined
	if path, err := url.PathUnescape(u.RawPath); err == nil {
		u.Path = path
	}
	return &u
}

// json reads a page of the hub's interface into v and returns its Link field.
func (c *Client) json(ctx context.Context, s *Spec, target *url.URL, v any) (link string, err error) {
	err = c.attempt(ctx, func() (bool, error) {
		var data []byte
		data, link, err = c.readPage(ctx, s, target)
		if err != nil {
			return false, err
		}
		if err := json.Unmarshal(data, v); err != nil {
			return false, fault(Listing, "%s answers with something that is not the list of files: %s; check HF_ENDPOINT", c.base.Host, plain(err.Error(), 100))
		}
		return false, nil
	})
	return link, err
}

func (c *Client) readPage(ctx context.Context, s *Spec, target *url.URL) (data []byte, link string, err error) {
	ctx, w, done := c.watch(ctx)
	defer done()
	a, err := c.get(ctx, target, http.Header{"Accept": {"application/json"}}, false)
	if err != nil {
		return nil, "", err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return nil, "", c.refusal(s, a)
	}
	if kind := mediaType(a.Header.Get("Content-Type")); kind == "text/html" {
		return nil, "", fault(Download, "%s sent a web page instead of the list of files (%s); is there a log-in page in the way?", a.Request.URL.Hostname(), kind)
	}
	if coding := a.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, "", fault(Download, "%s sends the list of files encoded (%s), which was not asked for; check the proxy", a.Request.URL.Hostname(), plain(coding, 40))
	}
	w.body = a.Body
	var page bytes.Buffer
	n, err := page.ReadFrom(io.LimitReader(w, maxPageBytes+1))
	if err != nil {
		return nil, "", broken(ctx, a.Request.URL.Hostname(), err)
	}
	if n > maxPageBytes {
		return nil, "", fault(Listing, "%s sends more than %d MiB as a list of files; check HF_ENDPOINT", c.base.Host, maxPageBytes>>20)
	}
	return page.Bytes(), strings.Join(a.Header.Values("Link"), ", "), nil
}
