package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// healthTime is how long sotto health waits for an answer.
const healthTime = 3 * time.Second

func healthCommand() *cli.Command {
	return &cli.Command{
		Name:  "health",
		Usage: "ask the daemon on this machine whether a voice would be heard",
		Description: "It is told where the daemon listens as sotto serve is. Exit code 0: a voice would be heard; 1: not, and why.\n" +
			"Containers without a shell and without curl have it for their health check.",
		Flags:  placeFlags(),
		Action: health,
	}
}

// placeFlags are those that say where the daemon listens.
func placeFlags() []cli.Flag {
	return slices.DeleteFunc(configFlags(), func(f cli.Flag) bool {
		return !slices.Contains([]string{"config", "listen", "insecure-lan", "tls-cert", "tls-key"}, f.Names()[0])
	})
}

func health(c *cli.Context) error {
	if c.Args().Present() {
		return usageError("health takes no arguments, and %.32q is one; name an address with --listen", c.Args().First())
	}
	told, err := loadConfig(c)
	if err != nil {
		return err
	}
	scheme := "http"
	if told.TLSCert != "" {
		scheme = "https"
	}
	ctx, cancel := context.WithTimeout(c.Context, healthTime)
	defer cancel()
	status, text, err := askSelf(ctx, scheme+"://"+nearest(told.Listen)+"/readyz")
	if err == nil && status != http.StatusOK {
		err = errors.New(text)
	}
	if err != nil {
		return &failure{exitInternal, advised(err, "look whether sotto serve runs and listens there")}
	}
	return say(c, text+"\n")
}

// nearest is where this machine reaches a server that listens on address.
func nearest(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// askSelf asks a server of this machine, on a connection of its own. What
// certificate it shows does not matter, and no proxy stands between.
func askSelf(ctx context.Context, url string) (status int, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1024))
	return response.StatusCode, strings.TrimSpace(string(body)), err
}
