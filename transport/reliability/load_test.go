package reliability

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cost is what a voice takes of the daemons here, beside what a toy of a model takes.
const cost = 0.06

// spokenTenth is a tenth of 1.5 s, which is how late captions of one voice are without
// any load: by so much may others delay them.
const spokenTenth = 150 // ms

// full8 fills a daemon with eight voices that speak until ctx ends. The first has
// spoken for long enough that its cost is known; how late it was is returned.
func full8(t testing.TB, ctx context.Context, d *running, all *sync.WaitGroup) (alone []time.Duration, voices []*speech) {
	t.Helper()
	sound := asBytes(demoFrames(t))
	enter := func() *speech {
		s := mustSpeak(t, d.Address, "", "en")
		voices = append(voices, s)
		all.Go(func() {
			for ctx.Err() == nil && s.open() {
				s.say(ctx, sound)
			}
		})
		return s
	}
	first := enter()
	for began := time.Now(); time.Since(began) < 8*time.Second; time.Sleep(100 * time.Millisecond) {
		alone = append(alone, first.takeLate()...)
	}
	for len(voices) < 8 {
		time.Sleep(60 * time.Millisecond) // people do not begin at the same moment, so their steps do not come together
		enter()
	}
	return alone, voices
}

// Eight voices are heard in time; the ninth is refused at once, cheaply, and told when
// to come again (F8). With two and five times as many who want to speak, as much is heard (F9).
func TestTheNinthVoiceIsRefused(t *testing.T) {
	waits(t)
	d := start(t, daemonPlan{Hear: cost})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	w := startWatch(t, d.cmd.Process.Pid)
	alone, voices := full8(t, ctx, d, &all)
	turned(t, w, d)
	for _, s := range voices {
		s.takeLate()
	}
	time.Sleep(sized(3*time.Second, 20*time.Second))
	var late []time.Duration
	for i, s := range voices {
		late = append(late, s.takeLate()...)
		if s.lost() > 0 {
			t.Errorf("voice %d has lost %d ms", i, s.lost())
		}
	}
	if len(alone) == 0 || len(late) == 0 {
		t.Fatalf("%d and %d times somebody was told how far it was heard", len(alone), len(late))
	}
	w.below("F8", "rise of the delay of hearing with 8 voices, p95", percentile(late, 95)-percentile(alone, 95), spokenTenth, "ms")
}

// turned tries a ninth voice, again and again.
func turned(t testing.TB, w *watch, d *running) {
	t.Helper()
	n := sized(20, 300)
	var took []time.Duration
	retries := map[int64]bool{}
	for range n {
		began := time.Now()
		_, err := speak(t, d.Address, "", "en")
		var no *refused
		if !errors.As(err, &no) || no.Code != "full" || no.RetryMs < 5000 || no.RetryMs > 10_000 {
			t.Fatalf("the ninth voice is answered with %+v, %v", no, err)
		}
		took = append(took, time.Since(began))
		retries[no.RetryMs] = true
	}
	if len(retries) < n/2 {
		t.Errorf("%d of %d are told to come again at the same time", n-len(retries), n)
	}
	w.below("F8", "until the ninth is refused, p99", percentile(took, 99), 100, "ms")
}

// However many want to speak, as much is heard as where no more want to than may (F9).
func TestMoreThanCanBeHeard(t *testing.T) {
	waits(t)
	lasts := sized(4*time.Second, 20*time.Second)
	w, most := overload(t, 8, lasts)
	for _, offered := range sized([]int{16}, []int{16, 40}) {
		var heard float64
		w, heard = overload(t, offered, lasts)
		w.below("F9", fmt.Sprintf("share of the best that is not heard, %d offered", offered), 1-heard/most, 0.10, "")
		if heard < most/2 {
			t.Errorf("%.2f s of sound are heard a second when %d want to speak, %.2f when 8 do", heard, offered, most)
		}
	}
}

// overload has so many speak again and again, for a few seconds each time, as soon as
// they may, and returns how much is heard a second.
func overload(t *testing.T, offered int, lasts time.Duration) (w *watch, heardPerSecond float64) {
	d := start(t, daemonPlan{Hear: cost})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	frames := demoFrames(t)
	sound := asBytes(frames)
	var heard, refusals atomic.Int64 // heard is in ms
	w = startWatch(t, d.cmd.Process.Pid)
	for range offered {
		all.Go(func() {
			for ctx.Err() == nil {
				s, err := speak(t, d.Address, "", "en")
				var no *refused
				if errors.As(err, &no) {
					refusals.Add(1)
					wait(ctx, time.Duration(no.RetryMs)*time.Millisecond)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				s.counted(&heard)
				s.say(ctx, sound[:100]) // 4 s
				s.stop()
			}
		})
	}
	time.Sleep(5 * time.Second) // all places are taken, and again
	before, began := heard.Load(), time.Now()
	time.Sleep(lasts)
	rate := float64(heard.Load()-before) / 1000 / time.Since(began).Seconds()
	t.Logf("F9: %d offered: %.2f s of sound a second, %d refusals", offered, rate, refusals.Load())
	return w, rate
}

// A refusal costs the daemon little (F9).
func TestARefusalIsCheap(t *testing.T) {
	waits(t)
	d := start(t, daemonPlan{Seats: 1})
	mustSpeak(t, d.Address, "", "en")
	n := sized(50, 1000)
	before := processSeconds(d.cmd.Process.Pid)
	w := startWatch(t, d.cmd.Process.Pid)
	for range n {
		if s, err := speak(t, d.Address, "", "en"); err == nil {
			s.vanish()
			t.Fatal("a second voice is let in")
		}
	}
	w.below("F9", "processor time of a refusal", 1000*(processSeconds(d.cmd.Process.Pid)-before)/float64(n), 1, "ms")
}

// A room with as many voices and readers as it may have does not slow another (F12).
func TestACrowdedRoomHarmsNoOther(t *testing.T) {
	waits(t)
	d := start(t, daemonPlan{Hear: cost})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	sound := asBytes(demoFrames(t))
	enter := func(room string) *speech {
		s := mustSpeak(t, d.Address, room, "en")
		all.Go(func() {
			for ctx.Err() == nil && s.open() {
				s.say(ctx, sound)
			}
		})
		return s
	}
	normal := enter("small")
	time.Sleep(sized(3*time.Second, 10*time.Second))
	alone := normal.takeLate()
	w := startWatch(t, d.cmd.Process.Pid)
	for range 4 {
		enter("large")
	}
	readers := gather(t, crowdPlan{URL: stream(d.Address, "large"), Readers: sized(100, 2000), Over: sized(time.Second, 5*time.Second)})
	w.processes = append(w.processes, readers.cmd.Process.Pid)
	normal.takeLate()
	time.Sleep(sized(3*time.Second, 15*time.Second))
	crowded := normal.takeLate()
	w.below("F12", "rise of the delay of hearing in the other room, p95", percentile(crowded, 95)-percentile(alone, 95), 2*spokenTenth, "ms")
	if normal.lost() > 0 || len(crowded) == 0 {
		t.Errorf("the other room lost %d ms, and was heard %d times", normal.lost(), len(crowded))
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
