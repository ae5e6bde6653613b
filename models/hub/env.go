package hub

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// defaultEndpoint is the public hub.
const defaultEndpoint = "https://huggingface.co"

// Config is where the hub and its cache are.
type Config struct {
	Endpoint string // https://host[:port][/path]; http for this machine only
	Cache    string // the folder that holds models--*
	Token    string // sent to the endpoint alone; "" when there is none
	Offline  bool   // use the cache alone
}

// FromEnvironment reads the variables that the hub's own programs read. getenv
// is os.Getenv.
func FromEnvironment(getenv func(string) string) (Config, error) {
	c := Config{Endpoint: first(getenv("HF_ENDPOINT"), defaultEndpoint)}
	home, err := homeFolder(getenv)
	if err != nil {
		return Config{}, err
	}
	c.Cache = expand(first(getenv("HF_HUB_CACHE"), getenv("HUGGINGFACE_HUB_CACHE"), filepath.Join(home, "hub")), getenv)
	if c.Cache, err = filepath.Abs(c.Cache); err != nil {
		return Config{}, fault(Store, "cannot tell where %s is: %w; set HF_HUB_CACHE to a whole path", c.Cache, err)
	}
	c.Offline = isTrue(first(getenv("HF_HUB_OFFLINE"), getenv("TRANSFORMERS_OFFLINE")))
	c.Token = first(getenv("HF_TOKEN"), getenv("HUGGING_FACE_HUB_TOKEN"))
	if strings.TrimSpace(c.Token) == "" {
		c.Token, err = tokenFile(expand(first(getenv("HF_TOKEN_PATH"), filepath.Join(home, "token")), getenv))
	}
	c.Token = strings.TrimSpace(c.Token)
	return c, err
}

// homeFolder is where the hub's programs keep what they keep.
func homeFolder(getenv func(string) string) (string, error) {
	if home := getenv("HF_HOME"); home != "" {
		return expand(home, getenv), nil
	}
	if cache := getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(expand(cache, getenv), "huggingface"), nil
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return "", fault(Store, "no home folder is set; set HF_HOME to a folder for models")
	}
	return filepath.Join(user, ".cache", "huggingface"), nil
}

// tokenFile reads the file that the hub's log-in leaves; most people have none.
func tokenFile(name string) (string, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fault(Store, "cannot read the token in %s: %w; repair that file, or set HF_TOKEN", name, bare(err))
	}
	return string(data), nil
}

func expand(name string, getenv func(string) string) string {
	name = os.Expand(name, getenv)
	if rest, found := strings.CutPrefix(name, "~"); found && (rest == "" || os.IsPathSeparator(rest[0])) {
		if user, err := os.UserHomeDir(); err == nil {
			return user + rest
		}
	}
	return name
}

func isTrue(value string) bool {
	switch strings.ToUpper(value) {
	case "1", "TRUE", "YES", "ON":
		return true
	}
	return false
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// endpoint checks the hub's address.
func (c *Config) endpoint() (*url.URL, error) {
	text := strings.TrimRight(c.Endpoint, "/")
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fault(Network, "HF_ENDPOINT %.80q is not an address; say something like %s", text, defaultEndpoint)
	case u.User != nil:
		return nil, fault(Network, "HF_ENDPOINT must not hold a name or password; put the token in HF_TOKEN")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, fault(Network, "HF_ENDPOINT %.80q is not encrypted; use https", text)
	}
	return u, nil
}

// checkToken refuses what cannot stand in a header, without showing it.
func (c *Config) checkToken() error {
	for _, r := range c.Token {
		if r <= ' ' || r >= 0x7f {
			return fault(Access, "the token holds a space or a character that is not ASCII; copy it again into HF_TOKEN")
		}
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
