package transport

import (
	"crypto/tls"
	"fmt"
	"net"
)

// LoadCertificate reads a certificate with those that vouch for it and its key,
// both PEM.
func LoadCertificate(cert, key string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("transport: certificate %s with key %s: %w", cert, key, err)
	}
	return &pair, nil
}

// listener is the gate, with TLS when the server has a certificate. It speaks
// HTTP/1.1: WebSocket needs it, and the limits count connections.
func (s *Server) listener() net.Listener {
	if !s.Secure() {
		return s.gate
	}
	return tls.NewListener(s.gate, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return s.rules.Load().Certificate, nil
		},
	})
}

// Secure reports whether the server speaks TLS.
func (s *Server) Secure() bool { return s.rules.Load().Certificate != nil }

// URL is where this machine reaches the server: one that listens on every
// interface is not called by the name of them all.
func (s *Server) URL() string {
	at := *s.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	scheme := map[bool]string{false: "http", true: "https"}[s.Secure()]
	return scheme + "://" + at.String()
}
