package main

import (
	"context"
	"errors"
	"fmt"
)

// The exit codes, as README.md lists them.
const (
	exitInternal    = 1
	exitUsage       = 2
	exitEnvironment = 3
	exitModel       = 4
	exitAudio       = 5
	exitInterrupted = 130
)

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

func environmentError(format string, args ...any) error {
	return &failure{exitEnvironment, fmt.Errorf(format, args...)}
}

func modelError(err error) error { return &failure{exitModel, err} }
func audioError(err error) error { return &failure{exitAudio, err} }

func exitCode(err error) int {
	var f *failure
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &f):
		return f.code
	}
	return exitInternal
}
