package room

import (
	"bufio"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// child says words in a room until it is killed, and prints what it is told is
// durable.
func child(dir string) {
	s, err := OpenStore(dir, 1, Options{FileBytes: 20_000})
	if err != nil {
		panic(err)
	}
	go s.Run(context.Background())
	r, err := s.Room("kill")
	if err != nil {
		panic(err)
	}
	rd := r.Follow()
	for range 2 {
		v, err := r.Join("")
		if err != nil {
			panic(err)
		}
		go func() {
			for i := 0; ; i++ {
				v.Caption(words(i, "en", fmt.Sprintf("%d says the words of %d", v.number, i)))
				v.Caption(end(i, "en"))
				time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
			}
		}()
	}
	for {
		u, err := rd.Next(context.Background())
		if err != nil {
			panic(err)
		}
		for i := range u.Events {
			if u.Durable {
				fmt.Println(u.Events[i].Seq, digest(&u.Events[i]))
			}
		}
	}
}

func digest(e *Event) uint64 {
	h := fnv.New64a()
	h.Write(e.encode(nil))
	return h.Sum64()
}

// A process is killed at any moment: every event it said is durable is there, in
// order and once.
func TestKills(t *testing.T) {
	kills := 40
	if testing.Short() {
		kills = 5
	}
	dir := t.TempDir()
	acknowledged := make(map[uint64]uint64)
	for i := range kills {
		n := killed(t, dir, acknowledged, time.Duration(rand.IntN(60))*time.Millisecond)
		if n == 0 {
			t.Errorf("kill %d: nothing was acknowledged", i)
		}
		checkRecovered(t, dir, acknowledged)
	}
	t.Logf("%d kills, %d events acknowledged", kills, len(acknowledged))
}

// killed runs a child, kills it some time after its first word and notes what it
// acknowledged.
func killed(t *testing.T, dir string, acknowledged map[uint64]uint64, after time.Duration) (lines int) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ROOM_TEST_CHILD="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for in.Scan() {
		var seq, sum uint64
		if _, err := fmt.Sscanf(in.Text(), "%d %d", &seq, &sum); err != nil {
			break // cut off by the kill
		}
		if _, twice := acknowledged[seq]; twice {
			t.Errorf("event %d is given twice", seq)
		}
		if acknowledged[seq] = sum; lines == 0 {
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
		lines++
	}
	cmd.Wait()
	return lines
}

func checkRecovered(t *testing.T, dir string, acknowledged map[uint64]uint64) {
	s, err := OpenStore(dir, 1, Options{Events: 1 << 20, Bytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Room("kill")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i, e := range all(t, r) {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d has seq %d", i, e.Seq)
		}
		sum, ok := acknowledged[e.Seq]
		if ok && sum != digest(&e) {
			t.Fatalf("event %d is another: %+v", e.Seq, e)
		}
		if ok {
			found++
		}
	}
	if found != len(acknowledged) {
		t.Fatalf("%d of %d acknowledged events are there", found, len(acknowledged))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
