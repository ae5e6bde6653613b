package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// further is how many new bytes make a row of failures begin anew: it bounds how
// often a server can cut us off, or send us back to the start.
const further = 1 << 20

// fetch brings one file into the store: under its lock, resumed where an earlier
// pull ended, summed when it is whole.
func (c *Client) fetch(ctx context.Context, st *store, s *Spec, commit string, f File) error {
	unlock, err := st.lock(ctx, f, func() { c.notice("another program is getting " + f.Name + "; waiting for it") })
	if err != nil {
		return err
	}
	defer unlock()
	if ok, err := c.cached(ctx, st, commit, f); ok || err != nil {
		return err
	}
	p, err := st.openPartial(f)
	if err != nil {
		return err
	}
	defer p.close()
	if p.size > 0 {
		c.notice(fmt.Sprintf("%s: %s of %s are here already", f.Name, bytesText(p.size), bytesText(f.Size)))
	}
	if err := c.complete(ctx, p, s, commit); err != nil {
		return c.kept(p, err)
	}
	if err := p.finish(); err != nil {
		return err
	}
	return st.publish(commit, f)
}

// cached reports whether the file is in the store, and publishes it if so. With
// Check set a damaged one is removed and counts as absent.
func (c *Client) cached(ctx context.Context, st *store, commit string, f File) (bool, error) {
	if !st.have(commit, f) {
		return false, nil
	}
	if c.Check {
		name := st.blob(f)
		if !st.holds(name, f) {
			name = st.pointer(commit, f)
		}
		ok, err := st.sound(name, f, c.checking(ctx, f))
		if err != nil {
			return false, err
		}
		if !ok {
			c.notice(f.Name + " is damaged; getting it again")
			st.root.Remove(name)
			return false, nil
		}
	}
	return true, st.publish(commit, f)
}

func (c *Client) checking(ctx context.Context, f File) func(int64) error {
	return func(n int64) error {
		c.progress(Progress{File: f.Name, Done: n, Size: f.Size, Checking: true})
		return ctx.Err()
	}
}

func (c *Client) progress(p Progress) {
	if c.Progress != nil {
		c.Progress(p)
	}
}

// complete fills a partial and proves it. Bytes joined from several answers that
// do not add up are fetched once more from the start.
func (c *Client) complete(ctx context.Context, p *partial, s *Spec, commit string) error {
	for first := true; ; first = false {
		if err := c.fill(ctx, p, s, commit); err != nil {
			return err
		}
		if err := p.file.Sync(); err != nil {
			return storeFault("keeping "+p.want.Name, err)
		}
		err := verify(p.file, p.want, c.checking(ctx, p.want))
		if !errors.Is(err, errSum) {
			return err
		}
		if !p.joined || !first {
			p.discard()
			return fault(Hash, "%s came whole, but is not the file the hub promised (its sum differs); nothing of it was kept: run again, or tell the owner of %s", p.want.Name, s.Repo)
		}
		c.notice(p.want.Name + " came in parts that do not fit together; getting all of it again")
		if err := p.begin(etag{}); err != nil {
			return err
		}
	}
}

// fill gets what is missing, in as many answers as it takes.
func (c *Client) fill(ctx context.Context, p *partial, s *Spec, commit string) error {
	mark := p.size
	return c.attempt(ctx, func() (bool, error) {
		for p.size < p.want.Size {
			before := p.size
			err := c.transfer(ctx, p, s, commit)
			if e := as(err); e != nil && e.restart {
				if err := p.begin(etag{}); err != nil {
					return false, err
				}
			}
			if err == nil && p.size < min(before+further, p.want.Size) {
				err = fault(Download, "%s comes in pieces of %d bytes; run again later", p.want.Name, p.size-before).again()
			}
			if err != nil {
				got := p.size >= mark+further
				if got {
					mark = p.size
				}
				return got, err
			}
		}
		return true, nil
	})
}

// transfer asks once for what is missing and appends it.
func (c *Client) transfer(ctx context.Context, p *partial, s *Spec, commit string) error {
	ctx, w, done := c.watch(ctx)
	defer done()
	ask := http.Header{}
	if p.size > 0 {
		ask.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		if p.tag.strong() {
			ask.Set("If-Range", p.tag.String())
		}
	}
	a, err := c.get(ctx, c.page(s.Repo, "resolve", commit, escapePath(p.want.Name)), ask, true)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if err := c.sameFile(a.hub, p.want, commit); err != nil {
		return err
	}
	length, err := c.accept(s, a, p)
	if err != nil {
		return err
	}
	w.body = a.Body
	return c.append(ctx, p, w, length, a.Request.URL.Hostname())
}

// sameFile compares what the hub says of the file with its list.
func (c *Client) sameFile(hub http.Header, f File, commit string) error {
	if got := hub.Get("X-Repo-Commit"); got != "" && got != commit {
		return fault(Listing, "%s answers for commit %.12q where %.12s was asked for; run again", c.base.Host, got, commit)
	}
	if size, ok := digits(hub.Get("X-Linked-Size")); ok && size != f.Size {
		return fault(Listing, "%s gives %s %d bytes, its list %d; run again later", c.base.Host, f.Name, size, f.Size)
	}
	if tag, ok := parseETag(hub.Get("X-Linked-Etag")); ok && sha256Hex.MatchString(tag.opaque) && len(f.Sum) == 64 && tag.opaque != f.Sum {
		return fault(Listing, "%s gives %s another SHA-256 than its list does; run again later", c.base.Host, f.Name)
	}
	return nil
}

// accept checks an answer's headers against what was asked and returns how many
// bytes it brings, -1 when it does not say. An answer with the whole file empties
// the partial first.
func (c *Client) accept(s *Spec, a answer, p *partial) (length int64, err error) {
	host := a.Request.URL.Hostname()
	tag, _ := parseETag(a.Header.Get("Etag"))
	switch a.StatusCode {
	case http.StatusOK, http.StatusPartialContent:
		if err := looksLike(a, p.want, host); err != nil {
			return 0, err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, fault(Download, "%s has nothing behind byte %d of %s; run again", host, p.size, p.want.Name).anew()
	default:
		return 0, c.refusal(s, a)
	}
	if a.StatusCode == http.StatusPartialContent {
		return a.ContentLength, continues(a, tag, p, host)
	}
	if a.ContentLength >= 0 && a.ContentLength != p.want.Size {
		return 0, fault(Download, "%s sends %d bytes for %s, which has %d; run again later", host, a.ContentLength, p.want.Name, p.want.Size)
	}
	return a.ContentLength, p.begin(tag)
}

// looksLike refuses an answer that is something else than the file.
func looksLike(a answer, f File, host string) error {
	kind := mediaType(a.Header.Get("Content-Type"))
	if ext := strings.ToLower(path.Ext(f.Name)); kind == "text/html" && ext != ".html" && ext != ".htm" {
		return fault(Download, "%s sent a web page instead of %s (%s); is there a log-in page in the way?", host, f.Name, kind)
	}
	if coding := a.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return fault(Download, "%s sends %s encoded (%s), which was not asked for; check the proxy", host, f.Name, plain(coding, 40))
	}
	return nil
}

// continues checks that a 206 answer carries on where the partial ends.
func continues(a answer, tag etag, p *partial, host string) error {
	if p.size == 0 {
		return fault(Download, "%s sends a part of %s where all of it was asked for; run again later", host, p.want.Name).again()
	}
	if p.tag.strong() && tag.opaque != "" && tag != p.tag {
		return fault(Download, "%s changed at %s meanwhile; run again", p.want.Name, host).anew()
	}
	got, ok := parseContentRange(a.Header.Get("Content-Range"))
	fits := ok && got.first == p.size && got.total == p.want.Size &&
		(a.ContentLength < 0 || a.ContentLength == got.last-got.first+1)
	if !fits {
		return fault(Download, "%s sends %.60q of %s where the bytes from %d of %d were asked for; run again later",
			host, plain(a.Header.Get("Content-Range"), 60), p.want.Name, p.size, p.want.Size).anew()
	}
	p.joined = true
	return nil
}

// append writes an answer's body behind what is here, and not one byte more than
// the file has.
func (c *Client) append(ctx context.Context, p *partial, body io.Reader, length int64, host string) error {
	if _, err := p.file.Seek(p.size, io.SeekStart); err != nil {
		return storeFault("keeping "+p.want.Name, err)
	}
	buffer := make([]byte, 256<<10)
	for {
		n, err := body.Read(buffer)
		if p.size+int64(n) > p.want.Size {
			p.discard()
			return fault(Download, "%s sends more than the %d bytes of %s; nothing of it was kept: run again later", host, p.want.Size, p.want.Name)
		}
		if n > 0 {
			wrote, err := c.write(p.file, buffer[:n])
			p.size += int64(wrote)
			if err != nil {
				return storeFault("keeping "+p.want.Name, err)
			}
			c.progress(Progress{File: p.want.Name, Done: p.size, Size: p.want.Size})
		}
		switch {
		case err == io.EOF && p.size < p.want.Size && length < 0:
			return fault(Download, "%s ended %s after %d of %d bytes; run again", host, p.want.Name, p.size, p.want.Size).again()
		case err == io.EOF:
			return nil
		case err != nil:
			return broken(ctx, host, err)
		}
	}
}

// kept adds to an error how much of a large file need not come again.
func (c *Client) kept(p *partial, err error) error {
	if p.size == 0 || p.size == p.want.Size {
		return err
	}
	what := fmt.Sprintf("%s of %s of %s are kept", bytesText(p.size), bytesText(p.want.Size), p.want.Name)
	e := as(err)
	if e == nil {
		return fmt.Errorf("%w; %s: run again to go on", err, what)
	}
	if strings.Contains(e.text, "kept") {
		return err
	}
	more := *e
	more.text += "; " + what
	return &more
}

func escapePath(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// bytesText writes a number of bytes for people.
func bytesText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
}
