package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

func TestTheLeastMemoryLimitOfTheGroupsHolds(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, tt := range map[string]struct {
		files fstest.MapFS
		limit int64
	}{
		"no groups":     {fstest.MapFS{}, 0},
		"no limit":      {fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("max\n")}, 0},
		"its own":       {fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/memory.max": file("1000\n"), "sys/fs/cgroup/a/memory.max": file("max\n")}, 1000},
		"of one around": {fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/memory.max": file("2000\n"), "sys/fs/cgroup/a/memory.max": file("1500\n")}, 1500},
		"a container":   {fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("3000\n")}, 3000},
		"version 1": {fstest.MapFS{
			"proc/self/cgroup": file("5:cpu:/a\n4:memory:/a\n0::/\n"), "sys/fs/cgroup/memory/a/memory.limit_in_bytes": file("4000\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
		}, 4000},
		"nonsense": {fstest.MapFS{"proc/self/cgroup": file("0\n:::\n0::../../x\n"), "sys/fs/cgroup/memory.max": file("-1")}, 0},
	} {
		if limit := memoryLimit(tt.files); limit != tt.limit {
			t.Errorf("%s: %d, want %d", name, limit, tt.limit)
		}
	}
}

func TestADaemonLeavesNoCore(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this is Linux's")
	}
	cmd, _, _ := listening(t)
	proc := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid))
	limits, err := os.ReadFile(filepath.Join(proc, "limits"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			found = strings.HasPrefix(strings.Join(strings.Fields(rest), " "), "0 0 ")
		}
	}
	if !found {
		t.Errorf("its limits are\n%s", limits)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestHealthAsksTheDaemon(t *testing.T) {
	cmd, address, _ := listening(t)
	if out := works(t, "health", "--listen", address); out != "ready\n" {
		t.Errorf("it says %q", out)
	}
	_, port, _ := strings.Cut(address, ":")
	for _, listen := range []string{":" + port, "0.0.0.0:" + port} {
		if out := works(t, "health", "--insecure-lan", "--listen", listen); out != "ready\n" {
			t.Errorf("%s: it says %q", listen, out)
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	checkRefusal(t, call(t, "health", "--listen", address), 1, address, "sotto serve")
}

// The health check of a server that speaks TLS does not need its name, and tells why
// it is not ready.
func TestHealthAsksOverTLSAndSaysWhyNot(t *testing.T) {
	cert, key, _ := certificateFiles(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.URL.Path+" says: stuck", http.StatusServiceUnavailable)
	}))
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	defer server.Close()
	address := server.Listener.Addr().String()
	checkRefusal(t, call(t, "health", "--listen", address, "--tls-cert", cert, "--tls-key", key), 1, "/readyz says: stuck")
}
