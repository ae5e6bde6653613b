package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// profile serves Go's profiles on a listener of its own, which only this machine
// reaches, until the function that it returns is called. Without an address it
// does nothing.
func (d *daemon) profile() (stop func(), err error) {
	address := d.config.Pprof
	if address == "" {
		return func() {}, nil
	}
	if host, _, err := net.SplitHostPort(address); err != nil || !net.ParseIP(host).IsLoopback() {
		return nil, usageError("--pprof is %.64q; profiles show what is in memory, so listen on 127.0.0.1 or [::1]", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, environmentError("profiles cannot be served: %w; choose another address with --pprof", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	server := &http.Server{Handler: loopbackOnly(mux), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	d.log.Info("profiles", "address", listener.Addr().String())
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			d.log.Warn("profiles ended", "error", err)
		}
	}, nil
}

// loopbackOnly refuses names that other pages may have bound to this machine.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil || host != "localhost" && !net.ParseIP(host).IsLoopback() || r.Header.Get("Origin") != "" {
			http.Error(w, "profiles are for programs on this machine; ask by its loopback address", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
