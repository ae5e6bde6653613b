package transport

import (
	"cmp"
	"time"
)

// HTTPLimits bound what comes before a door. A zero field means its default.
type HTTPLimits struct {
	Header     int           // bytes of a request's header, as of Run; 16 KiB
	HeaderTime time.Duration // for it to come, as of Run; 5 s
	KeepAlive  time.Duration // between two requests, as of Run; 60 s
	Body       int           // bytes of a request's body, recordings aside; 64 KiB
	BodyTime   time.Duration // for such a body to come; 5 s
	Open       int           // connections; 4096
	PerAddress int           // connections of an address; 32
	PerSecond  int           // new connections of an address; 20
	Session    time.Duration // how long a page may stay without its token; 12 h
}

// WithDefaults puts the defaults in.
func (l HTTPLimits) WithDefaults() HTTPLimits {
	return HTTPLimits{
		Header: cmp.Or(l.Header, 16<<10), HeaderTime: cmp.Or(l.HeaderTime, 5*time.Second),
		KeepAlive: cmp.Or(l.KeepAlive, 60*time.Second), Body: cmp.Or(l.Body, 64<<10), BodyTime: cmp.Or(l.BodyTime, 5*time.Second),
		Open: cmp.Or(l.Open, 4096), PerAddress: cmp.Or(l.PerAddress, 32),
		PerSecond: cmp.Or(l.PerSecond, 20), Session: cmp.Or(l.Session, 12*time.Hour),
	}
}
