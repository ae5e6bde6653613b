package eval

import (
	"context"
	"fmt"
	"io"
	"os"

	"sotto/audio"
	"sotto/audio/intake"
)

// SoundError says that a recording's sound cannot be used.
type SoundError struct{ err error }

func (e *SoundError) Error() string { return e.err.Error() }
func (e *SoundError) Unwrap() error { return e.err }

// load returns the samples of a recording, mono at 16 kHz.
func (r *Recording) load(ctx context.Context) ([]float32, error) {
	f, err := os.Open(r.path)
	if err != nil {
		return nil, &SoundError{fmt.Errorf("%s: cannot read audio %s: %w; its name is relative to the manifest", r.place, r.path, bare(err))}
	}
	defer f.Close()
	source, err := intake.Open(ctx, f, r.path)
	if err != nil {
		return nil, &SoundError{fmt.Errorf("%s: %w", r.place, err)}
	}
	defer source.Close()
	samples, err := r.samples(ctx, source)
	if err != nil {
		return nil, err
	}
	if ms := audio.Position(len(samples)).Millis(); ms < r.DurationMs-soundSlackMs || ms > r.DurationMs+soundSlackMs {
		return nil, &SoundError{fmt.Errorf("%s: %s lasts %d ms, but duration_ms is %d; correct one of them", r.place, r.path, ms, r.DurationMs)}
	}
	return samples, nil
}

// samples reads no more than duration_ms promises.
func (r *Recording) samples(ctx context.Context, source intake.Source) ([]float32, error) {
	most := int((r.DurationMs+2*soundSlackMs)*audio.RateHz/1000) + audio.FrameLen
	var samples []float32
	buf := make([]float32, 4096)
	for len(samples) < most {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := source.Read(buf)
		samples = append(samples, buf[:n]...)
		if err == io.EOF {
			return samples, nil
		}
		if err != nil {
			return nil, &SoundError{fmt.Errorf("%s: %w", r.place, err)}
		}
	}
	return samples, nil
}
