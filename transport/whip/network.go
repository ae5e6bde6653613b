package whip

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

const (
	opusType  = 111  // payload type, unless the offer has its own
	silentFor = 5    // seconds without a packet: the connection is cut
	mtu       = 1500 // bytes of a packet that are read
)

// network is what all sessions share.
type network struct {
	udp ice.UDPMux
	tcp ice.TCPMux
}

func (n network) close() {
	if n.udp != nil {
		n.udp.Close()
	}
	if n.tcp != nil {
		n.tcp.Close()
	}
}

// open starts the network and lets sessions in.
func (d *Door) open(ctx context.Context) (n network, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return n, fmt.Errorf("whip: %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return n, fmt.Errorf("whip: %w", err)
	}
	var settings webrtc.SettingEngine
	logs := quiet(d.opt.Log)
	settings.LoggerFactory = logs
	n.udp = webrtc.NewICEUDPMux(logs.NewLogger("ice"), d.conn)
	settings.SetICEUDPMux(n.udp)
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if d.opt.TCP != nil {
		n.tcp = webrtc.NewICETCPMux(logs.NewLogger("ice"), d.opt.TCP, 8)
		settings.SetICETCPMux(n.tcp)
		types = append(types, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	settings.SetNetworkTypes(types)
	if err := d.set(&settings); err != nil {
		return n, err
	}
	api, err := newAPI(settings)
	if err != nil {
		return n, err
	}
	d.mu.Lock()
	d.api, d.life = api, ctx
	d.config = webrtc.Configuration{Certificates: []webrtc.Certificate{*certificate}}
	d.mu.Unlock()
	return n, nil
}

// set makes the settings of every connection. The door is ICE-lite: it answers
// checks and never sends one, so no candidate of an offer is ever contacted.
func (d *Door) set(settings *webrtc.SettingEngine) error {
	settings.SetLite(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.DisableActiveTCP(true)
	loopback := isLoopback(d.conn.LocalAddr())
	settings.SetIncludeLoopbackCandidate(loopback)
	settings.SetIPFilter(func(ip net.IP) bool { return usable(ip, loopback) })
	settings.SetRemoteIPFilter(func(ip net.IP) bool { return usable(ip, loopback) })
	settings.SetICETimeouts(silentFor*time.Second, d.opt.Return, 2*time.Second)
	settings.SetReceiveMTU(mtu)
	settings.SetSCTPMaxReceiveBufferSize(64 << 10)
	if err := settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return fmt.Errorf("whip: %w", err)
	}
	if len(d.opt.Addresses) == 0 {
		return nil
	}
	err := settings.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
		External: d.opt.Addresses, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteReplace,
	})
	if err != nil {
		return fmt.Errorf("whip: addresses: %w", err)
	}
	return nil
}

// newAPI knows Opus alone, and reports what was received.
func newAPI(settings webrtc.SettingEngine) (*webrtc.API, error) {
	var media webrtc.MediaEngine
	err := media.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: wanted,
		},
		PayloadType: opusType,
	}, webrtc.RTPCodecTypeAudio)
	if err != nil {
		return nil, fmt.Errorf("whip: %w", err)
	}
	var registry interceptor.Registry
	if err := webrtc.ConfigureRTCPReports(&registry); err != nil {
		return nil, fmt.Errorf("whip: %w", err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(&media), webrtc.WithInterceptorRegistry(&registry)), nil
}

// usable reports whether sound may come from or go by an address.
func usable(ip net.IP, loopback bool) bool {
	switch {
	case ip.IsUnspecified(), ip.IsMulticast(), ip.IsLinkLocalUnicast(), ip.Equal(net.IPv4bcast):
		return false // link-local is also where clouds keep their metadata
	case ip.IsLoopback():
		return loopback
	}
	return true
}

func isLoopback(address net.Addr) bool {
	udp, ok := address.(*net.UDPAddr)
	return ok && udp.IP.IsLoopback()
}

// quiet lets the library's complaints go to the log when it wants everything.
func quiet(log *slog.Logger) *logging.DefaultLoggerFactory {
	factory := logging.NewDefaultLoggerFactory()
	factory.Writer = slog.NewLogLogger(log.Handler(), slog.LevelDebug).Writer()
	return factory
}
