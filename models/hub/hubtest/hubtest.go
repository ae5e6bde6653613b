// Package hubtest stands in for the Hugging Face hub in tests: the pages of its
// interface that a pull needs, and a second server that large files are
// redirected to. Both can be made to misbehave.
package hubtest

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Commit is the commit of every repository that names no other.
const Commit = "0123456789abcdef0123456789abcdef01234567"

// Repo is one repository of the stand-in.
type Repo struct {
	Name    string // organisation/name
	Commit  string // of main; "" is Commit
	Licence string
	Files   map[string][]byte
}

// Large reports whether the hub keeps a file apart, under its SHA-256.
func Large(name string) bool {
	return strings.HasSuffix(name, ".gguf") || strings.HasSuffix(name, ".safetensors")
}

// Sum returns the sum that names a file's bytes in the cache.
func Sum(name string, data []byte) string {
	if Large(name) {
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	}
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data))
	return hex.EncodeToString(sum[:])
}

// Server is the hub and the host of its large files.
type Server struct {
	URL   string // HF_ENDPOINT
	Large string // address of the other host

	hub, large *httptest.Server
	repos      map[string]*Repo

	mu             sync.Mutex // guards the following
	seen           []Seen
	onHub, onLarge Hook
}

// Hook sees a request before the server does; true means that it has dealt with
// it.
type Hook func(http.ResponseWriter, *http.Request) bool

// OnHub and OnLarge set what the hub and the other host do first.
func (s *Server) OnHub(h Hook)   { s.hook(&s.onHub, h) }
func (s *Server) OnLarge(h Hook) { s.hook(&s.onLarge, h) }

func (s *Server) hook(place *Hook, h Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*place = h
}

// Seen is one request as it arrived.
type Seen struct {
	Large  bool // at the other host
	Path   string
	Header http.Header
}

// New starts the servers; Close ends them.
func New(repos ...*Repo) *Server {
	s := &Server{repos: make(map[string]*Repo)}
	for _, given := range repos {
		r := *given // several servers may serve one
		if r.Commit == "" {
			r.Commit = Commit
		}
		s.repos[r.Name] = &r
	}
	s.hub = httptest.NewServer(http.HandlerFunc(s.serveHub))
	s.large = httptest.NewServer(http.HandlerFunc(s.serveLarge))
	s.URL, s.Large = s.hub.URL, s.large.URL
	return s
}

// Close ends both servers and what they are still sending.
func (s *Server) Close() {
	for _, server := range []*httptest.Server{s.hub, s.large} {
		server.CloseClientConnections()
		server.Close()
	}
}

// Honest takes the hooks away and forgets what was seen.
func (s *Server) Honest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onHub, s.onLarge, s.seen = nil, nil, nil
}

// Seen returns the requests so far.
func (s *Server) Seen() []Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func (s *Server) note(large bool, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, Seen{large, r.URL.RequestURI(), r.Header.Clone()})
}

func (s *Server) hooks() (hub, large Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.onHub, s.onLarge
}

func (s *Server) serveHub(w http.ResponseWriter, r *http.Request) {
	s.note(false, r)
	if on, _ := s.hooks(); on != nil && on(w, r) {
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case len(parts) >= 6 && parts[0] == "api" && parts[1] == "models":
		s.serveAPI(w, parts[2]+"/"+parts[3], parts[4], strings.Join(parts[5:], "/"))
	case len(parts) >= 5 && parts[2] == "resolve":
		s.serveFile(w, r, parts[0]+"/"+parts[1], parts[3], strings.Join(parts[4:], "/"))
	default:
		http.NotFound(w, r)
	}
}

// find answers with the hub's refusal when there is no such thing.
func (s *Server) find(w http.ResponseWriter, name, revision string) *Repo {
	repo := s.repos[name]
	switch {
	case repo == nil:
		Refuse(w, http.StatusUnauthorized, "RepoNotFound", "Invalid username or password.")
	case revision != "main" && revision != repo.Commit:
		Refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
		return nil
	}
	return repo
}

// Refuse answers as the hub does when something is not to be had.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Error-Code", code)
	w.Header().Set("X-Error-Message", message)
	w.WriteHeader(status)
}

func (s *Server) serveAPI(w http.ResponseWriter, name, page, revision string) {
	repo := s.find(w, name, revision)
	if repo == nil {
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if page == "revision" {
		json.NewEncoder(w).Encode(map[string]any{
			"id": name, "sha": repo.Commit, "private": false, "gated": false,
			"tags": []string{"gguf", "license:" + repo.Licence}, "cardData": map[string]any{"license": repo.Licence},
		})
		return
	}
	json.NewEncoder(w).Encode(Tree(repo.Files))
}

// Tree is the hub's list of files.
func Tree(files map[string][]byte) []map[string]any {
	list := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data := files[name]
		node := map[string]any{"type": "file", "path": name, "size": len(data), "oid": Sum("pointer", data)}
		if Large(name) {
			node["lfs"] = map[string]any{"oid": Sum(name, data), "size": len(data), "pointerSize": 134}
		}
		list = append(list, node)
	}
	return list
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, name, revision, file string) {
	repo := s.find(w, name, revision)
	if repo == nil {
		return
	}
	data, found := repo.Files[file]
	if !found {
		Refuse(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
		return
	}
	w.Header().Set("X-Repo-Commit", repo.Commit)
	if Large(file) {
		w.Header().Set("X-Linked-Size", fmt.Sprint(len(data)))
		w.Header().Set("X-Linked-Etag", `"`+Sum(file, data)+`"`)
		w.Header().Set("Location", s.Large+"/"+Sum(file, data)+"?signature=x")
		w.WriteHeader(http.StatusFound)
		return
	}
	w.Header().Set("Etag", `"`+Sum(file, data)+`"`)
	w.Header().Set("Content-Type", "text/plain")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func (s *Server) serveLarge(w http.ResponseWriter, r *http.Request) {
	s.note(true, r)
	if _, on := s.hooks(); on != nil && on(w, r) {
		return
	}
	data := s.Blob(path.Base(r.URL.Path))
	if data == nil {
		http.Error(w, "no such object", http.StatusForbidden)
		return
	}
	w.Header().Set("Etag", `"`+path.Base(r.URL.Path)[:32]+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// Blob returns the large file with a sum.
func (s *Server) Blob(sum string) []byte {
	for _, repo := range s.repos {
		for name, data := range repo.Files {
			if Large(name) && Sum(name, data) == sum {
				return data
			}
		}
	}
	return nil
}
