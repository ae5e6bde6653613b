package rtp

import (
	"testing"
	"time"
)

// In 80 hours of packets of 60 ms the sequence numbers wrap 70 times and the RTP clock thrice; a
// count of samples passes 32 bits.
func TestEightyHours(t *testing.T) {
	const hours = 80
	const frame, step = 3 * frame, 3 * step
	j, s := newJudge(t), sender{sequence: 1, time: 1<<32 - 1<<20}
	var now time.Duration
	var sound, silence, lost int64
	for i := 0; now < hours*time.Hour; i++ {
		p := s.talk(6)
		if i%1000 == 999 {
			lost += step
		} else {
			j.put(p, now)
			sound += step
		}
		now += frame
		if i%500 == 498 {
			const pause = 400 * time.Millisecond
			s.pause(ticks(pause))
			now += pause
			silence += ticks(pause)
		}
		j.all, j.sounds = j.all[:0], j.sounds[:0]
	}
	end := s.talk(6)
	j.put(end, now)
	j.drain(now)
	j.want(sound+step, silence, lost)
	if want := ticks(now) + step; j.at != want {
		t.Errorf("the stream is %d ticks long, want %d", j.at, want)
	}
	if stats := j.b.Stats(); stats.Restarts+stats.Strange+stats.Late > 0 {
		t.Errorf("%+v", stats)
	}
}

// A sender whose clock is off by a thousandth neither fills nor empties the
// buffer: its samples are the clock. What is lost is counted in them too.
func TestDrift(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration // between packets of 20 ms
		hours time.Duration
	}{
		"1000 ppm fast": {frame - frame/1000, 1}, "1000 ppm slow": {frame + frame/1000, 1},
		"200 ppm fast": {frame - frame/5000, 4}, "200 ppm slow": {frame + frame/5000, 4},
	} {
		j, s, random := newJudge(t), sender{}, newRandom(11)
		var now, worst time.Duration
		var sound, lost int64
		for i := 0; now < c.hours*time.Hour; i++ {
			p := s.talk(2)
			if i%100 == 50 {
				lost += step
			} else {
				j.put(p, now+time.Duration(random.below(15))*time.Millisecond)
				sound += step
			}
			if len(j.b.held) > 0 {
				worst = max(worst, now-j.b.since())
			}
			now += c.every
			j.all, j.sounds = j.all[:0], j.sounds[:0]
		}
		j.drain(now)
		if stats := j.b.Stats(); j.ticks[Sound] != sound || j.ticks[Lost] != lost || stats.Restarts+stats.Strange > 0 || stats.Silent > 0 {
			t.Errorf("%s: %d ticks of sound and %d lost, want %d and %d; %+v", name, j.ticks[Sound], j.ticks[Lost], sound, lost, stats)
		}
		if worst > firstPatience+20*time.Millisecond {
			t.Errorf("%s: %v were held", name, worst)
		}
	}
}
