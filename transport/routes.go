package transport

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"sotto/transport/access"
)

// doors are all that the server serves.
type doors struct {
	*http.ServeMux
	open map[string]bool // patterns of what everyone and every page may have
}

// nothing is what people are told who ask for something else.
const nothing = "nothing is here; this server has / (the page), /v1/stream, /v1/realtime, /v1/listen, /v1/whisperlive, /v1/audio/, /v1/models, /v1/session, /rooms/{id}/events, /rooms/{id}/captions.{txt,jsonl,srt,vtt}, /rooms/{id}/hls/master.m3u8, /rooms/{id}/invitation, /whip/{room}, /healthz, /readyz, /metrics"

const invitationPath = "/rooms/{room}/invitation"

// roleFor says who may come in by the pattern of a door. One that is not named
// here is for those who run the server.
func roleFor(pattern string) access.Role {
	method, path, _ := strings.Cut(pattern, " ")
	switch {
	case pattern == "", method == http.MethodOptions, path == "/v1/session": // "": the mux itself says that there is none
		return access.Anyone
	case strings.HasPrefix(path, "/v1/"), strings.HasPrefix(path, "/whip/"), path == invitationPath:
		return access.Speak
	case strings.HasPrefix(path, "/rooms/") && method == http.MethodGet:
		return access.View
	}
	return access.Admin // so are /metrics and what forgets a room
}

// ownBody reports whether a door bounds what it reads itself.
func ownBody(pattern string) bool {
	_, path, _ := strings.Cut(pattern, " ")
	return strings.HasPrefix(path, "/v1/audio/")
}

func (s *Server) routes() *doors {
	d := &doors{http.NewServeMux(), make(map[string]bool)}
	d.HandleFunc("GET /v1/stream", s.stream)
	d.HandleFunc("POST /v1/session", s.session)
	d.HandleFunc("POST "+invitationPath, s.invitation)
	s.audio.Mount(d.ServeMux)
	s.live.Mount(d.ServeMux)
	s.others.deepgram.Mount(d.ServeMux)
	s.others.whisperlive.Mount(d.ServeMux)
	s.readers.Mount(d.ServeMux)
	s.mountWhip(d.ServeMux)
	if s.options.Metrics != nil {
		d.Handle("GET /metrics", s.options.Metrics)
	}
	d.forAll("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	d.forAll("/readyz", s.readyz)
	for path, data := range s.options.Files {
		d.forAll(path, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, path, time.Time{}, strings.NewReader(string(data)))
		})
	}
	d.forAll("/", s.page)
	d.HandleFunc("OPTIONS /", preflight)
	return d
}

// forAll serves what everyone may read.
func (d *doors) forAll(path string, serve http.HandlerFunc) {
	d.HandleFunc("GET "+path, serve)
	d.open["GET "+path] = true
}

// preflight tells a browser that a page which may ask may also send a token. Which
// pages may, was checked before.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Origin")
	h.Set("Allow", "GET, HEAD, POST, OPTIONS")
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
		h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	}
	w.WriteHeader(http.StatusNoContent)
}

// page serves the page's files.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	if info, err := fs.Stat(s.options.Assets, name); err != nil || info.IsDir() {
		http.Error(w, nothing, http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.FileServerFS(s.options.Assets).ServeHTTP(w, r)
}
