package hub

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// broken says in a sentence why a request got no answer, or half of one.
func broken(ctx context.Context, host string, err error) error {
	var (
		dns     *net.DNSError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		return fault(Network, "%s stopped sending; check the network and run again", host).again()
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fault(TLS, "the certificate of %s is not valid: %s; check this machine's clock", host, expiry(invalid))
	case errors.As(err, &name):
		return fault(TLS, "the certificate of %s is not valid: it belongs to %s; check HF_ENDPOINT and the network", host, plain(strings.Join(name.Certificate.DNSNames, ", "), 80))
	case errors.As(err, &unknown):
		return fault(TLS, "the certificate of %s is not valid: nobody this machine trusts has signed it; check HF_ENDPOINT and the network", host)
	case errors.As(err, &verify):
		return fault(TLS, "the certificate of %s is not valid: %w; check HF_ENDPOINT and the network", host, verify.Err)
	case errors.As(err, &record):
		return fault(TLS, "%s does not answer encrypted; check HF_ENDPOINT", host)
	case errors.As(err, &dns):
		return fault(Network, "the address of %s cannot be found; check the network and HF_ENDPOINT", host).again()
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault(Network, "%s refuses the connection; check HF_ENDPOINT", host).again()
	}
	return fault(Network, "the connection to %s broke: %s; check the network and run again", host, plain(err.Error(), 200)).again()
}

func expiry(invalid x509.CertificateInvalidError) string {
	now, from, to := time.Now(), invalid.Cert.NotBefore, invalid.Cert.NotAfter
	if now.Before(from) {
		return "it begins on " + from.Format(time.DateOnly)
	}
	return "it ended on " + to.Format(time.DateOnly)
}

// refusal says what a status other than success means. The body is not read:
// the hub says the same in its headers.
func (c *Client) refusal(s *Spec, a answer) *Error {
	page := c.base.String() + "/" + s.Repo
	said := plain(a.Header.Get("X-Error-Message"), 200)
	if said != "" {
		said = " (" + said + ")"
	}
	host := a.Request.URL.Hostname()
	atHub := sameOrigin(a.Request.URL, c.base)
	switch code := a.Header.Get("X-Error-Code"); {
	case !atHub && a.StatusCode < 500 && a.StatusCode != http.StatusTooManyRequests:
		// A signed address that ran out: the hub gives a new one.
		return fault(Download, "%s answers %d where the hub sent us%s; run again", host, a.StatusCode, said).again()
	case code == "GatedRepo" && c.config.Token == "":
		return fault(Access, "%s is open only to those who accept its terms%s; accept them at %s, make a token at %s/settings/tokens, set HF_TOKEN to it and run again",
			s.Repo, said, page, c.base)
	case code == "GatedRepo":
		return fault(Access, "%s is open only to those who accept its terms, and the token's account has not, or waits for the answer%s; see %s", s.Repo, said, page)
	case code == "RevisionNotFound":
		return fault(Missing, "%s has no revision %.80q; its branches are at %s/tree/main", s.Repo, s.Revision, page)
	case code == "EntryNotFound":
		return fault(Missing, "%s does not have the file it lists; run again", s.Repo)
	case code == "RepoNotFound" || a.StatusCode == http.StatusNotFound:
		return fault(Missing, "no repository %s at %s, or a private one; check the name, or set HF_TOKEN to a token that may read it", s.Repo, c.base.Host)
	case a.StatusCode == http.StatusUnauthorized && c.config.Token != "":
		return fault(Access, "%s does not take the token%s; it may have ended: make a new one at %s/settings/tokens, or unset HF_TOKEN", host, said, c.base)
	case a.StatusCode == http.StatusUnauthorized:
		return fault(Access, "no repository %s at %s, or a private one%s; check the name, or set HF_TOKEN to a token that may read it", s.Repo, c.base.Host, said)
	case a.StatusCode == http.StatusForbidden:
		return fault(Access, "%s does not let us read %s%s; see %s", host, s.Repo, said, page)
	}
	return c.later(a, host, said)
}

// later is for the statuses that a second attempt may better.
func (c *Client) later(a answer, host, said string) *Error {
	e := fault(Download, "%s answers %d%s; run again later", host, a.StatusCode, said)
	switch a.StatusCode {
	case http.StatusTooManyRequests:
		e = fault(Access, "%s has had too many requests%s; run again later, or set HF_TOKEN", host, said)
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return e
	}
	if e.wait = parseRetryAfter(a.Header.Get("Retry-After"), time.Now()); e.wait > c.limits.longest {
		e = fault(e.Kind, "%s is busy and says to come back in %s%s; run again then", host, e.wait.Round(time.Second), said)
		return e
	}
	return e.again()
}

// storeFault says why this machine's disk did not do what was asked.
func storeFault(what string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault(Store, "the disk is full while %s; what has come is kept: free some space and run again", what)
	case errors.Is(err, fs.ErrPermission):
		return fault(Store, "not permitted: %s; check the folder's owner, or set HF_HUB_CACHE to another", what)
	}
	return fault(Store, "cannot go on with %s: %w; check the folder, or set HF_HUB_CACHE to another", what, bare(err))
}

// bare takes the operation and the path from an error of the system.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}

// plain makes foreign text fit for a sentence: what can be shown, so much of it.
func plain(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
