//go:build !linux && !darwin

package main

import "os"

// screenWidth does not know the terminal's columns here.
func screenWidth(*os.File) int { return 0 }
