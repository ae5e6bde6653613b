package voice

import (
	"os"
	"testing"

	"sotto/transport/wire"
)

// The goldens are all 256 samples in their order, as ffmpeg decodes them:
//
//	python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)))' > all
//	ffmpeg -f mulaw -ar 8000 -i all -f s16le testdata/mulaw.s16le
//	ffmpeg -f alaw -ar 8000 -i all -f s16le testdata/alaw.s16le
func TestTelephoneSamplesAreReadAsFFmpegReadsThem(t *testing.T) {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	for _, law := range []string{"mulaw", "alaw"} {
		golden, err := os.ReadFile("testdata/" + law + ".s16le")
		if err != nil || len(golden) != 512 {
			t.Fatalf("%v, %d bytes", err, len(golden))
		}
		got, want := hearAll(t, wire.Start{Format: law}, all[:]), hearAll(t, wire.Start{}, golden)
		if len(got) != len(want) {
			t.Fatalf("%s: %d samples, want %d", law, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s of %#02x is %g, want %g", law, i, got[i], want[i])
			}
		}
	}
}
