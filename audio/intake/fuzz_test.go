package intake_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"sotto/audio/intake"
)

// Whatever the bytes, Open and Read end, with samples in bounds and errors for
// people. Only what is read here is tried, not ffmpeg.
func FuzzOpen(f *testing.F) {
	files, _ := filepath.Glob("testdata/*-*.*")
	for _, file := range files {
		if filepath.Ext(file) != ".s16" {
			f.Add(load(f, filepath.Base(file)))
		}
	}
	for _, head := range []string{"", "RIFF", "fLaC", "OggS", "ID3\x04\x00\x10\x7f\x7f\x7f\x7f", "\xff\xfb\x90\x00"} {
		f.Add([]byte(head))
	}
	f.Setenv("PATH", "")
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := intake.Open(context.Background(), bytes.NewReader(data), "fuzz")
		if err == nil {
			defer s.Close()
			err = drain(t, s)
		}
		var said *intake.Error
		if err != io.EOF && !errors.As(err, &said) {
			t.Errorf("error %v of type %T", err, err)
		}
	})
}

// drain reads to the end, or as much as any file of the fuzzer's should give.
func drain(t *testing.T, s intake.Source) error {
	buf := make([]float32, 4096)
	for range 1 << 12 {
		n, err := s.Read(buf)
		for _, v := range buf[:n] {
			if !(v >= -8 && v <= 8) {
				t.Fatalf("a sample of %v", v)
			}
		}
		if err != nil {
			return err
		}
		if n == 0 {
			t.Fatal("neither a sample nor an error")
		}
	}
	return io.EOF
}
