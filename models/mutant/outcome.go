package mutant

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"
)

// What opening a mutant may take at most.
const (
	MaxBytes = 16 << 20
	maxTime  = 10 * time.Second
)

var (
	place = regexp.MustCompile(`\bbytes? \d+`)
	// What an error calls the field, or the fields that do not go together.
	name = regexp.MustCompile(`key "|tensor "|metadata key|tensor name|tensor table|number of|magic|version|header|__metadata__|` +
		`text: |audio: |token|tensors are too few`)
)

// Judge opens a mutant and says what is wrong with the outcome: a panic, an
// error that does not name all of files, the place or the field, or too much
// memory or time. It says nothing when the outcome is an error as it should be,
// or none. A mutant that hangs ends the program.
func Judge(what string, open func() error, files ...string) (fault string) {
	watchdog := time.AfterFunc(maxTime, func() { panic("hangs: " + what) })
	defer watchdog.Stop()
	defer func() {
		if p := recover(); p != nil {
			fault = fmt.Sprintf("%s: panics: %v\n%s", what, p, debug.Stack())
		}
	}()
	before := allocated()
	err := open()
	if used := allocated() - before; used > MaxBytes {
		return fmt.Sprintf("%s: allocated %d bytes, want at most %d; error %v", what, used, MaxBytes, err)
	}
	if err == nil {
		return ""
	}
	return lacks(what, err.Error(), files)
}

func lacks(what, text string, files []string) string {
	for _, f := range files {
		if !strings.Contains(text, f) {
			return fmt.Sprintf("%s: %.300s\ndoes not name %s", what, text, f)
		}
	}
	switch {
	case !place.MatchString(text):
		return fmt.Sprintf("%s: %.300s\ndoes not name the byte", what, text)
	case !name.MatchString(text):
		return fmt.Sprintf("%s: %.300s\ndoes not name the field", what, text)
	case len(text) > 1000:
		return fmt.Sprintf("%s: an error of %d bytes: %.300s", what, len(text), text)
	}
	return ""
}

// allocated returns how many bytes this program has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
