package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Key is one thing that can be told: its names, its default, what it may be.
type Key struct {
	Name    string // in the file; a dot parts the section from the rest
	Flag    string // on the command line; "": it has none
	Default string // as its variable would say it
	Doc     string // one line
	Live    bool   // SIGHUP changes it, for new connections
	kind
}

// keys are all there are, in the order they are printed. Keys of a section
// follow each other.
var keys = []Key{
	{"listen", "listen", "127.0.0.1:7788", "address to listen on; where nothing says it, PORT in the environment gives its port, on every interface", false,
		text(func(c *Config) *string { return &c.Listen }, "HOST:PORT, such as 127.0.0.1:7788", isAddress)},
	{"insecure_lan", "insecure-lan", "false", "let other machines reach the server without TLS, or without tokens; all on the way can read what is said", false,
		truth(func(c *Config) *bool { return &c.InsecureLAN })},
	{"hosts", "allow-host", "", "names this server is called by, beside localhost and its addresses", true,
		list(func(c *Config) *[]string { return &c.Hosts }, "a name such as captions.example, or captions.example:8443; list each name by itself", isHost)},
	{"origins", "allow-origin", "", "pages that may use the doors, beside our own", true,
		list(func(c *Config) *[]string { return &c.Origins }, "a page's origin such as https://example.org; list each page's origin by itself", isOrigin)},

	{"tls_cert", "tls-cert", "", "file with the certificate to show, PEM; empty: no TLS. The file is read again at SIGHUP", false,
		text(func(c *Config) *string { return &c.TLSCert }, "the name of a file", isFile)},
	{"tls_key", "tls-key", "", "file with the certificate's key, PEM", false,
		text(func(c *Config) *string { return &c.TLSKey }, "the name of a file", isFile)},
	{"auth", "auth", "auto", "ask for tokens; auto does where other machines reach the server, or tokens_file is named", false,
		choice(func(c *Config) *string { return &c.Auth }, "auto", "on", "off")},
	{"tokens_file", "tokens-file", "", "file with tokens, made if it is not there; empty: tokens in the state folder, else sotto/tokens in the user's folder for configurations. It is read again at SIGHUP", false,
		text(func(c *Config) *string { return &c.TokensFile }, "the name of a file", isFile)},

	{"model", "model", "pocket", "pocket (built in), e4b, e2b or REPO[:FILE] as pulled, a checkpoint's folder, or a .gguf file", false,
		text(func(c *Config) *string { return &c.Model }, "the name of a model, a folder or a .gguf file", isName)},
	{"mmproj", "mmproj", "", "file with the audio half of a GGUF pair, when it is not the only one beside it", false,
		text(func(c *Config) *string { return &c.Mmproj }, "the name of a file", isFile)},
	{"weights", "weights", "auto", "type of the decoder's weights; auto loses nothing", false,
		choice(func(c *Config) *string { return &c.Weights }, "auto", "q8_0", "q4_0")},
	{"threads", "threads", "0", "threads that compute; 0: one per core", false,
		number(func(c *Config) *int { return &c.Threads }, 0, 1024)},
	{"seats", "seats", "8", "voices at once", false,
		number(func(c *Config) *int { return &c.Seats }, 1, 1000)},
	{"latency", "latency", "balanced", "how long a word waits for certainty when the voice does not say", false,
		choice(func(c *Config) *string { return &c.Latency }, "fast", "balanced", "quality")},
	{"source", "source", "", "language that is spoken when a client cannot say it and the model hears several", false,
		text(func(c *Config) *string { return &c.Source }, "a language code such as es", isLanguage)},
	{"drain_timeout", "drain-timeout", "10s", "time for open voices to say what they have heard when the server stops", false,
		span(func(c *Config) *time.Duration { return &c.Drain }, 100*time.Millisecond, time.Hour)},
	{"state", "state", "", "folder where rooms keep what is said in them; empty: in memory alone", false,
		text(func(c *Config) *string { return &c.State }, "the name of a folder", isFile)},

	{"doors.whisperlive", "whisperlive", "", "address for WhisperLive's clients, who send no token; empty: none", false,
		text(func(c *Config) *string { return &c.Doors.WhisperLive }, "HOST:PORT, such as 127.0.0.1:9090", func(s string) bool { return s == "" || isAddress(s) })},
	{"doors.wyoming", "wyoming", "", "address for clients of the Wyoming protocol, who send no token; empty: none", false,
		text(func(c *Config) *string { return &c.Doors.Wyoming }, "HOST:PORT, such as 127.0.0.1:10300", func(s string) bool { return s == "" || isAddress(s) })},

	{"pprof", "pprof", "", "address of this machine to serve Go's profiles on; empty: none", false,
		text(func(c *Config) *string { return &c.Pprof }, "HOST:PORT of this machine, such as 127.0.0.1:6060", func(s string) bool { return s == "" || isAddress(s) })},

	{"sandbox", "", "auto", "give up, once it is ready, all rights that hearing takes none of: files beside the state folder, the system's and its own settings, other ports, other servers; auto does where Linux has Landlock", false,
		choice(func(c *Config) *string { return &c.Sandbox }, "auto", "off")},

	{"whip.listen", "whip", "auto", "UDP address for voices published by WebRTC; auto is listen's when that is on the loopback interface", false,
		text(func(c *Config) *string { return &c.WHIP.Listen }, "HOST:PORT such as 192.0.2.1:7788, auto or off", func(s string) bool { return s == "auto" || s == "off" || isAddress(s) })},
	{"whip.tcp", "", "", "address for the same over TCP, where networks drop UDP", false,
		text(func(c *Config) *string { return &c.WHIP.TCP }, "HOST:PORT such as 192.0.2.1:7789", func(s string) bool { return s == "" || isAddress(s) })},
	{"whip.addresses", "", "", "addresses by which others reach it behind a NAT that passes its ports on", false,
		list(func(c *Config) *[]string { return &c.WHIP.Addresses }, "an IP address such as 198.51.100.7; list each by itself", isIP)},

	{"rooms.most", "", "64", "rooms that are open at a time; one more closes that which has been idle for the longest", false,
		number(func(c *Config) *int { return &c.Rooms.Most }, 1, 10_000)},
	{"rooms.idle", "", "10m", "time without voices and readers after which a room with a folder is closed, until somebody comes again", false,
		span(func(c *Config) *time.Duration { return &c.Rooms.Idle }, 10*time.Second, 24*time.Hour)},
	{"rooms.keep_for", "", "24h", "time after which what was said in a room is removed", false,
		span(func(c *Config) *time.Duration { return &c.Rooms.KeepFor }, 10*time.Second, 10*365*24*time.Hour)},
	{"rooms.keep_bytes", "", "67108864", "bytes of a room's files; the oldest go first", false,
		number(func(c *Config) *int { return &c.Rooms.KeepBytes }, 1<<20, 1<<30)},

	{"limits.text_bytes", "", "8192", "largest text message of a client", true,
		number(func(c *Config) *int { return &c.Limits.Text }, 1024, 8192)},
	{"limits.binary_bytes", "", "65536", "largest message with sound", true,
		number(func(c *Config) *int { return &c.Limits.Binary }, 1280, 1<<20)},
	{"limits.start_timeout", "", "10s", "time from connecting to the start message", true,
		span(func(c *Config) *time.Duration { return &c.Limits.Start }, 100*time.Millisecond, time.Hour)},
	{"limits.idle_timeout", "", "1m", "time without sound after which a voice is closed", true,
		span(func(c *Config) *time.Duration { return &c.Limits.Idle }, time.Second, 24*time.Hour)},
	{"limits.write_timeout", "", "10s", "time for one message to leave for a client that does not read", true,
		span(func(c *Config) *time.Duration { return &c.Limits.Write }, 100*time.Millisecond, time.Hour)},
	{"limits.linger_timeout", "", "2s", "time for a client to close after the server's goodbye", true,
		span(func(c *Config) *time.Duration { return &c.Limits.Linger }, 100*time.Millisecond, time.Minute)},

	{"limits.header_bytes", "", "16384", "largest header of a request", false,
		number(func(c *Config) *int { return &c.Limits.Header }, 1024, 1<<20)},
	{"limits.header_timeout", "", "5s", "time for a request's header to come", false,
		span(func(c *Config) *time.Duration { return &c.Limits.HeaderTime }, 100*time.Millisecond, time.Minute)},
	{"limits.keepalive_timeout", "", "1m", "time from one request to the next on a connection", false,
		span(func(c *Config) *time.Duration { return &c.Limits.KeepAlive }, time.Second, time.Hour)},
	{"limits.body_bytes", "", "65536", "largest body of a request that is no recording", true,
		number(func(c *Config) *int { return &c.Limits.Body }, 1024, 1<<20)},
	{"limits.body_timeout", "", "5s", "time for such a body to come", true,
		span(func(c *Config) *time.Duration { return &c.Limits.BodyTime }, 100*time.Millisecond, time.Minute)},
	{"limits.connections", "", "4096", "connections at once", true,
		number(func(c *Config) *int { return &c.Limits.Open }, 1, 1<<20)},
	{"limits.connections_per_address", "", "32", "connections at once from one address, this machine's own aside", true,
		number(func(c *Config) *int { return &c.Limits.PerAddress }, 1, 1<<20)},
	{"limits.connections_per_second", "", "20", "new connections a second from one address, this machine's own aside", true,
		number(func(c *Config) *int { return &c.Limits.PerSecond }, 1, 1<<20)},
	{"limits.session_time", "", "12h", "how long a page may stay without showing its token again", true,
		span(func(c *Config) *time.Duration { return &c.Limits.Session }, time.Second, 30*24*time.Hour)},

	{"log.format", "log-format", "auto", "form of the log; auto is text on a terminal and json elsewhere", false,
		choice(func(c *Config) *string { return &c.Log.Format }, "auto", "json", "text")},
	{"log.level", "log-level", "info", "least grave message that is logged", true,
		choice(func(c *Config) *string { return &c.Log.Level }, "debug", "info", "warn", "error")},
}

// Keys returns all keys, in the order they are printed.
func Keys() []Key { return slices.Clone(keys) }

// Env is the key's variable in the environment.
func (k *Key) Env() string {
	return "SOTTO_" + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// IsList reports whether the key has any number of values.
func (k *Key) IsList() bool { return k.list != nil }

// IsTruth reports whether the key is true or false.
func (k *Key) IsTruth() bool { return k.tag == tagTruth }

// texts parts a line into the values of a list; commas stand between them.
func (k *Key) texts(line string) []string {
	switch {
	case !k.IsList():
		return []string{line}
	case line == "":
		return nil
	}
	all := strings.Split(line, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// assign gives the key its values, one unless it is a list. name is what whoever
// told them called it.
func (k *Key) assign(c *Config, name string, texts []string) error {
	verb := "is"
	if k.IsList() {
		*k.list(c), verb = nil, "has"
	}
	for _, text := range texts {
		if !k.set(c, text) {
			return fmt.Errorf("%s %s %.64q, want %s", name, verb, text, k.want)
		}
	}
	return nil
}

// copy takes the key's value from another config.
func (k *Key) copy(to, from *Config) {
	if k.IsList() {
		*k.list(to) = slices.Clone(*k.list(from))
		return
	}
	k.set(to, k.get(from))
}
