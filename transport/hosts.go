package transport

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// knownHost refuses names that are not ours. Without it a page of a rebound DNS
// name could reach a server on the loopback interface: its Origin equals its Host.
func (s *Server) knownHost(c *call) *refusal {
	if s.ownHost(c.Request) {
		return nil
	}
	message := fmt.Sprintf("the name %.64q is not served here; open %s, or start the server with --allow-host", c.Host, s.URL())
	return &refusal{http.StatusForbidden, "host_not_allowed", message, 0}
}

func (s *Server) ownHost(r *http.Request) bool {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.Trim(r.Host, "[]"), ""
	}
	for _, own := range s.rules.Load().Hosts {
		if strings.EqualFold(own, host) || strings.EqualFold(own, r.Host) {
			return true
		}
	}
	_, bound, _ := net.SplitHostPort(s.Addr().String())
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok { // which may be another listener's
		bound = strconv.Itoa(local.Port)
	}
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[s.Secure()]
	}
	return port == bound && (strings.EqualFold(host, "localhost") || host == "127.0.0.1" || host == "::1" || reached(r, host))
}

// reached reports whether host is the address at which the connection came in. An
// address cannot be rebound.
func reached(r *http.Request, host string) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	asked, err := netip.ParseAddr(host)
	return local != nil && err == nil && asked == local.AddrPort().Addr().Unmap()
}

// knownPage refuses what pages of others send: their browsers say so.
func (s *Server) knownPage(c *call) *refusal {
	if c.open || s.ownOrigin(c.Request) {
		return nil
	}
	return &refusal{http.StatusForbidden, "origin_not_allowed", "this page may not ask this server; start it with --allow-origin and the page's origin", 0}
}

// ownOrigin reports whether a request comes from a page of ours, or one that was
// allowed. Programs that are not pages send no Origin, and browsers none with what
// only reads; those say in Sec-Fetch-Site whose page it is.
func (s *Server) ownOrigin(r *http.Request) bool {
	if origins := r.Header.Values("Origin"); len(origins) > 0 {
		if len(origins) > 1 {
			return false
		}
		if s.allowedOrigin(origins[0]) {
			return true
		}
		if !samePlace(r, origins[0]) {
			return false
		}
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none" || followsLink(r)
}

func (s *Server) allowedOrigin(origin string) bool {
	return slices.ContainsFunc(s.rules.Load().Origins, func(own string) bool { return strings.EqualFold(own, origin) })
}

// samePlace reports whether a page came from where its request goes. With TLS at
// another server in front, its scheme may be https.
func samePlace(r *http.Request, origin string) bool {
	scheme, host, _ := strings.Cut(origin, "://")
	return strings.EqualFold(host, r.Host) && (scheme == "https" || scheme == "http" && r.TLS == nil)
}

// followsLink reports whether a browser opens the address in a window of its own,
// where the page with the link cannot read it.
func followsLink(r *http.Request) bool {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	return reads && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}
