package eval

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table prints what matters, for a terminal.
func (r *Report) Table(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d threads, %s: %d recordings with %s of speech, %d without any\n\n", printable(r.Model), r.Threads, r.Pace,
		r.Set.Recordings-r.Set.Silent, minutes(r.Set.SpeechSeconds), r.Set.Silent)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "configuration\t\tBLEU\tchrF++\tWER %\tLongYAAL s\twith computing\tfirst word s\tlast word s\tredrawn\tgaps")
	for i := range r.Results {
		name := r.Results[i].Name
		for j := range r.Results[i].Languages {
			fmt.Fprintf(t, "%s\t%s\n", name, r.Results[i].Languages[j].row())
			name = ""
		}
	}
	t.Flush()
	b.WriteByte('\n')
	t = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "configuration\treal-time factor\tp95 of 10 s\tsteps\tcuts\tguarded\ttaken back\ttext on silence")
	for i := range r.Results {
		fmt.Fprintln(t, r.Results[i].row())
	}
	t.Flush()
	_, err := io.WriteString(out, b.String())
	return err
}

func (s *Scores) row() string {
	wer := ""
	if s.WER != nil {
		wer = fmt.Sprintf("%.1f", *s.WER)
	}
	return fmt.Sprintf("%s\t%.1f\t%.1f\t%s\t%s\t%s\t%s\t%s\t%.2f\t%d", s.Language, s.BLEU, s.ChrF, wer,
		seconds(s.LongYAAL.Unaware.Value), seconds(s.LongYAAL.Aware.Value),
		seconds(s.FirstWord.Unaware.Value), seconds(s.EndOfSpeech.Unaware.Value), s.ErasureShown, s.Gaps)
}

func (r *Result) row() string {
	silence := "not heard"
	if r.Silence.Recordings > 0 {
		silence = fmt.Sprintf("%d of %d, %.0f words an hour", r.Silence.WithText, r.Silence.Recordings, r.Silence.WordsPerHour)
	}
	return fmt.Sprintf("%s\t%.3f\t%.3f\t%d\t%d\t%d\t%g\t%s", r.Name, r.Cost.RealTimeFactor, r.Cost.P95,
		r.Counters.Steps, r.Counters.Cuts, r.Counters.Guarded, r.TakenBack(), silence)
}

// TakenBack is the largest erasure of committed text, which should be 0.
func (r *Result) TakenBack() float64 {
	most := 0.0
	for i := range r.Languages {
		most = max(most, r.Languages[i].ErasureCommitted)
	}
	return most
}

func seconds(ms float64) string { return fmt.Sprintf("%.2f", ms/1000) }

func minutes(s float64) string {
	if s < 90 {
		return fmt.Sprintf("%.0f s", s)
	}
	return fmt.Sprintf("%.1f min", s/60)
}

// printable takes out control characters, which a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}
