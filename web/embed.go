// Package web is the page, embedded: plain HTML, CSS and modules that a browser
// takes as they are. Events change state, rendering reads it, and nothing else
// happens:
//
//	microphone or file ─ capture, worklet ─▶ pcm ─▶ socket ─▶ the daemon
//	           the page ◀─ render ◀─ state ◀─ wire ◀┘
package web

import (
	"embed"
	"io/fs"
)

//go:embed page
var page embed.FS

// Assets returns the page's files; index.html stands at the top.
func Assets() fs.FS {
	assets, err := fs.Sub(page, "page")
	if err != nil {
		panic("web: internal error: " + err.Error())
	}
	return assets
}
