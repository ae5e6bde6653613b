//go:build portaudio && cgo && !linux

package mic

// quiet has nothing to silence here.
func quiet() {}
