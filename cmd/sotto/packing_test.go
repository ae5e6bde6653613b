package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/models/packed"
)

// A damaged packed file is told in one line and written anew; the next run maps
// it and is quiet.
func TestADamagedPackedModelIsWrittenAnew(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SOTTO_CACHE", dir)
	c, model := packing(t)
	path := (packed.Options{}).Path(model, dir)
	for name, data := range map[string][]byte{"empty": nil, "no packed file": []byte("a page of a portal"), "cut": []byte("SOTTOPK2\xff\x00\x00\x00")} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, lines := range []int{3, 0} { // damage, begin, end
				c, model := packing(t)
				model, err := openPacked(c, packed.Options{}, model)
				if err != nil {
					t.Fatal(err)
				}
				model.Close()
				told := written(t, c.App.ErrWriter.(*os.File))
				first, _, _ := strings.Cut(told, "\n")
				if strings.Count(told, "\n") != lines || lines > 0 && (!strings.Contains(first, path) || !strings.Contains(first, "written anew")) {
					t.Errorf("told %q, want %d lines, the first of %s", told, lines, path)
				}
			}
		})
	}
	// What is no file cannot be written over.
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := openPacked(c, packed.Options{}, model); exitCode(err) != exitEnvironment || !strings.Contains(err.Error(), path) {
		t.Errorf("a folder: %v, want exit code %d and %s", err, exitEnvironment, path)
	}
}

func TestPackingIsInterrupted(t *testing.T) {
	c, model := packing(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.Context = ctx
	dir := t.TempDir()
	_, err := pack(c, packed.Options{}, model, dir)
	if exitCode(err) != exitInterrupted || !strings.HasPrefix(err.Error(), "interrupted; ") {
		t.Errorf("%v, want exit code %d", err, exitInterrupted)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%q left behind", left)
	}
	if told := written(t, c.App.ErrWriter.(*os.File)); strings.Count(told, "\n") != 1 {
		t.Errorf("told %q, want what was begun and nothing more", told)
	}
}

func TestVerifyReadsThePackedModelAgain(t *testing.T) {
	dir := t.TempDir()
	run := func() (result, error) {
		c, model := packing(t)
		defer model.Close()
		out, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		c.App.Writer = out
		err = verifyIn(c, packed.Options{}, model, dir)
		return result{exitCode(err), written(t, out), ""}, err
	}
	if r, err := run(); r.code != exitEnvironment || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the model is packed: %v", err)
	}
	c, model := packing(t)
	path := (packed.Options{}).Path(model, dir)
	model, err := pack(c, packed.Options{}, model, dir)
	if err != nil {
		t.Fatal(err)
	}
	model.Close()
	if r, err := run(); err != nil || r.stdout != path+" is as it was written\n" {
		t.Errorf("%q, %v", r.stdout, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[1<<20] ^= 1 // where the first matrix begins
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := run(); r.code != exitEnvironment || r.stdout != "" || !errors.Is(err, packed.ErrDamaged) || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("damaged: %q, %v", r.stdout, err)
	}
}

func TestVerifyCommand(t *testing.T) {
	t.Setenv("SOTTO_CACHE", t.TempDir())
	for _, name := range []string{"pocket", toyDir} {
		if out := works(t, "models", "verify", name); !strings.Contains(out, "nothing of it lies in the cache") {
			t.Errorf("%s: %q", name, out)
		}
	}
	for args, says := range map[string]string{"": "takes one model", "a b": "takes one model", "pocket --weights q2": "q8_0"} {
		checkRefusal(t, call(t, append([]string{"models", "verify"}, strings.Fields(args)...)...), exitUsage, says)
	}
}

func TestALiveLineIsDrawnTenTimesASecond(t *testing.T) {
	var out bytes.Buffer
	l := liveLine{out: &out}
	at := time.Unix(1000, 0)
	if l.due(at) {
		t.Error("a line is drawn on what is no terminal")
	}
	l.live = true
	for i := range 20 { // every 50 ms
		if now := at.Add(time.Duration(i) * 50 * time.Millisecond); l.due(now) {
			l.draw(now, "x")
		}
	}
	if got, want := out.String(), strings.Repeat("\rx\x1b[K", 10); got != want {
		t.Errorf("drawn %q, want %q", got, want)
	}
	out.Reset()
	l.keep()
	l.clear() // nothing is pending any more
	l.draw(at, "y")
	l.clear()
	l.keep()
	if got, want := out.String(), "\n\ry\x1b[K\r\x1b[K"; got != want {
		t.Errorf("ended %q, want %q", got, want)
	}
}
