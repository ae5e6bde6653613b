package packed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/models/gemma4/gemma4test"
	"sotto/models/tensor"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The end of ctx ends Write wherever it is, and nothing is left, nor changed.
func TestTheEndOfTheContextEndsWrite(t *testing.T) {
	m := gemma4test.Tiny(1)
	total := (Options{}).Size(m)
	for _, share := range []int64{0, 3, 6, 9} { // tenths
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if share == 0 {
			cancel()
		}
		calls := 0
		err := Write(ctx, m, dir, func(done, _ int64) {
			if done*10 >= share*total {
				cancel()
				calls++
			}
		})
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrValue) {
			t.Errorf("at %d tenths: %v, want context.Canceled", share, err)
		}
		if most := 256; calls > most {
			t.Errorf("at %d tenths: %d pieces more", share, calls)
		}
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("at %d tenths: %q left behind", share, left)
		}
	}
}

func TestWriteAsksForRoomFirst(t *testing.T) {
	m, dir := gemma4test.Tiny(1), t.TempDir()
	w := newWriter(Options{}.plans(m), nil)
	for _, c := range []struct {
		free int64
		err  error
		says []string // none: no error
	}{
		{w.end - 1, nil, []string{dir, "has room for 0.00 GB", "are needed"}},
		{0, errors.New("gone"), []string{dir, "gone"}},
		{w.end, nil, nil},
		{-1, nil, nil},
	} {
		err := Options{}.write(t.Context(), m, dir, nil, func(string) (int64, error) { return c.free, c.err })
		if (err == nil) != (c.says == nil) {
			t.Errorf("%d bytes free: %v", c.free, err)
		}
		for _, say := range c.says {
			if !strings.Contains(err.Error(), say) {
				t.Errorf("%v, want %q in it", err, say)
			}
			if left := names(t, dir); len(left) > 0 {
				t.Errorf("%q left behind", left)
			}
		}
	}
	info, err := os.Stat(Options{}.Path(m, dir))
	if err != nil || info.Size() != w.end {
		t.Errorf("%v, want a file of the %d bytes that were asked for", err, w.end)
	}
}

// A dead part gives its room back before room is asked for.
func TestDeadPartsAreRemovedFirst(t *testing.T) {
	m, dir := gemma4test.Tiny(1), t.TempDir()
	dead := strings.TrimSuffix(Options{}.Path(m, dir), "packed") + "77.part"
	if err := os.WriteFile(dead, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Options{}.write(t.Context(), m, dir, nil, func(string) (int64, error) { return 0, nil })
	if left := names(t, dir); err == nil || len(left) > 0 {
		t.Errorf("%v, %q left", err, left)
	}
}

// A part that somebody writes is not removed, and a new writer is not misled by
// one who takes its part for dead.
func TestLivingPartsStay(t *testing.T) {
	m, dir := gemma4test.Tiny(1), t.TempDir()
	name := strings.TrimSuffix(filepath.Base(Options{}.Path(m, dir)), ".packed")
	p, err := newPart(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), m, dir, nil); err != nil {
		t.Fatal(err)
	}
	if !p.isStill() {
		t.Error("the part of a living writer was removed")
	}
	if err := os.Remove(p.Name()); err != nil {
		t.Skip("open files cannot be removed here: ", err)
	}
	if p.isStill() {
		t.Error("a removed part still has its name")
	}
	if err := os.WriteFile(p.Name(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p.isStill() {
		t.Error("another file's name is the part's")
	}
	p.drop()
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("%q left", left)
	}
}

// CRC-32C of the parts give that of the whole.
func TestChecksumsAreJoined(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	data := make([]byte, 70_000)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	sum := func(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
	for _, n := range []int{0, 1, 2, 3, 7, 8, 255, 256, 4096, 65_537, 70_000} {
		for _, cut := range []int{0, 1, n / 3, n / 2, n} {
			if cut > n {
				continue
			}
			if got, want := joined(sum(data[:cut]), sum(data[cut:n]), int64(n-cut)), sum(data[:n]); got != want {
				t.Errorf("%d and %d bytes: %08x, want %08x", cut, n-cut, got, want)
			}
		}
	}
}

// The header's checksums are those of the bytes in the file, of matrices of one
// piece and of many.
func TestTheHeaderHoldsTheChecksums(t *testing.T) {
	m := gemma4test.Tiny(1)
	large := &m.Text.Layers[0].Gate
	large.Rows, large.Cols = 3*pieceBytes/(1024)+100, 1024
	large.DType, large.Data = tensor.Q8_0, bytes.Repeat([]byte{1, 2, 3, 4, 5}, large.Rows*large.Cols)
	large.Data = large.Data[:large.Size()]
	w := write1(t, m)
	var h header
	if err := json.Unmarshal(w.data[16:w.headerBytes()], &h); err != nil {
		t.Fatal(err)
	}
	for i, e := range h.Matrices {
		p := w.all[i].planned()
		if got := crc32.Checksum(w.data[e.Offset:e.Offset+int64(p.Size())], castagnoli); got != e.CRC {
			t.Errorf("%s: %08x, and the header says %08x", e.Name, got, e.CRC)
		}
	}
}

// Verify finds a bit wherever it changed, and says where.
func TestVerifyFindsEveryBit(t *testing.T) {
	m, dir := gemma4test.Tiny(1), t.TempDir()
	if err := (Options{}).Verify(t.Context(), m, dir, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before Write: %v, want fs.ErrNotExist", err)
	}
	w := write1(t, m)
	path := Options{}.Path(m, dir)
	verify := func() error {
		if err := os.WriteFile(path, w.data, 0o600); err != nil {
			t.Fatal(err)
		}
		last, all := int64(0), int64(1)
		err := Options{}.Verify(t.Context(), m, dir, func(done, total int64) { last, all = done, total })
		if err == nil && last != all {
			t.Errorf("progress ended at %d of %d bytes", last, all)
		}
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	entries, err := places(w.data[:maxHeader], int64(len(w.data)), w.print, w.all)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		p := w.all[i].planned()
		at := e.Offset + int64(i*977%p.Size())
		w.data[at] ^= 1 << (i % 8)
		if err := verify(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), e.Name+" has") {
			t.Errorf("byte %d: %v, want damage of %s", at, err, e.Name)
		}
		w.data[at] ^= 1 << (i % 8)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Options{}).Verify(ctx, m, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

// Where nothing can be locked, age tells a dead part from a living one.
func TestOldPartsAreDeadWithoutLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.1.part")
	for age, dead := range map[time.Duration]bool{0: false, deadAfter - time.Minute: false, deadAfter + time.Minute: true} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		removeIfDead(path, func(*os.File) (bool, error) { return false, errors.ErrUnsupported })
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) != dead {
			t.Errorf("%v old: %v, want it gone: %v", age, err, dead)
		}
	}
}
