package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	randomBytes = 16 // of a token: 128 bits
	// MostMinted is how many secrets there are at a time; one more takes the place
	// of the one that would end first.
	MostMinted = 1024
)

// New returns a token that gives a role for as long as the server knows it.
func New(role Role) string { return fmt.Sprintf("sotto_%s_%s", role, random()) }

// random is as long as a token of ours has to be, in hexadecimal digits.
func random() string {
	var b [randomBytes]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// roleOf reads a token's role off its text. Only tokens of the server's own file
// are asked.
func roleOf(token string) (Role, bool) {
	rest, _ := strings.CutPrefix(token, "sotto_")
	name, digits, _ := strings.Cut(rest, "_")
	role, err := ParseRole(name)
	raw, bad := hex.DecodeString(digits)
	ok := err == nil && bad == nil && len(raw) == randomBytes && token == strings.ToLower(token) && rest != token
	return role, ok
}

// Tokens knows what each token gives. It keeps their hashes, not their texts.
type Tokens struct {
	mu     sync.Mutex
	known  map[label]*entry
	minted int // of those in known
}

// label is where an entry is found. It is made of the hash and tells nothing
// about it, so that looking it up may take any time.
type label [8]byte

// entry is a token, with its SHA-256 as the key that its sessions are signed with.
type entry struct {
	key    [sha256.Size]byte
	grant  Grant
	minted bool
}

func (e *entry) label() (l label) {
	copy(l[:], e.sign("label"))
	return l
}

func (e *entry) sign(text string) []byte {
	mac := hmac.New(sha256.New, e.key[:])
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func entryOf(token string, grant Grant) *entry {
	return &entry{key: sha256.Sum256([]byte(token)), grant: grant}
}

// NewTokens knows tokens of New or of a file.
func NewTokens(lasting []string) *Tokens {
	t := &Tokens{known: make(map[label]*entry)}
	t.Replace(lasting)
	return t
}

// Replace exchanges the lasting tokens for others. Sessions of those that are
// gone are over; secrets stay until they expire.
func (t *Tokens) Replace(lasting []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for l, e := range t.known {
		if !e.minted {
			delete(t.known, l)
		}
	}
	for _, token := range lasting {
		if role, ok := roleOf(token); ok {
			e := entryOf(token, Grant{Role: role})
			t.known[e.label()] = e
		}
	}
}

// Mint makes a secret that lasts for a while, for a room or for all ("").
// Clients of OpenAI's know a short-lived secret by how it begins.
func (t *Tokens) Mint(role Role, room string, ttl time.Duration) (token string, expires time.Time) {
	token, expires = "ek_"+random(), time.Now().Add(ttl)
	e := entryOf(token, Grant{role, room, expires})
	e.minted = true
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.minted >= MostMinted {
		t.makeRoom()
	}
	t.known[e.label()] = e
	t.minted++
	return token, expires
}

// makeRoom takes away the secrets that have expired, or the next that will. mu is
// held.
func (t *Tokens) makeRoom() {
	first, before := label{}, t.minted
	for l, e := range t.known {
		switch next := t.known[first]; {
		case !e.minted:
		case !e.grant.holds():
			delete(t.known, l)
			t.minted--
		case next == nil || e.grant.Expires.Before(next.grant.Expires):
			first = l
		}
	}
	if t.minted == before {
		delete(t.known, first)
		t.minted--
	}
}

// Check returns what a token gives.
func (t *Tokens) Check(token string) (Grant, bool) {
	asked := entryOf(token, Grant{})
	e := t.find(asked.label())
	if e == nil || subtle.ConstantTimeCompare(e.key[:], asked.key[:]) != 1 || !e.grant.holds() {
		return Grant{}, false
	}
	return e.grant, true
}

func (t *Tokens) find(l label) *entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[l]
}
