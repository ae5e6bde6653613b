package sotto

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"sotto/models/batch"
)

// Fault is a panic that was caught: a fault of this program, which ended one voice.
type Fault struct {
	Why   string
	Stack string
}

func (f *Fault) Error() string { return "sotto: internal error: " + f.Why }

// LogValue has the log show where it was.
func (f *Fault) LogValue() slog.Value {
	return slog.GroupValue(slog.String("why", f.Why), slog.String("stack", f.Stack))
}

// Contain runs a part of one voice's life and returns its error. A panic in it is a
// *Fault, so that it ends that voice and no other. One inside the engine's passes is
// everybody's, and goes on to end the program.
func Contain(do func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *batch.Broken:
			panic(p)
		default:
			err = &Fault{fmt.Sprint(p), string(debug.Stack())}
		}
	}()
	return do()
}
