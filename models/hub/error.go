package hub

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of thing stood in the way of a pull.
type Kind string

const (
	Network  Kind = "network"  // no answer, a cut or a stalled one
	TLS      Kind = "tls"      // the other side is not who it should be
	Redirect Kind = "redirect" // the server points where we do not go
	Access   Kind = "access"   // gated, private, a wrong token, too many requests
	Missing  Kind = "missing"  // no such repository, revision or file
	Listing  Kind = "listing"  // what the hub says of a repository makes no sense
	Download Kind = "download" // what came is not the file that was asked for
	Hash     Kind = "hash"     // the finished file is not the one the hub promised
	Path     Kind = "path"     // a name that a store must not use
	Store    Kind = "store"    // this machine: space, permissions, locks
	Offline  Kind = "offline"  // not in the cache, and the network was not to be used
	Choice   Kind = "choice"   // the repository holds nothing, or too much, to choose from
)

// Error is why a pull failed: one sentence, with advice behind a semicolon.
type Error struct {
	Kind Kind
	text string
	err  error
	// transient: the same request may do better in a moment, after wait when the
	// server named a time. restart: what was kept is of no use, begin anew.
	transient, restart bool
	wait               time.Duration
}

func (e *Error) Error() string { return "hub: " + e.text }
func (e *Error) Unwrap() error { return e.err }

func fault(kind Kind, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Kind: kind, text: wrapped.Error(), err: errors.Unwrap(wrapped)}
}

func (e *Error) again() *Error { e.transient = true; return e }

func (e *Error) anew() *Error { e.transient, e.restart = true, true; return e }

// as returns err as an Error, or nil.
func as(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
