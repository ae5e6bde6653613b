package access

import (
	"crypto/hmac"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Session exchanges a token for the text of a cookie that gives the same for at
// most ttl. It is signed with the token's hash and kept nowhere: it outlives the
// server, and ends with its token.
func (t *Tokens) Session(token string, ttl time.Duration) (text string, grant Grant, ok bool) {
	if grant, ok = t.Check(token); !ok {
		return "", grant, false
	}
	ends := time.Now().Add(ttl)
	if grant.Expires.IsZero() || ends.Before(grant.Expires) {
		grant.Expires = ends
	}
	e := entryOf(token, grant)
	l, end := e.label(), strconv.FormatInt(grant.Expires.Unix(), 10)
	return strings.Join([]string{hex.EncodeToString(l[:]), end, hex.EncodeToString(e.sign(end))}, "."), grant, true
}

// CheckSession returns what the text of a cookie gives.
func (t *Tokens) CheckSession(text string) (Grant, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Grant{}, false
	}
	var l label
	if n, err := hex.Decode(l[:], []byte(parts[0])[:min(len(parts[0]), 2*len(l))]); err != nil || n != len(l) {
		return Grant{}, false
	}
	end, err := strconv.ParseInt(parts[1], 10, 64)
	mac, bad := hex.DecodeString(parts[2])
	e := t.find(l)
	if e == nil || err != nil || bad != nil || !hmac.Equal(mac, e.sign(parts[1])) {
		return Grant{}, false
	}
	grant := e.grant
	grant.Expires = time.Unix(end, 0)
	return grant, grant.holds() && e.grant.holds()
}
