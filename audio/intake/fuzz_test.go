package intake_test

import (
	"bytes"
	"context"
	"encoding/binary"
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
			data := load(f, filepath.Base(file))
			f.Add(data[:min(len(data), 6000)])
		}
	}
	for _, head := range []string{"", "RIFF", "fLaC", "OggS", "ID3\x04\x00\x10\x7f\x7f\x7f\x7f", "\xff\xfb\x90\x00"} {
		f.Add([]byte(head))
	}
	f.Setenv("PATH", "")
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := intake.Open(context.Background(), bytes.NewReader(mend(data)), "fuzz")
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
			if !(v >= -16 && v <= 16) { // the limit is 4, and a resampler's filter adds up to less than 4
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

// mend gives every Ogg page the checksum that it should have: damage behind it
// is what the decoders have to bear.
func mend(data []byte) []byte {
	data = bytes.Clone(data)
	for at := 0; ; {
		found := bytes.Index(data[at:], []byte("OggS"))
		if found < 0 || at+found+27 > len(data) {
			return data
		}
		at += found
		end := at + 27 + int(data[at+26])
		if end > len(data) {
			return data
		}
		for _, lacing := range data[at+27 : end] {
			end += int(lacing)
		}
		page := data[at:min(end, len(data))]
		clear(page[22:26])
		binary.LittleEndian.PutUint32(page[22:], checksum(page))
		at += len(page)
	}
}

// checksum is that of RFC 3533, bit by bit.
func checksum(page []byte) (crc uint32) {
	for _, b := range page {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc>>31 == 1 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
