package hub

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"sotto/models/disk"
)

// limits bound what a server can make us do. Tests shorten them.
type limits struct {
	stall    time.Duration // an answer that brings less than floor bytes in this time is given up
	floor    int64
	attempts int           // in a row without getting further
	backoff  time.Duration // before the second attempt; doubles
	longest  time.Duration // the longest wait a server may ask for
}

var usual = limits{stall: 30 * time.Second, floor: 30 << 10, attempts: 5, backoff: time.Second, longest: time.Minute}

const (
	maxRedirects = 5
	maxHeader    = 64 << 10
)

// Client pulls models into a cache. It is for one goroutine.
type Client struct {
	Agent    string         // User-Agent
	Notice   func(string)   // what a person should read; may be nil
	Progress func(Progress) // called often while bytes come; may be nil
	Check    bool           // read the files that are there already again

	config Config
	base   *url.URL
	http   *http.Transport // it follows no redirect
	limits limits
	space  func(folder string) (int64, error)
	write  func(io.Writer, []byte) (int, error)
}

// Progress is how far one file is.
type Progress struct {
	File       string
	Done, Size int64 // bytes
	Checking   bool  // the bytes are all here and are being summed
}

// New returns a client, or why the configuration cannot be used.
func New(config Config) (*Client, error) {
	base, err := config.endpoint()
	if err != nil {
		return nil, err
	}
	if err := config.checkToken(); err != nil {
		return nil, err
	}
	return &Client{Agent: "sotto", config: config, base: base, http: newTransport(), limits: usual, space: disk.Free, write: io.Writer.Write}, nil
}

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 15 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    15 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // what is summed is what was sent
	}
}

func (c *Client) notice(line string) {
	if c.Notice != nil {
		c.Notice(line)
	}
}

// answer is the last of a chain of redirects.
type answer struct {
	*http.Response
	hub http.Header // of the first answer, which came from the endpoint itself
}

// get asks for target, a page of the endpoint, and follows its redirects: to
// other hosts when abroad is set, never with the token, never without encryption
// unless all of it happens on this machine.
func (c *Client) get(ctx context.Context, target *url.URL, ask http.Header, abroad bool) (answer, error) {
	var hub http.Header
	trusted := true // until the first address that is not the endpoint's
	for hop := 0; ; hop++ {
		trusted = trusted && sameOrigin(target, c.base)
		response, err := c.once(ctx, target, ask, trusted)
		if err != nil {
			return answer{}, err
		}
		if hop == 0 {
			hub = response.Header
		}
		switch response.StatusCode {
		case 301, 302, 303, 307, 308:
		default:
			return answer{response, hub}, nil
		}
		response.Body.Close()
		if hop == maxRedirects {
			return answer{}, fault(Redirect, "%s sends from one address to the next more than %d times; try again later", c.base.Host, maxRedirects)
		}
		if target, err = c.follow(target, response.Header.Get("Location"), abroad); err != nil {
			return answer{}, err
		}
	}
}

func (c *Client) once(ctx context.Context, target *url.URL, ask http.Header, trusted bool) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fault(Network, "cannot ask for %.120q: %w", target.Redacted(), err)
	}
	for name, values := range ask {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", c.Agent)
	request.Header.Set("Accept-Encoding", "identity")
	if c.config.Token != "" && trusted {
		request.Header.Set("Authorization", "Bearer "+c.config.Token)
	}
	response, err := c.http.RoundTrip(request)
	if err != nil {
		return nil, broken(ctx, target.Hostname(), err)
	}
	return response, nil
}

// follow reads a redirect's target and says whether to go there.
func (c *Client) follow(from *url.URL, location string, abroad bool) (*url.URL, error) {
	to, err := from.Parse(location)
	home := isLoopback(c.base.Hostname())
	switch {
	case location == "" || len(location) > longestHeader || err != nil || to.Host == "" || to.Hostname() == "":
		return nil, fault(Redirect, "%s redirects to nowhere; try again later", from.Host)
	case to.User != nil:
		return nil, fault(Redirect, "refused a redirect from %s to %s with a password in the address; try again later", from.Host, to.Host)
	case to.Scheme == "http" && home && isLoopback(to.Hostname()):
	case to.Scheme != "https":
		return nil, fault(Redirect, "refused a redirect from %s to an unencrypted address, %.100s; check HF_ENDPOINT", from.Host, plain(to.Scheme+"://"+to.Host, 100))
	case !home && isLoopback(to.Hostname()):
		return nil, fault(Redirect, "refused a redirect from %s to this machine itself; check HF_ENDPOINT", from.Host)
	}
	if !abroad && !sameOrigin(to, c.base) {
		return nil, fault(Redirect, "%s redirects the list of files to %s; check HF_ENDPOINT", c.base.Host, plain(to.Host, 100))
	}
	return to, nil
}

// errStalled is the cause of a context that ended for want of bytes.
var errStalled = errors.New("stalled")

// watched is an answer's body whose context ends when too little comes.
type watched struct {
	body   io.Reader
	moved  atomic.Int64
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// watch returns a context for one request that ends with errStalled when less
// than the floor comes in the stall's time; done must be called.
func (c *Client) watch(ctx context.Context) (_ context.Context, w *watched, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	w = &watched{cancel: cancel}
	ready := make(chan struct{})
	w.timer = time.AfterFunc(c.limits.stall, func() {
		<-ready
		if w.moved.Swap(0) < c.limits.floor {
			cancel(errStalled)
			return
		}
		w.timer.Reset(c.limits.stall)
	})
	close(ready)
	return ctx, w, func() { w.timer.Stop(); cancel(nil) }
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	w.moved.Add(int64(n))
	return n, err
}

// attempt runs try until it succeeds, fails for good, or has failed too often in
// a row without getting further.
func (c *Client) attempt(ctx context.Context, try func() (further bool, err error)) error {
	for failures := 0; ; {
		further, err := try()
		e := as(err)
		if err == nil || e == nil || !e.transient {
			return err
		}
		if failures++; further {
			failures = 1
		}
		if failures >= c.limits.attempts {
			return err
		}
		if e.wait > c.limits.longest {
			return err
		}
		if e.restart {
			continue
		}
		if err := c.pause(ctx, failures, e); err != nil {
			return err
		}
	}
}

func (c *Client) pause(ctx context.Context, failures int, e *Error) error {
	wait := max(c.limits.backoff<<(failures-1), e.wait)
	what, _, _ := strings.Cut(e.text, ";")
	c.notice(what + "; trying again in " + wait.Round(time.Millisecond).String())
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
