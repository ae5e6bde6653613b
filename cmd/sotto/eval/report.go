package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"sotto"
	"sotto/cmd/sotto/score"
)

// format is the version of the report's JSON.
const format = 1

// Report is everything measured; its JSON is report.json. Times in ms count
// from the recording's beginning unless a name says otherwise.
type Report struct {
	Format  int       `json:"sotto_eval"` // 1
	Created time.Time `json:"created"`
	Version string    `json:"version"` // of the program
	Model   string    `json:"model"`
	Threads int       `json:"threads"`
	System  string    `json:"system"`
	Pace    string    `json:"pace"` // fast: as fast as it computes; realtime
	Set     SetInfo   `json:"set"`
	Targets []string  `json:"targets"`
	Results []Result  `json:"results"` // one for each configuration

	gathered []*gathered
}

// SetInfo says what was heard.
type SetInfo struct {
	Manifests     []string `json:"manifests"`
	SHA256        string   `json:"sha256"` // of their bytes
	From          string   `json:"from,omitempty"`
	Recordings    int      `json:"recordings"`
	Silent        int      `json:"silent"` // of them, those in which every text is wrong
	SpeechSeconds float64  `json:"speech_s"`
	SilentSeconds float64  `json:"silent_s"`
}

// Result is one configuration's.
type Result struct {
	Config
	Languages []Scores `json:"languages"`
	Cost      Cost     `json:"cost"`
	Silence   Silence  `json:"silence"`
	Counters  Counters `json:"counters"`
	Streams   []Stream `json:"streams"`
}

// Silence is what was said where every text is wrong.
type Silence struct {
	Recordings   int     `json:"recordings"`
	WithText     int     `json:"with_text"` // something was committed
	WithTail     int     `json:"with_tail"` // something was shown, if only for a while
	Words        int     `json:"words"`     // committed, in all languages
	WordsPerHour float64 `json:"words_per_hour"`
}

// Counters are sotto.Stats, summed over sessions; Bytes is the largest.
type Counters struct {
	Frames       int64 `json:"frames"`
	Segments     int64 `json:"segments"`
	Steps        int64 `json:"steps"`
	StepsSkipped int64 `json:"steps_skipped"`
	Cuts         int64 `json:"cuts"`
	Guarded      int64 `json:"guarded"`
	Positions    int64 `json:"positions"`
	Bytes        int64 `json:"bytes"`
}

func (c *Counters) add(s sotto.Stats) {
	c.Frames += s.Frames
	c.Segments += s.Segments
	c.Steps += s.Steps
	c.StepsSkipped += s.StepsSkipped
	c.Cuts += s.Cuts
	c.Guarded += s.Guarded
	c.Positions += s.Positions
	c.Bytes = max(c.Bytes, s.Bytes)
}

// Stream is one recording of a configuration.
type Stream struct {
	ID             string               `json:"id"`
	Kind           string               `json:"kind"`
	AudioSeconds   float64              `json:"audio_s"`
	ComputeSeconds float64              `json:"compute_s"`
	WallSeconds    float64              `json:"wall_s"`
	Words          int                  `json:"words_on_silence"`
	Languages      map[string]StreamOne `json:"languages,omitempty"`
}

// StreamOne is one recording in one language.
type StreamOne struct {
	Text     string     `json:"text"`
	BLEU     float64    `json:"bleu"`
	LongYAAL score.Mean `json:"long_yaal"`
	Gaps     int        `json:"gaps"`
}

// report scores what was gathered.
func (u *runner) report(s *Set) (*Report, error) {
	r := &Report{
		Format: format, Created: time.Now().UTC().Truncate(time.Second),
		Model: u.opt.Engine.Model().Name, Threads: u.opt.Engine.Workers(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Pace: "fast", Set: s.info(u.opt.From), Targets: u.opt.Targets, gathered: u.gathered,
	}
	if u.opt.Realtime {
		r.Pace = "realtime"
	}
	for _, g := range u.gathered {
		result, err := g.result(u.opt.Targets)
		if err != nil {
			return nil, err
		}
		r.Results = append(r.Results, *result)
	}
	return r, nil
}

func (s *Set) info(from string) SetInfo {
	info := SetInfo{Manifests: s.Manifests, SHA256: s.SHA256, From: from, Recordings: len(s.Recordings)}
	for i := range s.Recordings {
		seconds := float64(s.Recordings[i].DurationMs) / 1000
		if s.Recordings[i].Silent() {
			info.Silent++
			info.SilentSeconds += seconds
		} else {
			info.SpeechSeconds += seconds
		}
	}
	return info
}

func (g *gathered) result(targets []string) (*Result, error) {
	out := &Result{Config: g.Config, Cost: costOf(g.plays), Silence: silenceOf(g.plays), Languages: []Scores{}, Streams: []Stream{}}
	for _, language := range targets {
		if len(g.samples[language]) == 0 {
			continue
		}
		scores, err := measure(language, g.samples[language])
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", g.Name, language, err)
		}
		out.Languages = append(out.Languages, *scores)
	}
	for _, p := range g.plays {
		out.Counters.add(p.stats)
		stream, err := g.stream(p)
		if err != nil {
			return nil, err
		}
		out.Streams = append(out.Streams, *stream)
	}
	return out, nil
}

func silenceOf(plays []*played) Silence {
	var s Silence
	seconds := 0.0
	for _, p := range plays {
		if !p.recording.Silent() {
			continue
		}
		seconds += float64(p.recording.DurationMs) / 1000
		s.Recordings++
		s.WithText += rank(p.words > 0)
		s.WithTail += rank(p.shown > 0)
		s.Words += p.words
	}
	if seconds > 0 {
		s.WordsPerHour = float64(s.Words) * 3600 / seconds
	}
	return s
}

// stream scores one recording alone.
func (g *gathered) stream(p *played) (*Stream, error) {
	r := p.recording
	out := &Stream{
		ID: r.ID, Kind: r.Kind, AudioSeconds: float64(r.DurationMs) / 1000,
		ComputeSeconds: p.worked.Seconds(), WallSeconds: p.wall.Seconds(), Words: p.words,
		Languages: make(map[string]StreamOne),
	}
	for language, samples := range g.samples {
		i := slices.IndexFunc(samples, func(s sample) bool { return s.recording == r })
		if i < 0 {
			continue
		}
		scores, err := measure(language, samples[i:i+1])
		if err != nil {
			return nil, fmt.Errorf("%s, %s, %s: %w", g.Name, r.ID, language, err)
		}
		out.Languages[language] = StreamOne{samples[i].committed.Text(), scores.BLEU, scores.LongYAAL.Unaware, scores.Gaps}
	}
	return out, nil
}

// of returns the scores in a language, nil if there are none.
func (r *Result) of(language string) *Scores {
	for i := range r.Languages {
		if r.Languages[i].Language == language {
			return &r.Languages[i]
		}
	}
	return nil
}

// Write writes the report as JSON.
func (r *Report) Write(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	return out.Encode(r)
}

const mostReportBytes = 256 << 20

// ReadReport reads what Write wrote.
func ReadReport(in io.Reader) (*Report, error) {
	data, err := io.ReadAll(io.LimitReader(in, mostReportBytes+1))
	if err != nil {
		return nil, bare(err)
	}
	if len(data) > mostReportBytes {
		return nil, errors.New("it is longer than any report of this program")
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("it is no report of sotto eval: %w", err)
	}
	if r.Format != format {
		return nil, fmt.Errorf("sotto_eval is %d and this program reads %d: it is no report of sotto eval, or one of another version", r.Format, format)
	}
	return &r, nil
}
