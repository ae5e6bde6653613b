// Package web is the pages, embedded: one that speaks, one that reads a room and
// an overlay for streaming programs. They are TypeScript in src, which web/build
// bundles into dist; both are committed, so building sotto takes Go alone. Events
// change state, rendering reads it, and nothing else happens:
//
//	microphone or file ─ sound ─▶ speak ─ WebRTC or WebSocket ─▶ the daemon
//	             pages ◀─ render ◀─ state ◀─ captions ◀─ wire ◀──────┘
package web

import (
	"embed"
	"errors"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// pages opens read.html by the name read too.
type pages struct{ fs.FS }

func (p pages) Open(name string) (fs.File, error) {
	file, err := p.FS.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return p.FS.Open(name + ".html")
	}
	return file, err
}

// Assets returns the pages' files: index.html, which speaks, read and overlay, and
// what they refer to.
func Assets() fs.FS {
	assets, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: internal error: " + err.Error())
	}
	return pages{assets}
}
