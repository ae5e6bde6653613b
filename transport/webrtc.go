package transport

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"sotto/transport/metrics"
	"sotto/transport/whip"
)

// WebRTC says where voices come in that are published by WHIP.
type WebRTC struct {
	// Listen is a UDP address. "auto" is the server's own when that is on the
	// loopback interface, and none elsewhere; so is "" and "off".
	Listen    string
	TCP       string   // an address for networks that drop UDP; "": none
	Addresses []string // that stand in answers in the place of our own, behind a NAT
}

// openWhip binds what WebRTC wants. Without it there is no door.
func (s *Server) openWhip() error {
	want := s.options.WebRTC
	address := want.Listen
	own := s.Addr().(*net.TCPAddr)
	switch {
	case address == "" || address == "off" || address == "auto" && !own.IP.IsLoopback():
		return nil
	case address == "auto":
		address = own.String()
	}
	conn, err := net.ListenPacket("udp", address)
	if err != nil && want.Listen == "auto" {
		s.options.Log.Warn("no voice can be published by WebRTC", "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("transport: cannot listen on %s for WebRTC: %w", address, err)
	}
	var tcp net.Listener
	if want.TCP != "" {
		if tcp, err = net.Listen("tcp", want.TCP); err != nil {
			conn.Close()
			return fmt.Errorf("transport: cannot listen on %s for WebRTC over TCP: %w", want.TCP, err)
		}
	}
	s.published = whip.New(conn, whip.Options{
		Hall: s.hall, Ready: s.hears, CheckOrigin: s.ownOrigin,
		TCP: tcp, Addresses: want.Addresses, Drain: s.options.Drain, Log: s.options.Log,
	})
	return nil
}

// runWhip runs the door until ctx ends; wait returns when it has ended.
func (s *Server) runWhip(ctx context.Context) (wait func() error) {
	if s.published == nil {
		return func() error { return nil }
	}
	ended := make(chan error, 1)
	go func() { ended <- s.published.Run(ctx) }()
	return func() error { return <-ended }
}

// showWhip shows the door's numbers.
func (s *Server) showWhip(m *metrics.Metrics) {
	if s.published == nil {
		return
	}
	m.Gauge("whip_sessions", "Voices that are published by WebRTC.", func() float64 { return float64(s.published.Counts().Sessions) })
	for name, of := range map[string]struct {
		help  string
		value func(c whip.Counts) float64
	}{
		"whip_sessions_total":            {"Voices that were published by WebRTC.", func(c whip.Counts) float64 { return float64(c.Published) }},
		"whip_packets_total":             {"Packets of sound that came by WebRTC, of voices that have ended; so are the next ones.", func(c whip.Counts) float64 { return float64(c.Packets) }},
		"whip_late_packets_total":        {"Packets that came after they had been given up.", func(c whip.Counts) float64 { return float64(c.Late) }},
		"whip_undecodable_packets_total": {"Packets that could not be decoded.", func(c whip.Counts) float64 { return float64(c.Undecodable) }},
		"whip_lost_seconds_total":        {"Sound whose packets did not come.", func(c whip.Counts) float64 { return float64(c.LostMs) / 1000 }},
	} {
		m.Count(name, of.help, func() float64 { return of.value(s.published.Counts()) })
	}
}

func (s *Server) mountWhip(mux *http.ServeMux) {
	if s.published != nil {
		s.published.Mount(mux)
		return
	}
	mux.HandleFunc("POST /whip/{room}", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "WebRTC is off here; start the server with --whip HOST:PORT, a UDP address", http.StatusNotFound)
	})
}
