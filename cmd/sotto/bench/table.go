package bench

import (
	"fmt"
	"io"
	"strings"
)

// Table writes the report for people.
func (r *Report) Table(out io.Writer) error {
	t := &table{}
	t.machine(r)
	t.stations(r)
	t.ratios(&r.Ratios)
	t.live(r)
	t.load(r)
	t.notes(r)
	_, err := io.WriteString(out, t.text.String())
	return err
}

type table struct{ text strings.Builder }

func (t *table) line(format string, args ...any) { fmt.Fprintf(&t.text, format+"\n", args...) }

func (t *table) machine(r *Report) {
	m, f := &r.Machine, &r.Roofs
	t.line("%s", r.Model.Name)
	memory := ""
	if m.MemoryBytes > 0 {
		memory = ", " + bytesOf(float64(m.MemoryBytes)) + " of memory"
	}
	t.line("%s, %d threads, %s kernels%s, %s/%s, %s", m.CPU, m.Threads, m.Kernel, memory, m.OS, m.Arch, m.Go)
	t.line("")
	t.line("the roofs, best of %d runs", f.Runs)
	t.line("  reading  %8.1f GB/s     a buffer of %s", f.ReadBytesPerSecond/1e9, bytesOf(float64(f.ReadBufferBytes)))
	t.line("  int8     %8.0f GOP/s    %s", f.IntegerOpsPerSecond/1e9, f.IntegerInstruction)
	t.line("  f32      %8.0f GFLOP/s  %s", f.FloatOpsPerSecond/1e9, f.FloatInstruction)
	t.line("")
}

func (t *table) stations(r *Report) {
	t.line("%-21s %11s %8s %14s   %s", "station", "median", "spread", "a second", "share of the nearest roof")
	last := ""
	for i := range r.Stations {
		s := &r.Stations[i]
		if s.Name != last && last != "" {
			t.line("")
		}
		name := s.Name
		if s.Name == last {
			name = ""
		}
		last = s.Name
		t.line("  %-8s %3d %-7s %8s ms %6.1f %% %14s   %s", name, s.Size, unit(s.Unit, s.Size), three(s.Millis.Median), s.Millis.percent(),
			three(s.PerSecond), s.roof())
	}
	t.line("")
}

// roof draws the share of the nearest roof.
func (s *Station) roof() string {
	share, name := s.ShareOfReading, "reading"
	if s.ShareOfPeak > share {
		share, name = s.ShareOfPeak, s.Peak
	}
	if share == 0 {
		return ""
	}
	const width = 20
	full := int(width*min(share, 1) + 0.5)
	return fmt.Sprintf("%s%s %3.0f %% of %s", strings.Repeat("#", full), strings.Repeat(".", width-full), 100*share, name)
}

func (t *table) ratios(r *Ratios) {
	for _, c := range []struct {
		ratio float64
		says  string
	}{
		{r.Decode8, "decoding for 8 streams takes %.2f times what it takes for one"},
		{r.Decode4, "decoding for 4 streams takes %.2f times what it takes for one"},
		{r.Prefill12, "a token in a chunk of 12 takes %.2f times one in a chunk of 64"},
		{r.Encoder12, "a frame in a block of 12 takes %.2f times one alone"},
		{r.VerifyAbove, "64 tokens through all layers and the head take %.2f times those that leave early"},
	} {
		if c.ratio > 0 {
			t.line("  "+c.says, c.ratio)
		}
	}
	t.line("")
}

func (t *table) live(r *Report) {
	t.line("live: a second of sound is 25 frames in blocks of %d, and text behind them", blockFrames)
	for i := range r.Live {
		l := &r.Live[i]
		verdict := "keeps up"
		if l.RealTimeFactor >= 1 {
			verdict = "falls behind"
		}
		t.line("  %d tokens of text a second: real-time factor %.3g (%.3g to %.3g), %s", l.TextPerSecond, l.RealTimeFactor,
			l.Stretches.Quartile1, l.Stretches.Quartile3, verdict)
		t.line("    encoder %.3g, prefill %.3g, decode %.3g; %.0f s of sound run", l.Encoder, l.Prefill, l.Decode, l.AudioSeconds)
	}
	t.line("")
}

func (t *table) load(r *Report) {
	l := &r.Load
	t.line("ready in %.2f s: open %.2f, prepare %.2f, first frame and token %.2f", l.ReadyMillis/1e3, l.OpenMillis/1e3, l.PrepareMillis/1e3, l.FirstMillis/1e3)
	t.line("packing  %s at %s/s, %.1f s without the disk", bytesOf(float64(r.Pack.Bytes)), bytesOf(r.Pack.BytesPerSecond), r.Pack.Seconds)
	if m := &r.Memory; m.ResidentBytes > 0 {
		peak := ""
		if m.PeakBytes > 0 {
			peak = ", at most " + bytesOf(float64(m.PeakBytes))
		}
		t.line("memory   %s resident with one voice%s", bytesOf(float64(m.ResidentBytes)), peak)
	}
	t.line("")
}

// inCaches bytes of weights may lie in caches as a whole.
const inCaches = 256 << 20

func (t *table) notes(r *Report) {
	t.line("spread: interquartile range over the median. prefill and decode: %d positions behind the start.", r.Positions)
	t.line("prefill: as sound goes, out of the network in layer %d of %d. verify: through all, with the logits of each token.", r.Model.ExitLayers, r.Model.Layers)
	if r.Model.DecoderBytes < inCaches {
		t.line("The weights (%s) may lie in caches: shares of reading may pass 100 %%.", bytesOf(float64(r.Model.DecoderBytes)))
	}
	if len(r.LeftOut) > 0 {
		t.line("Left out: %s.", strings.Join(r.LeftOut, ", "))
	}
	if r.LlamaCpp != "" {
		t.line("llama.cpp reads the same file: %s", r.LlamaCpp)
	}
}

// three writes a number with three digits or all before the point.
func three(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

func unit(plural string, n int) string {
	if n == 1 {
		return strings.TrimSuffix(plural, "s")
	}
	return plural
}

func bytesOf(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for n >= 1024 && i < len(units)-1 {
		n, i = n/1024, i+1
	}
	return fmt.Sprintf("%.3g %s", n, units[i])
}
