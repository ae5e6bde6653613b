package mapped

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenGivesTheBytesOfTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	want := strings.Repeat("weights ", 3000)
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(f.Bytes()) != want {
		t.Fatalf("%d bytes differ from what was written", len(f.Bytes()))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil || f.Bytes() != nil {
		t.Fatalf("second Close: %v, %d bytes left", err, len(f.Bytes()))
	}
}

func TestAnEmptyFileIsEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil || len(f.Bytes()) != 0 || f.Close() != nil {
		t.Fatalf("%v, %v", f, err)
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.HasSuffix(err.Error(), "it is a folder") {
		t.Fatalf("folder: %v", err)
	}
	_, err := Open(filepath.Join(dir, "gone"))
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "gone") != 1 {
		t.Fatalf("missing: %v", err)
	}
}
