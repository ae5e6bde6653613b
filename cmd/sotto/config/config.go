// Package config is what the daemon can be told: by flags, else by the
// environment, else by a YAML file, else by its defaults.
package config

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// Config is everything the daemon can be told. Every field has its row in keys.
type Config struct {
	Listen      string
	InsecureLAN bool
	Hosts       []string // names the server may be called by, beside its addresses
	Origins     []string // pages that may use the doors, beside our own
	TLSCert     string   // file; "": no TLS
	TLSKey      string
	Auth        string // auto, on or off
	TokensFile  string // "": in the state folder, or beside the user's configuration

	Model   string
	Mmproj  string
	Weights string
	Threads int // 0: one per core
	Seats   int
	Latency string
	Source  string // language code; "": voices say
	Pprof   string // "": no profiles
	Sandbox string // auto or off
	Drain   time.Duration
	State   string // folder; "": rooms are in memory

	WHIP   WHIP
	Doors  Doors
	Rooms  Rooms
	Limits Limits
	Log    Log
}

// WHIP says where voices come in over WebRTC.
type WHIP struct {
	Listen    string   // UDP HOST:PORT, auto or off
	TCP       string   // HOST:PORT; "": none
	Addresses []string // in answers, in the place of our own
}

// Doors are addresses of doors whose clients can say no path and send no token; "":
// none.
type Doors struct{ WhisperLive, Wyoming string }

// Rooms say how many there are, and how long they last.
type Rooms struct {
	Most      int // open at a time
	Idle      time.Duration
	KeepFor   time.Duration
	KeepBytes int // of one room's files
}

// Limits bound one voice, and what comes before a door.
type Limits struct {
	Text, Binary               int // bytes of a message
	Start, Idle, Write, Linger time.Duration

	Header, Body                int // bytes of a request
	HeaderTime, BodyTime        time.Duration
	KeepAlive                   time.Duration
	Open, PerAddress, PerSecond int // connections
	Session                     time.Duration
}

// Log says what is logged, and how.
type Log struct {
	Format string // auto, json or text
	Level  string // debug, info, warn or error
}

// Loaded is a Config and where each value comes from.
type Loaded struct {
	Config
	From map[string]string // by Key.Name: "default", "FILE:LINE", "SOTTO_…" or "--…"
}

// Input is where Load looks.
type Input struct {
	Path   string                      // of the file; "": there is none
	Lookup func(string) (string, bool) // the environment; nil: there is none
	Flags  map[string][]string         // what the command line says, by Key.Flag
}

// Load merges what is told. It fails with an *fs.PathError for a file that cannot
// be read, else with one sentence about the first value that is wrong.
func Load(in Input) (*Loaded, error) {
	l := defaults()
	if in.Path != "" {
		data, err := readFile(in.Path)
		if err != nil {
			return nil, err
		}
		if err := l.file(in.Path, data); err != nil {
			return nil, err
		}
	}
	if err := l.environment(in.Lookup); err != nil {
		return nil, err
	}
	if err := l.flags(in.Flags); err != nil {
		return nil, err
	}
	if err := l.port(in.Lookup); err != nil {
		return nil, err
	}
	if err := l.checkDoors(); err != nil {
		return nil, err
	}
	return l, l.checkReach()
}

func defaults() *Loaded {
	l := &Loaded{From: make(map[string]string)}
	for i := range keys {
		k := &keys[i]
		if err := k.assign(&l.Config, k.Name, k.texts(k.Default)); err != nil {
			panic(err) // a row of our own is wrong; the tests read them all
		}
		l.From[k.Name] = "default"
	}
	return l
}

// environment takes what SOTTO_* variables say; an empty one says nothing.
func (l *Loaded) environment(lookup func(string) (string, bool)) error {
	if lookup == nil {
		return nil
	}
	for i := range keys {
		k := &keys[i]
		text, _ := lookup(k.Env())
		if text == "" {
			continue
		}
		if err := k.assign(&l.Config, k.Env(), k.texts(text)); err != nil {
			return err
		}
		l.From[k.Name] = k.Env()
	}
	return nil
}

// port obeys platforms that tell their containers in PORT where to listen, on every
// interface. It counts where nothing else says it.
func (l *Loaded) port(lookup func(string) (string, bool)) error {
	if lookup == nil || l.From["listen"] != "default" {
		return nil
	}
	text, _ := lookup("PORT")
	if text == "" {
		return nil
	}
	if !isPort(text) {
		return fmt.Errorf("PORT is %.64q, want a number from 0 to 65535, or say where to listen with --listen or SOTTO_LISTEN", text)
	}
	l.Listen, l.From["listen"] = ":"+text, "PORT"
	return nil
}

func (l *Loaded) flags(told map[string][]string) error {
	for i := range keys {
		k := &keys[i]
		texts, said := told[k.Flag]
		if k.Flag == "" || !said {
			continue
		}
		if err := k.assign(&l.Config, "--"+k.Flag, texts); err != nil {
			return err
		}
		l.From[k.Name] = "--" + k.Flag
	}
	return nil
}

// checkReach refuses an address that others can reach unless they are asked for
// tokens and nobody can read those on the way, or that is meant.
func (l *Loaded) checkReach() error {
	if (l.TLSCert == "") != (l.TLSKey == "") {
		return fmt.Errorf("tls_cert is %.64q and tls_key is %.64q; name both files, or none", l.TLSCert, l.TLSKey)
	}
	open := l.TLSCert == "" || !l.AsksForTokens()
	if !open || l.InsecureLAN || IsLoopback(l.Listen) {
		return nil
	}
	why := "without TLS all on the way can read their tokens and words; name tls_cert and tls_key"
	if l.TLSCert != "" {
		why = "auth is off; leave it on"
	}
	return fmt.Errorf("the address to listen on is %.64q (%s), which other machines can reach, and %s, "+
		"or listen on 127.0.0.1, or say --insecure-lan (insecure_lan: true in the file) if you mean that", l.Listen, l.From["listen"], why)
}

// checkDoors refuses addresses that others can reach of doors that cannot ask for
// tokens, unless that is meant.
func (l *Loaded) checkDoors() error {
	for name, address := range map[string]string{"doors.whisperlive": l.Doors.WhisperLive, "doors.wyoming": l.Doors.Wyoming} {
		if address != "" && !l.InsecureLAN && !IsLoopback(address) {
			return fmt.Errorf("%s is %.64q (%s), which other machines can reach, and its clients have no tokens and no TLS; "+
				"listen on 127.0.0.1, or say --insecure-lan (insecure_lan: true in the file) if you mean that", name, address, l.From[name])
		}
	}
	return nil
}

// AsksForTokens reports whether whoever uses a door must have a token.
func (c *Config) AsksForTokens() bool {
	return c.Auth == "on" || c.Auth == "auto" && (!IsLoopback(c.Listen) || c.TokensFile != "")
}

// IsLoopback reports whether HOST:PORT is reached from this machine alone. Of
// names only localhost is trusted to be.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Change is a key whose value differs between two configs.
type Change struct {
	Key      *Key
	Old, New string
}

func (c Change) String() string { return fmt.Sprintf("%s: %s -> %s", c.Key.Name, c.Old, c.New) }

// Changes lists what differs, in the order of the keys.
func Changes(old, new *Config) (all []Change) {
	for i := range keys {
		k := &keys[i]
		if a, b := k.yaml(old), k.yaml(new); a != b {
			all = append(all, Change{k, a, b})
		}
	}
	return all
}

// Adopt takes from new what may change while the daemon runs.
func (c *Config) Adopt(new *Config) {
	for i := range keys {
		if k := &keys[i]; k.Live {
			k.copy(c, new)
		}
	}
}
