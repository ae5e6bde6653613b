package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// told is Load with a file of that text.
func told(t testing.TB, text string) (*Loaded, error) {
	t.Helper()
	l := defaults()
	if err := l.file("sotto.yaml", []byte(text)); err != nil {
		return nil, err
	}
	return l, l.checkReach()
}

func variables(all map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, found := all[name]
		return value, found
	}
}

// docs/sotto.yaml is what sotto config print prints, without the places values come from.
func TestTheSampleListsEveryKeyWithItsDefault(t *testing.T) {
	const name = "../../../docs/sotto.yaml"
	var want bytes.Buffer
	want.WriteString("# Every key of sotto serve, with its default. Flags come before SOTTO_* variables, those before this file.\n\n")
	if err := defaults().Write(&want, nil); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_SAMPLE") != "" {
		os.WriteFile(name, want.Bytes(), 0o666)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines, wanted := strings.Split(string(got), "\n"), strings.Split(want.String(), "\n")
	for i := range max(len(lines), len(wanted)) {
		if i >= len(lines) || i >= len(wanted) || lines[i] != wanted[i] {
			t.Fatalf("%s:%d differs from the keys; write it again with UPDATE_SAMPLE=1", name, i+1)
		}
	}
	if _, err := Load(Input{Path: name}); err != nil {
		t.Error(err)
	}
}

func TestEveryFieldHasItsKeyAndTheOtherWayRound(t *testing.T) {
	var fields func(reflect.Type) int
	fields = func(of reflect.Type) (n int) {
		for i := range of.NumField() {
			if f := of.Field(i).Type; f.Kind() == reflect.Struct {
				n += fields(f)
			} else {
				n++
			}
		}
		return n
	}
	if n := fields(reflect.TypeFor[Config]()); n != len(keys) {
		t.Errorf("%d fields and %d keys", n, len(keys))
	}
	names := make(map[string]bool)
	for i := range keys {
		k := &keys[i]
		if k.Doc == "" || strings.Contains(k.Doc, "\n") || strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s is documented by %q, want one line", k.Name, k.Doc)
		}
		for _, name := range []string{k.Name, k.Env(), "--" + k.Flag} {
			if name != "--" && names[name] {
				t.Errorf("two keys are called %s", name)
			}
			names[name] = true
		}
		changed, plain := defaults().Config, defaults().Config
		if k.IsList() {
			*k.list(&changed) = []string{"x"}
		} else if !k.set(&changed, other(k)) {
			t.Fatalf("%s does not take %q", k.Name, other(k))
		}
		if all := Changes(&plain, &changed); len(all) != 1 || all[0].Key.Name != k.Name {
			t.Errorf("%s changes %v", k.Name, all)
		}
		plain.Adopt(&changed)
		if left := len(Changes(&plain, &changed)); left != map[bool]int{true: 0, false: 1}[k.Live] {
			t.Errorf("%s: live %v, %d changes left", k.Name, k.Live, left)
		}
	}
}

// other is a good value that is not the default.
func other(k *Key) string {
	for _, s := range []string{"true", "7", "2000", "2000000", "33s", "quality", "debug", "q8_0", "text", "on", "off", "127.0.0.1:1", "x.gguf", "es"} {
		var c Config
		if s != k.Default && k.set(&c, s) {
			return s
		}
	}
	return "nothing"
}

func TestFlagsComeBeforeVariablesBeforeTheFileBeforeDefaults(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sotto.yaml")
	file := "seats: 2\nthreads: 2\nmodel: two\nhosts: [two.example, too.example]\nlimits:\n  idle_timeout: 2s\n"
	if err := os.WriteFile(name, []byte(file), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := Load(Input{
		Path: name,
		Lookup: variables(map[string]string{
			"SOTTO_SEATS": "3", "SOTTO_THREADS": "3", "SOTTO_LIMITS_IDLE_TIMEOUT": "3s", "SOTTO_LOG_LEVEL": "",
			"SOTTO_ORIGINS": "https://a.example, https://b.example:444",
		}),
		Flags: map[string][]string{"seats": {"4"}, "allow-host": {"four.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := defaults().Config
	want.Seats, want.Threads, want.Model, want.Hosts = 4, 3, "two", []string{"four.example"}
	want.Limits.Idle, want.Origins = 3*time.Second, []string{"https://a.example", "https://b.example:444"}
	if !reflect.DeepEqual(l.Config, want) {
		t.Errorf("got %+v\nwant %+v", l.Config, want)
	}
	for key, from := range map[string]string{
		"seats": "--seats", "threads": "SOTTO_THREADS", "model": name + ":3", "hosts": "--allow-host",
		"limits.idle_timeout": "SOTTO_LIMITS_IDLE_TIMEOUT", "log.level": "default", "origins": "SOTTO_ORIGINS",
	} {
		if l.From[key] != from {
			t.Errorf("%s comes from %q, want %q", key, l.From[key], from)
		}
	}
}

func TestWrongVariablesAndFlagsAreRefused(t *testing.T) {
	for _, tt := range []struct {
		variable, value, flag, told, want string
	}{
		{variable: "SOTTO_SEATS", value: "many", want: `SOTTO_SEATS is "many", want a whole number from 1 to 1000`},
		{variable: "SOTTO_INSECURE_LAN", value: "yes", want: `SOTTO_INSECURE_LAN is "yes", want true or false`},
		{variable: "SOTTO_HOSTS", value: "a.example,*", want: `SOTTO_HOSTS has "*", want a name such as captions.example, or captions.example:8443; list each name by itself`},
		{flag: "seats", told: "1001", want: `--seats is "1001", want a whole number from 1 to 1000`},
		{flag: "drain-timeout", told: "10", want: `--drain-timeout is "10", want a time from 100ms to 1h, such as 1.5s or 2m`},
		{flag: "allow-origin", told: "*", want: `--allow-origin has "*", want a page's origin such as https://example.org; list each page's origin by itself`},
		{flag: "wyoming", told: ":10300", want: `doors.wyoming is ":10300" (--wyoming), which other machines can reach, and its clients have no tokens and no TLS; ` +
			`listen on 127.0.0.1, or say --insecure-lan (insecure_lan: true in the file) if you mean that`},
		{flag: "whisperlive", told: "9090", want: `--whisperlive is "9090", want HOST:PORT, such as 127.0.0.1:9090`},
		{flag: "listen", told: "0.0.0.0:7788", want: `the address to listen on is "0.0.0.0:7788" (--listen), which other machines can reach, and without TLS all on the way can read their tokens and words; ` +
			`name tls_cert and tls_key, or listen on 127.0.0.1, or say --insecure-lan (insecure_lan: true in the file) if you mean that`},
	} {
		in := Input{Lookup: variables(map[string]string{tt.variable: tt.value})}
		if tt.flag != "" {
			in.Flags = map[string][]string{tt.flag: {tt.told}}
		}
		if _, err := Load(in); err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// Platforms for containers say in PORT where to listen.
func TestPortCountsWhereNothingElseSaysIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sotto.yaml")
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:2\ninsecure_lan: true\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	open := map[string]string{"PORT": "8080", "SOTTO_INSECURE_LAN": "true"}
	for _, tt := range []struct {
		in           Input
		listen, from string
	}{
		{Input{Lookup: variables(open)}, ":8080", "PORT"},
		{Input{Lookup: variables(map[string]string{"PORT": ""})}, "127.0.0.1:7788", "default"},
		{Input{Lookup: variables(open), Path: file}, "127.0.0.1:2", file + ":1"},
		{Input{Lookup: variables(map[string]string{"PORT": "8080", "SOTTO_LISTEN": "127.0.0.1:3"})}, "127.0.0.1:3", "SOTTO_LISTEN"},
		{Input{Lookup: variables(map[string]string{"PORT": "no number"}), Flags: map[string][]string{"listen": {"127.0.0.1:4"}}}, "127.0.0.1:4", "--listen"},
	} {
		l, err := Load(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.from, err)
			continue
		}
		if l.Listen != tt.listen || l.From["listen"] != tt.from {
			t.Errorf("listens on %s from %s, want %s from %s", l.Listen, l.From["listen"], tt.listen, tt.from)
		}
	}
	for port, says := range map[string]string{"8080": `":8080" (PORT)`, "http": "PORT is", "70000": "PORT is"} {
		if _, err := Load(Input{Lookup: variables(map[string]string{"PORT": port})}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("PORT=%s alone: %v, want %s", port, err, says)
		}
	}
}

func TestWhoCanReachAnAddress(t *testing.T) {
	for address, alone := range map[string]bool{
		"127.0.0.1:7788": true, "127.9.9.9:0": true, "[::1]:7788": true, "localhost:7788": true, "LocalHost:7788": true,
		":7788": false, "0.0.0.0:7788": false, "[::]:7788": false, "192.168.1.7:7788": false, "localhost.example:7788": false,
		"[::ffff:127.0.0.1]:7788": true, "[fe80::1%lo]:7788": false, "nonsense": false,
	} {
		if got := IsLoopback(address); got != alone {
			t.Errorf("%s: from this machine alone is %v, want %v", address, got, alone)
		}
		public := Input{Flags: map[string][]string{"listen": {address}, "insecure-lan": {"true"}}}
		if _, err := Load(public); (err == nil) != (address != "nonsense") {
			t.Errorf("%s, which is meant: %v", address, err)
		}
	}
}

// Others come in over TLS and with a token, or because it was said that they may
// come in otherwise.
func TestWhoMayReachTheServer(t *testing.T) {
	const here, public = "127.0.0.1:1", "0.0.0.0:1"
	for _, tt := range []struct {
		listen, cert, key, auth, tokens string
		insecure                        bool
		asks                            bool
		refused                         string // part of why; "": it is not
	}{
		{listen: here, auth: "auto"},
		{listen: here, auth: "off", tokens: "t"},
		{listen: here, auth: "on", asks: true},
		{listen: here, auth: "auto", tokens: "t", asks: true},
		{listen: here, auth: "auto", cert: "c", key: "k"},
		{listen: here, auth: "auto", cert: "c", refused: "name both files"},
		{listen: here, auth: "auto", key: "k", refused: "name both files"},
		{listen: public, auth: "auto", asks: true, refused: "name tls_cert and tls_key"},
		{listen: public, auth: "on", asks: true, refused: "name tls_cert and tls_key"},
		{listen: public, auth: "off", refused: "name tls_cert and tls_key"},
		{listen: public, auth: "auto", cert: "c", key: "k", asks: true},
		{listen: public, auth: "off", cert: "c", key: "k", refused: "auth is off; leave it on"},
		{listen: public, auth: "auto", insecure: true, asks: true},
		{listen: public, auth: "off", insecure: true},
		{listen: public, auth: "auto", insecure: true, cert: "c", asks: true, refused: "name both files"},
	} {
		l := defaults()
		l.Listen, l.TLSCert, l.TLSKey, l.Auth, l.TokensFile, l.InsecureLAN = tt.listen, tt.cert, tt.key, tt.auth, tt.tokens, tt.insecure
		if asks := l.AsksForTokens(); asks != tt.asks {
			t.Errorf("%+v: asks for tokens: %v", tt, asks)
		}
		if err := l.checkReach(); (err == nil) != (tt.refused == "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func TestWhatIsAHostOrAnOrigin(t *testing.T) {
	for host, good := range map[string]bool{
		"captions.example": true, "captions.example:8443": true, "192.168.1.7": true, "::1": true, "[::1]:80": true, "my_box": true,
		"": false, "*": false, "a.example:": false, "a.example:http": false, "a.example/": false, "https://a.example": false, "a b": false,
	} {
		if isHost(host) != good {
			t.Errorf("host %q: %v, want %v", host, !good, good)
		}
	}
	for origin, good := range map[string]bool{
		"https://a.example": true, "http://a.example:81": true, "http://[::1]": true, "http://[::1]:81": true, "chrome-extension://abcdef": true,
		"a.example": false, "null": false, "*": false, "https://*.example": false, "https://a.example/": false, "https://a.example?x": false,
		"https://u@a.example": false, "https://": false, "://a.example": false, "https://a.example#x": false, "http://[::1": false,
	} {
		if isOrigin(origin) != good {
			t.Errorf("origin %q: %v, want %v", origin, !good, good)
		}
	}
}

func TestWhatIsPrintedReadsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := defaults()
		for i := range keys {
			k := &keys[i]
			l.From[k.Name] = rapid.String().Draw(t, "from")
			var texts []string
			for range rapid.IntRange(0, 3).Draw(t, "values") {
				text := draw(t, k)
				if scratch := defaults(); k.set(&scratch.Config, text) {
					texts = append(texts, text)
				}
			}
			if !k.IsList() && len(texts) > 0 {
				texts = texts[:1]
			}
			if err := k.assign(&l.Config, k.Name, texts); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		if err := l.Write(&out, l.From); err != nil {
			t.Fatal(err)
		}
		again := defaults()
		if err := again.file("printed", out.Bytes()); err != nil {
			t.Fatalf("%v in\n%s", err, &out)
		}
		if all := Changes(&l.Config, &again.Config); len(all) != 0 {
			t.Fatalf("printed and read, %v in\n%s", all, &out)
		}
	})
}

// draw makes up a value; it need not be good.
func draw(t *rapid.T, k *Key) string {
	switch rapid.IntRange(0, 4).Draw(t, "way") {
	case 0:
		return other(k)
	case 1:
		return fmt.Sprint(rapid.IntRange(-1, 70000).Draw(t, "number"))
	case 2:
		return spell(time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "time")))
	case 3:
		return rapid.SampledFrom([]string{"null", "yes", "~", "on", "1e3", "#", "a: b", "- a", "a.example", "a.example:80", "https://a.example", "chrome-extension://abc", "[::1]:80", "::1", "<<", "'", `"`}).Draw(t, "word")
	}
	return rapid.String().Draw(t, "text")
}
