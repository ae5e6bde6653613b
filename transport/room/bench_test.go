package room

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkAppend is one caption of three words and a tail, in memory.
func BenchmarkAppend(b *testing.B) {
	r := New(Options{})
	v := join(b, r, "")
	c := words(0, "en", "three more words")
	c.Tail = "and a tail"
	b.ReportAllocs()
	for b.Loop() {
		say(b, v, c)
	}
}

// BenchmarkFanOut is one caption and its way to every reader.
func BenchmarkFanOut(b *testing.B) {
	for _, readers := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(readers), func(b *testing.B) { fanOut(b, readers) })
	}
}

func fanOut(b *testing.B, readers int) {
	r := New(Options{})
	v := join(b, r, "")
	var got, done sync.WaitGroup
	for range readers {
		rd := r.Follow()
		done.Go(func() {
			for {
				u, err := rd.Next(b.Context())
				if err != nil {
					return
				}
				got.Add(-len(u.Events))
			}
		})
	}
	c := words(0, "en", "three more words")
	b.ReportAllocs()
	for b.Loop() {
		got.Add(readers)
		say(b, v, c)
		got.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*readers), "ns/reader")
	r.Close()
	done.Wait()
}

// BenchmarkSaved is a caption until its reader sees it, in a room with a folder:
// the time of a write and a sync, and of waiting for the last one.
func BenchmarkSaved(b *testing.B) {
	r := open(b, b.TempDir(), Options{})
	stop := run(r)
	rd := r.Follow()
	v := join(b, r, "")
	if _, err := rd.Next(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		say(b, v, words(0, "en", "three more words"))
		if _, err := rd.Next(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if err := stop(); err != nil {
		b.Error(err)
	}
}

// BenchmarkRecover opens a room of 100,000 events.
func BenchmarkRecover(b *testing.B) {
	dir := b.TempDir()
	r := open(b, dir, Options{})
	v := join(b, r, "")
	for i := range 100_000 {
		say(b, v, words(i, "en", "three more words"))
		if i%1000 == 0 {
			flush(b, r)
		}
	}
	flush(b, r)
	r.log.close()
	for b.Loop() {
		r, err := Open(dir, Options{})
		if err != nil || r.Recovered().Events != 100_001 {
			b.Fatalf("%+v %v", r.Recovered(), err)
		}
	}
}
