package access

import (
	"context"
	"net/http"
	"strings"
)

// Cookie is the name of the cookie that holds a session.
const Cookie = "sotto_session"

// TokenOf returns the token that a request carries, "" for none. A cookie is a
// session, not a token, and an address holds none: it would be kept in logs.
func TokenOf(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Token") {
		return strings.TrimSpace(token)
	}
	return protocolToken(strings.Split(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ","))
}

// protocolToken finds the token among WebSocket subprotocols, the one header that
// a page can fill: ours, OpenAI's, and the pairs of Deepgram's clients.
func protocolToken(protocols []string) string {
	for i, p := range protocols {
		p = strings.TrimSpace(p)
		for _, before := range []string{"sotto.token.", "openai-insecure-api-key."} {
			if token, found := strings.CutPrefix(p, before); found {
				return token
			}
		}
		if (p == "token" || p == "bearer") && i+1 < len(protocols) {
			return strings.TrimSpace(protocols[i+1])
		}
	}
	return ""
}

// GrantOf returns what whoever sends a request may do.
func (t *Tokens) GrantOf(r *http.Request) (Grant, bool) {
	if token := TokenOf(r); token != "" {
		return t.Check(token)
	}
	// A browser names the page that opens a WebSocket or changes something. A cookie
	// without one does not come from a browser, and programs have tokens.
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if (!reads || r.Header.Get("Upgrade") != "") && r.Header.Get("Origin") == "" {
		return Grant{}, false
	}
	for _, cookie := range r.CookiesNamed(Cookie) {
		if grant, ok := t.CheckSession(cookie.Value); ok {
			return grant, true
		}
	}
	return Grant{}, false
}

type granted struct{}

// With keeps a grant for the door that a request is for.
func With(ctx context.Context, g Grant) context.Context { return context.WithValue(ctx, granted{}, g) }

// Of returns the grant that With kept. Where nobody was asked, it gives nothing.
func Of(ctx context.Context) Grant {
	g, _ := ctx.Value(granted{}).(Grant)
	return g
}
