package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// certificate writes a certificate for 127.0.0.1 and its key, and returns their
// files and those who trust it.
func certificate(t *testing.T, serial int64) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "sotto"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key, trust
}

func loaded(t *testing.T, cert, key string) *tls.Certificate {
	t.Helper()
	pair, err := LoadCertificate(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestVoicesOverTLS(t *testing.T) {
	cert, key, trust := certificate(t, 1)
	r := run(t, Options{Rules: Rules{Certificate: loaded(t, cert, key)}})
	if !strings.HasPrefix(r.URL(), "https://127.0.0.1:") {
		t.Errorf("it is at %s", r.URL())
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	response, err := client.Get(r.URL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 || response.ProtoMajor != 1 || response.TLS.Version != tls.VersionTLS13 {
		t.Errorf("%s, HTTP/%d, TLS %x", response.Status, response.ProtoMajor, response.TLS.Version)
	}
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: trust}}
	for origin, want := range map[string]int{r.URL(): 101, strings.Replace(r.URL(), "https", "http", 1): 403} {
		socket, response, err := dialer.Dial("wss"+strings.TrimPrefix(r.URL(), "https")+"/v1/stream", http.Header{"Origin": {origin}})
		if err == nil {
			socket.Close()
		}
		if response == nil || response.StatusCode != want {
			t.Errorf("a page of %s: %v, %v, want %d", origin, response, err, want)
		}
	}
}

func TestOldTLSAndNoTLSAreRefused(t *testing.T) {
	cert, key, trust := certificate(t, 1)
	r := run(t, Options{Rules: Rules{Certificate: loaded(t, cert, key)}})
	if _, err := tls.Dial("tcp", r.Addr().String(), &tls.Config{RootCAs: trust, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	client := &rawClient{address: r.Addr().String()}
	defer client.close()
	if response, _ := client.ask(t, "GET / HTTP/1.1\r\nHost: "+r.Addr().String()+"\r\n\r\n", "GET"); response.StatusCode != 400 {
		t.Errorf("without TLS: %s", response.Status)
	}
}

func TestANewCertificateIsShownFromThenOn(t *testing.T) {
	cert, key, _ := certificate(t, 1)
	r := run(t, Options{Rules: Rules{Certificate: loaded(t, cert, key)}})
	serial := func() int64 {
		conn, err := tls.Dial("tcp", r.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("certificate %d", n)
	}
	cert, key, _ = certificate(t, 2)
	r.SetRules(Rules{Certificate: loaded(t, cert, key)})
	if n := serial(); n != 2 {
		t.Errorf("certificate %d", n)
	}
}

func TestCertificatesThatCannotBeUsedAreNamed(t *testing.T) {
	cert, key, _ := certificate(t, 1)
	_, other, _ := certificate(t, 2)
	for _, tt := range [][2]string{{cert, other}, {key, cert}, {cert, cert}, {cert, key + ".none"}, {cert + ".none", key}, {filepath.Dir(cert), key}} {
		if _, err := LoadCertificate(tt[0], tt[1]); err == nil || !strings.Contains(err.Error(), tt[0]) || !strings.Contains(err.Error(), tt[1]) {
			t.Errorf("%v: %v", tt, err)
		}
	}
}
