// Package access says who may do what: three roles, the tokens that give them,
// and where a request carries its token. It knows no door and opens none.
package access

import (
	"fmt"
	"strings"
	"time"
)

// Role is what somebody may do. Each role may do what those before it may: who
// speaks may read what is said, who runs the server may speak.
type Role int

// The roles, from the least to the greatest.
const (
	Anyone Role = iota // the page, and whether the server lives
	View               // read rooms
	Speak              // open voices and send recordings
	Admin              // forget rooms, read the measurements
)

var names = []string{"anyone", "view", "speak", "admin"}

func (r Role) String() string { return names[r] }

// ParseRole reads view, speak or admin.
func ParseRole(name string) (Role, error) {
	for r := View; r <= Admin; r++ {
		if r.String() == name {
			return r, nil
		}
	}
	return Anyone, fmt.Errorf("access: role %.32q, want %s", name, strings.Join(names[View:], ", "))
}

// Grant is what a token gives.
type Grant struct {
	Role    Role
	Room    string    // the only one it is good for; "": all
	Expires time.Time // zero: never
}

// Everything is the grant of those who are not asked.
var Everything = Grant{Role: Admin}

// Allows reports whether the grant is enough for a role in a room; "" asks about
// no room.
func (g Grant) Allows(need Role, room string) bool {
	return g.Role >= need && (room == "" || g.Room == "" || g.Room == room)
}

// holds reports whether the grant's time has not come.
func (g Grant) holds() bool { return g.Expires.IsZero() || time.Now().Before(g.Expires) }
