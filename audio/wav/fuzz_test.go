package wav

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Whatever the bytes, reading ends, and gives no more samples than there are
// bytes for.
func FuzzReader(f *testing.F) {
	files, err := filepath.Glob("../intake/testdata/*.wav")
	if err != nil || len(files) == 0 {
		f.Fatal("no recordings to start from", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 1000)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		format := r.Format()
		buf := make([]float32, 5*format.Channels)
		for got := 0; ; {
			n, err := r.Read(buf)
			if got += n; got*format.Bits/8 > len(data) {
				t.Fatalf("%d samples of %d bits from %d bytes", got, format.Bits, len(data))
			}
			if n%format.Channels != 0 {
				t.Fatalf("%d samples of %d channels", n, format.Channels)
			}
			if err == io.EOF {
				return
			}
			if err != nil || n == 0 {
				t.Fatalf("%d samples, error %v", n, err)
			}
		}
	})
}
