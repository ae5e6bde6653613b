package ws

import (
	"testing"
	"testing/synctest"
	"time"

	"sotto/transport/doortest"
)

func TestPatienceHasAnEnd(t *testing.T) {
	tests := []struct {
		name  string
		do    func(*client)
		after time.Duration
		close int
		code  string
	}{
		{"without start", func(*client) {}, 10 * time.Second, 4450, "order"},
		{"without sound", func(c *client) { c.begin("en") }, 60 * time.Second, 4404, "idle"},
		{"after sound", func(c *client) { c.begin("en").speak(babble(second/10, 1)) }, 60 * time.Second, 4404, "idle"},
	}
	engine := doortest.Toy(t, "../..", 1)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := openPiped(t, engine)
				c := d.dial(t)
				tt.do(c)
				began := time.Now()
				_, last, code := c.end()
				if waited := time.Since(began); waited != tt.after || code != tt.close || last.Code != tt.code {
					t.Errorf("after %v: %+v and %d, want %q and %d after %v", waited, last, code, tt.code, tt.close, tt.after)
				}
				c.socket.Close()
				d.close()
			})
		})
	}
}
