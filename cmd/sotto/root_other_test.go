//go:build !linux

package main

import "syscall"

// rootedAt is for Linux.
func rootedAt(string) *syscall.SysProcAttr { return nil }
