package main

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Two servers in one folder would write over each other.
func TestAStateFolderIsForOneServer(t *testing.T) {
	dir := t.TempDir()
	first, _, _ := listening(t, "--state", dir)
	second := child(t, "serve", "--listen", "127.0.0.1:0", "--state", dir)
	out, err := second.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(string(out), "another process has it") || !strings.Contains(string(out), "--state") {
		t.Errorf("the second one ends with %v and says %q", err, out)
	}
	first.Process.Signal(syscall.SIGTERM)
	if err := first.Wait(); err != nil {
		t.Errorf("the first one ends with %v", err)
	}
	third, _, _ := listening(t, "--state", dir)
	third.Process.Signal(syscall.SIGTERM)
	if err := third.Wait(); err != nil {
		t.Errorf("the next one ends with %v", err)
	}
}
