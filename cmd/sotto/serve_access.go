package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	conf "sotto/cmd/sotto/config"
	"sotto/transport"
	"sotto/transport/access"
	"sotto/transport/ws"
)

// rules are what may change while the server runs, the certificate's files read.
func rules(c *conf.Config) (r transport.Rules, err error) {
	l := &c.Limits
	r = transport.Rules{
		Hosts: c.Hosts, Origins: c.Origins,
		Limits: ws.Limits{Text: l.Text, Binary: l.Binary, Start: l.Start, Idle: l.Idle, Write: l.Write, Linger: l.Linger},
		HTTP: transport.HTTPLimits{
			Header: l.Header, HeaderTime: l.HeaderTime, KeepAlive: l.KeepAlive, Body: l.Body, BodyTime: l.BodyTime,
			Open: l.Open, PerAddress: l.PerAddress, PerSecond: l.PerSecond, Session: l.Session,
		},
	}
	if c.TLSCert != "" {
		r.Certificate, err = transport.LoadCertificate(c.TLSCert, c.TLSKey)
	}
	return r, err
}

// openTokens reads the tokens when they are asked for, and makes them once.
func (d *daemon) openTokens() (err error) {
	if !d.config.AsksForTokens() {
		return nil
	}
	if d.file, err = tokensFile(&d.config); err != nil {
		return environmentError("no folder for tokens: %w; name a file with --tokens-file", err)
	}
	lasting, made, err := access.OpenFile(d.file)
	if err != nil {
		return environmentError("%w; or name another file with --tokens-file", err)
	}
	if made {
		d.log.Info("tokens made", "file", d.file)
	}
	d.tokens = access.NewTokens(lasting)
	return nil
}

func tokensFile(c *conf.Config) (string, error) {
	switch {
	case c.TokensFile != "":
		return c.TokensFile, nil
	case c.State != "":
		return filepath.Join(c.State, "tokens"), nil
	}
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "sotto", "tokens"), err
}

// readFilesAgain reads the tokens and the certificate again. What cannot be read
// stays as it was.
func (d *daemon) readFilesAgain() {
	next, err := rules(&d.config)
	if err != nil {
		d.log.Error("certificate refused, the old one stays", "error", err.Error())
		next.Certificate = d.rules.Certificate
	}
	d.rules = next
	d.server.SetRules(next)
	if d.tokens == nil {
		return
	}
	lasting, err := access.ReadFile(d.file)
	if err != nil {
		d.log.Error("tokens refused, the old ones stay", "error", err.Error())
		return
	}
	d.tokens.Replace(lasting)
}

// sayReady prints where the server is and who reaches it: as sentences for people,
// else as a record of the log. Tokens are shown on a terminal alone.
func (d *daemon) sayReady(engine *sotto.Engine) {
	name, page := engine.Model().Name, d.server.URL()
	voices := "ws" + strings.TrimPrefix(page, "http") + "/v1/stream"
	switch {
	case d.c.Bool("demo"): // which prints the address in its own place
	case d.json:
		d.log.Info("ready", "model", name, "page", page, "voices", voices, "health", page+"/readyz",
			"reached_by", d.reachedBy(), "tls", d.server.Secure(), "tokens", d.file)
	default:
		fmt.Fprintf(d.stderr, "sotto: %s hears at %s\n", name, d.pageLink(isTerminal(d.stderr)))
		fmt.Fprintf(d.stderr, "sotto: programs speak at %s and ask for its health at %s/readyz\n", voices, page)
		fmt.Fprintf(d.stderr, "sotto: %s\n", d.reach())
	}
	d.sayDoors()
}

// sayDoors prints where the doors are that have their own addresses.
func (d *daemon) sayDoors() {
	whisperLive, wyoming := d.server.Beside()
	for _, door := range []struct {
		who, scheme string
		at          net.Addr
	}{{"clients of WhisperLive", "ws", whisperLive}, {"clients of Wyoming", "tcp", wyoming}} {
		switch {
		case door.at == nil:
		case d.json:
			d.log.Info("door", "for", door.who, "address", door.at.String())
		default:
			fmt.Fprintf(d.stderr, "sotto: %s speak at %s://%s, without a token\n", door.who, door.scheme, door.at)
		}
	}
}

func (d *daemon) reachedBy() string {
	if conf.IsLoopback(d.server.Addr().String()) {
		return "this machine"
	}
	return "other machines"
}

// reach says who can come in, and who can read along.
func (d *daemon) reach() string {
	said := "only this machine reaches it"
	if d.reachedBy() != "this machine" {
		said = fmt.Sprintf("other machines reach it at %s", d.server.Addr())
		if !d.server.Secure() {
			said += ", and whoever is on the way can read along, since there is no TLS"
		}
	}
	if d.tokens == nil {
		return said + "; nobody is asked for a token"
	}
	return said + "; tokens to view, speak and admin are in " + d.file
}

// pageLink is the address of the page, with a token behind it where that may be
// shown. What stands behind # is not sent.
func (d *daemon) pageLink(shown bool) string {
	page := d.server.URL()
	if d.tokens == nil || !shown {
		return page
	}
	if len(d.config.Hosts) > 0 {
		page = named(page, d.config.Hosts[0])
	}
	lasting, err := access.ReadFile(d.file)
	if err != nil {
		return page
	}
	for _, token := range lasting {
		if grant, ok := d.tokens.Check(token); ok && grant.Role == access.Speak {
			return page + "/#token=" + token
		}
	}
	return page
}

// named is an address with another host, at the same port unless it has its own.
func named(page, host string) string {
	scheme, at, _ := strings.Cut(page, "://")
	if _, _, err := net.SplitHostPort(host); err != nil {
		_, port, _ := net.SplitHostPort(at)
		host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	return scheme + "://" + host
}

// dialSelf opens a voice at the server, which is this process: what certificate it
// shows does not matter.
func (d *daemon) dialSelf(ctx context.Context) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	header := http.Header{}
	if d.tokens != nil {
		token, _ := d.tokens.Mint(access.Speak, "", time.Minute)
		header.Set("Authorization", "Bearer "+token)
	}
	page := d.server.URL()
	socket, _, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(page, "http")+"/v1/stream", header)
	if err != nil {
		return nil, environmentError("cannot reach the server at %s: %w", page, err)
	}
	return socket, nil
}
