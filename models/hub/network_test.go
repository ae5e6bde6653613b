package hub

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// certificate makes one for a name and a span of time around now, and the
// certificate that a client would have to trust.
func certificate(t *testing.T, name string, from, to time.Duration) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, leaf
}

func TestCertificatesThatAreNotValid(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		host     string
		from, to time.Duration
		trusted  bool
		says     string
	}{
		"it ended":               {"127.0.0.1", -9 * day, -3 * day, true, "it ended on " + time.Now().Add(-3*day).Format(time.DateOnly)},
		"it has not begun":       {"127.0.0.1", 3 * day, 9 * day, true, "it begins on " + time.Now().Add(3*day).Format(time.DateOnly)},
		"another name":           {"elsewhere.example", -day, day, true, "it belongs to elsewhere.example"},
		"signed by nobody known": {"127.0.0.1", -day, day, false, "nobody this machine trusts"},
	} {
		t.Run(name, func(t *testing.T) {
			pair, leaf := certificate(t, c.host, c.from, c.to)
			asked := false
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
			server.Config.ErrorLog = quiet
			server.StartTLS()
			defer server.Close()
			b := newBench(t, server.URL)
			client := b.hasty()
			pool := x509.NewCertPool()
			if c.trusted {
				pool.AddCert(leaf)
			}
			client.http.TLSClientConfig = &tls.Config{RootCAs: pool}
			_, err := pull(t.Context(), client, repoName)
			complains(t, err, TLS, "the certificate of 127.0.0.1 is not valid", c.says)
			if asked || b.told() != "" {
				t.Errorf("a request was sent, or tried again (%q)", b.told())
			}
		})
	}
}

func TestServersThatAreNotThere(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	plainServer := httptest.NewServer(http.NotFoundHandler())
	defer plainServer.Close()
	for name, c := range map[string]struct {
		endpoint string
		kind     Kind
		says     string
	}{
		"no such name":        {"https://models.invalid", Network, "models.invalid"},
		"nobody listens":      {"http://" + closed.Addr().String(), Network, "refuses the connection"},
		"not encrypted":       {"https://" + plainServer.Listener.Addr().String(), TLS, "does not answer encrypted"},
		"not to be encrypted": {"http://hub.example", Network, "is not encrypted"},
		"a password in it":    {"https://me:" + secret + "@hub.example", Network, "must not hold a name or password"},
		"no address":          {"hub.example", Network, "is not an address"},
		"a file":              {"file:///etc", Network, "is not an address"},
		"a query":             {"https://hub.example/?x=1", Network, "is not an address"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, c.endpoint)
			client, err := New(b.config)
			if err == nil {
				client.limits = limits{stall: 2 * time.Second, floor: 1, attempts: 2, backoff: time.Millisecond, longest: time.Second}
				_, err = pull(t.Context(), client, repoName)
			}
			complains(t, err, c.kind, c.says)
			b.check()
		})
	}
}

func TestATokenThatCannotStandInAHeader(t *testing.T) {
	for _, token := range []string{"hf_secret\nX-Evil: 1", "hf_secret x", "hf_secretñ", "hf_secret\x00"} {
		b := newBench(t, "https://hub.example")
		b.config.Token = token
		_, err := New(b.config)
		complains(t, err, Access, "copy it again")
	}
}

// A hub elsewhere must not send us to this machine, nor off encryption.
func TestRedirectsOfADistantHub(t *testing.T) {
	b := newBench(t, "https://hub.example/mirror")
	c := b.hasty()
	from, _ := url.Parse("https://hub.example/mirror/o/r/resolve/x/y")
	for to, ok := range map[string]bool{
		"https://files.example/x?sig=1": true, "/mirror/elsewhere": true, "//files.example/x": true, "https://hub.example:8443/x": true,
		"http://files.example/x": false, "http://127.0.0.1/x": false, "https://127.0.0.1/x": false, "https://[::1]/x": false, "https://localhost/x": false,
		"http://hub.example/x": false, "https://u@files.example/x": false, "data:,x": false, "https:///x": false, "https://:443/x": false,
	} {
		if _, err := c.follow(from, to, true); (err == nil) != ok {
			t.Errorf("%s: %v", to, err)
		}
	}
	for to, ok := range map[string]bool{"https://hub.example/api?cursor=1": true, "?cursor=1": true, "https://files.example/api": false, "https://hub.example:8443/api": false} {
		if _, err := c.follow(from, to, false); (err == nil) != ok {
			t.Errorf("for a list, %s: %v", to, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for name, c := range map[string]struct {
		env  map[string]string
		want Config
	}{
		"nothing set":  {nil, Config{Endpoint: defaultEndpoint, Cache: home + "/.cache/huggingface/hub"}},
		"XDG":          {map[string]string{"XDG_CACHE_HOME": "/x"}, Config{Endpoint: defaultEndpoint, Cache: "/x/huggingface/hub"}},
		"HF_HOME":      {map[string]string{"HF_HOME": "~/hf", "XDG_CACHE_HOME": "/x"}, Config{Endpoint: defaultEndpoint, Cache: home + "/hf/hub"}},
		"HF_HUB_CACHE": {map[string]string{"HF_HUB_CACHE": "$BIG/hub", "BIG": "/big", "HF_HOME": "/h"}, Config{Endpoint: defaultEndpoint, Cache: "/big/hub"}},
		"a token":      {map[string]string{"HF_TOKEN": " hf_a\n", "HF_HUB_CACHE": "/c"}, Config{Endpoint: defaultEndpoint, Cache: "/c", Token: "hf_a"}},
		"offline":      {map[string]string{"HF_HUB_OFFLINE": "yes", "HF_HUB_CACHE": "/c", "HF_ENDPOINT": "https://m/"}, Config{Endpoint: "https://m/", Cache: "/c", Offline: true}},
		"not offline":  {map[string]string{"HF_HUB_OFFLINE": "0", "HF_HUB_CACHE": "/c"}, Config{Endpoint: defaultEndpoint, Cache: "/c"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromEnvironment(func(key string) string { return c.env[key] })
			if err != nil || got != c.want {
				t.Errorf("%+v (%v), want %+v", got, err, c.want)
			}
		})
	}
}
