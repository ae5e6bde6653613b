package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// badStart is a way to start the daemon that is refused.
type badStart struct {
	name string
	file string   // configuration; "": none
	env  string   // NAME=value
	args []string // behind serve
	code int
	says string // of the one line
}

// badStarts are made for a folder of its own and an address that is taken.
func badStarts(t *testing.T, dir, taken string) []badStart {
	t.Helper()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("a-file", "x", 0o600)
	open := write("open-tokens", "sotto_view_x\n", 0o644)
	short := write("short.gguf", "GGUF\x03\x00\x00\x00\x05\x00", 0o600)
	empty := filepath.Join(dir, "empty")
	os.Mkdir(empty, 0o700)
	none := filepath.Join(dir, "none")
	usage, machine, model := exitUsage, exitEnvironment, exitModel
	return []badStart{
		{"an unknown flag", "", "", []string{"--lisen", "x"}, usage, "lisen"},
		{"an argument", "", "", []string{"now"}, usage, `"now"`},
		{"an unknown key", "lisen: x\n", "", nil, usage, "did you mean listen"},
		{"an unknown key within", "log:\n  levle: info\n", "", nil, usage, "did you mean log.level"},
		{"a key twice", "seats: 1\nseats: 2\n", "", nil, usage, "seats"},
		{"no YAML", "a: [\n", "", nil, usage, ":"},
		{"a list", "- a\n", "", nil, usage, ":1"},
		{"a NUL", "listen: \"\x00\"\n", "", nil, usage, "sotto.yaml"},
		{"bytes that are no UTF-8", "listen: \xff\n", "", nil, usage, "sotto.yaml"},
		{"a file of 2 MiB", "#" + strings.Repeat("a", 2<<20), "", nil, usage, "sotto.yaml"},
		{"a file that is not there", "", "", []string{"--config", none}, machine, none},
		{"a folder for a file", "", "", []string{"--config", empty}, machine, empty},
		{"a port that is none", "listen: 127.0.0.1:99999\n", "", nil, usage, "listen"},
		{"a port in words", "", "", []string{"--listen", "127.0.0.1:http9"}, usage, "listen"},
		{"no port", "", "SOTTO_LISTEN=127.0.0.1", nil, usage, "SOTTO_LISTEN"},
		{"everybody without TLS", "", "", []string{"--listen", "0.0.0.0:7788"}, usage, "--insecure-lan"},
		{"everybody without tokens", "", "", []string{"--listen", "0.0.0.0:7788", "--auth", "off"}, usage, "--insecure-lan"},
		{"a port in use", "", "", []string{"--listen", taken}, machine, taken},
		{"an address of others", "", "", []string{"--listen", "192.0.2.1:7788", "--insecure-lan", "--auth", "off"}, machine, "192.0.2.1"},
		{"seats that are none", "seats: 0\n", "", nil, usage, "seats"},
		{"seats beyond", "seats: 1e309\n", "", nil, usage, "seats"},
		{"seats in words", "", "SOTTO_SEATS=many", nil, usage, "SOTTO_SEATS"},
		{"threads below", "threads: -1\n", "", nil, usage, "threads"},
		{"a time without a unit", "drain_timeout: 10\n", "", nil, usage, "drain_timeout"},
		{"a time beyond", "drain_timeout: 900h\n", "", nil, usage, "drain_timeout"},
		{"a latency that is none", "", "", []string{"--latency", "soon"}, usage, "latency"},
		{"a level that is none", "log: {level: loud}\n", "", nil, usage, "log.level"},
		{"a form that is none", "log: {format: xml}\n", "", nil, usage, "log.format"},
		{"weights that are none", "weights: q2\n", "", nil, usage, "weights"},
		{"asking for tokens maybe", "auth: maybe\n", "", nil, usage, "auth"},
		{"every origin", "origins: ['*']\n", "", nil, usage, "origin"},
		{"an origin with a path", "", "", []string{"--allow-origin", "https://a.example/x"}, usage, "origin"},
		{"a host with a scheme", "hosts: ['https://a.example']\n", "", nil, usage, "hosts"},
		{"profiles for others", "pprof: 0.0.0.0:6060\n", "", nil, usage, "pprof"},
		{"a certificate alone", "", "", []string{"--tls-cert", file}, usage, "tls_key"},
		{"a certificate that is none", "", "", []string{"--tls-cert", file, "--tls-key", file}, machine, "--tls-cert"},
		{"a certificate that is not there", "", "", []string{"--tls-cert", none, "--tls-key", none}, machine, none},
		{"tokens that others read", "", "", []string{"--tokens-file", open}, machine, open},
		{"a state folder that is a file", "", "", []string{"--state", file}, machine, "--state"},
		{"rooms that are none", "rooms: {most: 0}\n", "", nil, usage, "rooms.most"},
		{"a kernel that is none", "", "SOTTO_KERNEL=fast", nil, machine, "SOTTO_KERNEL"},
		{"a model that is not there", "", "", []string{"--model", none}, model, none},
		{"a model cut short", "", "", []string{"--model", short}, model, short},
		{"an empty folder for a model", "", "", []string{"--model", empty}, model, empty},
		{"half a model", "", "", []string{"--mmproj", file}, usage, "--model"},
	}
}

// Whatever is wrong at the start is said at once, in one line that names it, with the
// code of whose fault it is (F21).
func TestBadStartsAreRefusedAtOnce(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	slowest := time.Duration(0)
	bad := badStarts(t, t.TempDir(), taken.Addr().String())
	for _, b := range bad {
		t.Run(b.name, func(t *testing.T) {
			args := []string{"serve"}
			if b.file != "" {
				args = append(args, "--config", configFile(t, b.file))
			}
			if !strings.Contains(fmt.Sprint(b.args), "--listen") && !strings.Contains(b.file+b.env, "isten") && !strings.Contains(b.env, "LISTEN") {
				args = append(args, "--listen", "127.0.0.1:0")
			}
			cmd := child(t, append(args, b.args...)...)
			if b.env != "" {
				cmd.Env = append(cmd.Env, b.env)
			}
			var out, told bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &told
			began := time.Now()
			cmd.Run()
			slowest = max(slowest, time.Since(began))
			checkRefusal(t, result{cmd.ProcessState.ExitCode(), out.String(), told.String()}, b.code, b.says)
		})
	}
	t.Logf("F21: %d bad starts, refused within %v, bar 500 ms", len(bad), slowest)
	if slowest > 500*time.Millisecond && os.Getenv("SOTTO_RELIABILITY") != "" {
		t.Errorf("a refusal took %v", slowest)
	}
}
