package reliability

import (
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/transport"
	"sotto/transport/room"
)

// What is said in four rooms at once is soon on disk and told to be (F18).
func TestWhatIsSaidIsSoonSaved(t *testing.T) {
	waits(t)
	h := openHost(t, filepath.Join(t.TempDir(), "state"), transport.Options{})
	w := startWatch(t)
	var delays []time.Duration
	var mu sync.Mutex // guards delays
	var reading sync.WaitGroup
	var stops []func()
	for i := range 4 {
		r := h.room(t, "room-"+strconv.Itoa(i))
		reader := r.Follow()
		stops = append(stops, publish(t, r, sized(50*time.Millisecond, spoken)))
		reading.Go(func() {
			for {
				u, err := reader.Next(t.Context())
				if err != nil {
					return
				}
				now := time.Now()
				mu.Lock()
				for _, e := range u.Events {
					if e.Kind == room.Said {
						delays = append(delays, now.Sub(stampOf(t, e.Text())))
					}
				}
				mu.Unlock()
				if !u.Durable {
					t.Error("what a reader sees is not saved")
				}
			}
		})
	}
	time.Sleep(sized(2*time.Second, 20*time.Second))
	for _, stop := range stops {
		stop()
	}
	h.rooms.Close() // ends the readers
	reading.Wait()
	if len(delays) < 100 {
		t.Fatalf("%d captions", len(delays))
	}
	w.below("F18", "from a caption to its commit, p99", percentile(delays, 99), 50, "ms")
}

func stampOf(t testing.TB, text string) time.Time {
	t.Helper()
	digits, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	ns, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(0, ns)
}
