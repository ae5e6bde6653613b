package reliability

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sotto/transport"
	"sotto/transport/room"
)

// A daemon is killed at any moment while people speak and read. What a reader was
// told is durable is in the room at the end, word for word; no reader has a gap, a
// repetition or a reset (F15).
func TestKilledWhilePeopleRead(t *testing.T) {
	t.Parallel() // at full size too: it takes long, and not much of the machine
	kills := sized(12, 500)
	plan := daemonPlan{State: filepath.Join(t.TempDir(), "state"), Publish: 2}
	d := start(t, plan)
	plan.Listen = d.Address
	all, stop := audience(t, d.Address, 4, 2)
	var opened, silent []time.Duration
	for range kills {
		all[0].reached(t, all[0].where())
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		d.kill()
		d = start(t, plan)
		opened = append(opened, time.Duration(d.OpenMs*float64(time.Millisecond)))
		for _, f := range all {
			f.reached(t, f.where())
			silent = append(silent, f.silence())
		}
	}
	events := d.Events
	d.kill()
	stop()
	acknowledged := 0
	kept := eventsOf(t, plan.State)
	for _, f := range all {
		acknowledged += len(f.durable)
		if len(f.faults) > 0 || f.resets > 0 {
			t.Errorf("a reader had %d resets and the faults %q", f.resets, f.faults)
		}
		for seq, sum := range f.durable {
			if kept[seq] != sum {
				t.Errorf("event %d was said to be durable, and is another or gone", seq)
			}
		}
	}
	t.Logf("F15: %d kills, %d events acknowledged to 6 readers, 0 lost; a room of %d events opened in %.0f ms at most; silence of %.0f ms at most",
		kills, acknowledged, events, percentile(opened, 100), percentile(silent, 100))
	if slices.Max(opened) > time.Second && full {
		t.Errorf("opening took up to %v, at most 1 s is promised", slices.Max(opened))
	}
}

// eventsOf reads the events of the room "hall", as a reader of all of it gets them.
func eventsOf(t testing.TB, state string) map[uint64]uint64 {
	t.Helper()
	rooms, err := room.OpenStore(state, 1, room.Options{Events: 1 << 20, Bytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	h := hostOf(t, rooms, transport.Options{})
	response, err := http.Get("http://" + h.Addr().String() + "/rooms/hall/captions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	kept := make(map[uint64]uint64)
	next := uint64(0)
	for in := bufio.NewReader(response.Body); ; {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return kept
		}
		if err != nil {
			t.Fatal(err)
		}
		seq, _ := number(line, `"seq":`)
		if next != 0 && seq != next {
			t.Fatalf("event %d is where %d should be", seq, next)
		}
		kept[seq], next = digest(string(line)), seq+1
	}
}
