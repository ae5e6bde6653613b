//go:build !linux && !darwin

package main

// keyboard reads no keys here.
type keyboard struct{}

func openKeyboard() *keyboard         { return nil }
func (k *keyboard) keys() <-chan byte { return nil }
func (k *keyboard) close()            {}
