package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// The exit codes, as README.md lists them.
const (
	exitInternal    = 1
	exitUsage       = 2
	exitEnvironment = 3
	exitModel       = 4
	exitAudio       = 5
	exitFallen      = 6
	exitInterrupted = 130
)

// exitCodes are what the exit codes mean.
var exitCodes = []struct {
	code  int
	means string
}{
	{0, "all is well"},
	{exitInternal, "sotto health: the daemon hears nobody; else something inside went wrong"},
	{exitUsage, "the command line or the configuration is wrong"},
	{exitEnvironment, "the machine: a file, an address, memory"},
	{exitModel, "the model"},
	{exitAudio, "the sound"},
	{exitFallen, "sotto eval: worse than --baseline"},
	{exitInterrupted, "interrupted"},
}

// failure is an error with the exit code it ends the program with. Its text is
// one sentence: what, where, what to do.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func usageError(format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...)}
}

// interrupted ends a program that was asked to stop before its work was done.
func interrupted() error {
	return &failure{exitInterrupted, errors.New("interrupted; what was heard until then is written")}
}

func environmentError(format string, args ...any) error {
	return &failure{exitEnvironment, fmt.Errorf(format, args...)}
}

// modelError and audioError add what can always be done where the fault suggests
// nothing better: advice follows a semicolon.
func modelError(err error) error {
	return &failure{exitModel, advised(err, "get the model again, or name another one")}
}

func audioError(err error) error {
	return &failure{exitAudio, advised(err, "convert it to WAV, or name another recording")}
}

func advised(err error, advice string) error {
	if strings.Contains(err.Error(), "; ") {
		return err
	}
	return fmt.Errorf("%w; %s", err, advice)
}

// bare takes the operation and the path from an error of the system.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func exitCode(err error) int {
	var f *failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &f):
		return f.code
	}
	return exitInternal
}
