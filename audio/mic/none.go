//go:build !portaudio

package mic

// native has no sound system: this build is pure Go.
func native() (system, error) { return nil, ErrNotBuilt }
