package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var tokenText = regexp.MustCompile(`sotto_(view|speak|admin)_[0-9a-f]{32}`)

// tokensOf reads the tokens of a file by their roles.
func tokensOf(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, m := range tokenText.FindAllStringSubmatch(string(data), -1) {
		all[m[1]] = m[0]
	}
	return all
}

// asks returns the status of /v1/models with a token.
func asks(t *testing.T, address, token string) int {
	t.Helper()
	request, err := http.NewRequest("GET", "http://"+address+"/v1/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestADaemonThatAsksForTokensMakesThemAndKeepsThem(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "tokens")
	cmd, address, told := listening(t, "--auth", "on", "--state", dir, "--log-level", "debug")
	tokens := tokensOf(t, name)
	for token, want := range map[string]int{"": 401, tokens["view"]: 403, tokens["speak"]: 200, tokens["admin"]: 200} {
		if got := asks(t, address, token); got != want {
			t.Errorf("with %.12q…: %d, want %d", token, got, want)
		}
	}
	if err := os.WriteFile(name, []byte(tokens["admin"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp(t, cmd, told)
	if asks(t, address, tokens["speak"]) != 401 || asks(t, address, tokens["admin"]) != 200 {
		t.Error("SIGHUP does not read the tokens again")
	}
	if err := os.WriteFile(name, []byte(tokens["speak"]+"0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	if line := lineWith(t, told, "tokens refused"); !strings.Contains(line, "tokens:1: no token") {
		t.Errorf("logged %s", line)
	}
	if asks(t, address, tokens["admin"]) != 200 {
		t.Error("a file that is refused takes the old tokens away")
	}
	cmd.Process.Signal(syscall.SIGTERM)
	rest, _ := io.ReadAll(told)
	cmd.Wait()
	if m := tokenText.Find(rest); m != nil {
		t.Errorf("the log has %s", m)
	}
	out, err := child(t, "serve", "--listen", "127.0.0.1:0", "--state", dir, "--auth", "on").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "tokens:1: no token") || !strings.Contains(string(out), "--tokens-file") {
		t.Errorf("with a bad file it says %q, %v", out, err)
	}
}

// lineWith reads the log up to a message.
func lineWith(t *testing.T, told *bufio.Reader, message string) string {
	t.Helper()
	for {
		line, err := told.ReadString('\n')
		if err != nil {
			t.Fatalf("%v before %q", err, message)
		}
		if tokenText.MatchString(line) {
			t.Errorf("the log has a token: %s", line)
		}
		if strings.Contains(line, message) {
			return line
		}
	}
}

// certificateFiles writes the certificate of httptest, which is for 127.0.0.1.
func certificateFiles(t *testing.T) (cert, key string, client *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pair := server.TLS.Certificates[0]
	raw, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trust := x509.NewCertPool()
	trust.AddCert(server.Certificate())
	return cert, key, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}, DisableKeepAlives: true}}
}

// With TLS and tokens no flag is needed for others to come in.
func TestADaemonForOthersSpeaksTLSAndAsksForTokens(t *testing.T) {
	cert, key, client := certificateFiles(t)
	tokens := filepath.Join(t.TempDir(), "tokens")
	cmd, page, told := listening(t, "--listen", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", key, "--tokens-file", tokens)
	for token, want := range map[string]int{"": 401, tokensOf(t, tokens)["speak"]: 200} {
		request, err := http.NewRequest("GET", page+"/v1/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", page, response.Status, want)
		}
	}
	if err := os.WriteFile(cert, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	if line := lineWith(t, told, "certificate refused"); !strings.Contains(line, cert) {
		t.Errorf("logged %s", line)
	}
	if response, err := client.Get(page + "/healthz"); err != nil || response.StatusCode != 200 {
		t.Errorf("with the old certificate: %v", err)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	cmd.Wait()
	checkRefusal(t, call(t, "serve", "--tls-cert", cert, "--tls-key", key), exitEnvironment, cert, "--tls-key")
	checkRefusal(t, call(t, "serve", "--tls-cert", cert), exitUsage, "name both files")
}

func TestTheReadyRecordSaysWhoCanComeIn(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "this machine false "},
		{[]string{"--tokens-file", tokens}, "this machine false " + tokens},
		{[]string{"--listen", "0.0.0.0:0", "--insecure-lan", "--tokens-file", tokens}, "other machines false " + tokens},
		{[]string{"--listen", "0.0.0.0:0", "--insecure-lan", "--auth", "off"}, "other machines false "},
	} {
		cmd := child(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, tt.args...)...)
		var ready struct {
			Msg    string
			By     string `json:"reached_by"`
			TLS    bool
			Tokens string
		}
		line := readyLine(t, cmd)
		if err := json.Unmarshal([]byte(line), &ready); err != nil {
			t.Fatal(err)
		}
		if got := ready.By + map[bool]string{true: " true ", false: " false "}[ready.TLS] + ready.Tokens; got != tt.want {
			t.Errorf("%v: %q, want %q", tt.args, got, tt.want)
		}
	}
}

// readyLine starts a daemon, takes its ready record and stops it.
func readyLine(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := bufio.NewReader(pipe)
	line := lineWith(t, told, `"msg":"ready"`)
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	cmd.Wait()
	return line
}
