package score

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
)

// simulstreamStep is a line of simulstream's log, in seconds.
type simulstreamStep struct {
	ID              int      `json:"id"`
	AudioSeconds    float64  `json:"total_audio_processed"`
	ComputeSeconds  float64  `json:"computation_time"`
	GeneratedTokens []string `json:"generated_tokens"`
	DeletedTokens   []string `json:"deleted_tokens"`
}

type simulstreamStart struct {
	ID       int               `json:"id"`
	Metadata map[string]string `json:"metadata"`
}

// WriteSimulstream writes logs as simulstream 1.0 does, a JSON object a line.
// Tokens are units, so the reader's configuration is `detokenizer_type:
// simuleval` with `latency_unit: word` or `char`. The reader takes sound plus
// one step's computing for the computation-aware time: that is ElapsedMs where
// steps never wait for each other.
func WriteSimulstream(w io.Writer, logs []*Log) error {
	out := encoder(w)
	names := make(map[string]bool)
	for id, l := range logs {
		// The reader knows a recording by its name without folder and ending.
		name := strings.TrimSuffix(path.Base(l.Recording), path.Ext(l.Recording))
		if names[name] {
			return fmt.Errorf("score: two recordings are named %q; simulstream's log tells them apart by that name, rename one", name)
		}
		names[name] = true
		if err := out.Encode(simulstreamStart{id, map[string]string{"wav_name": l.Recording}}); err != nil {
			return fmt.Errorf("score: writing simulstream's log: %w", err)
		}
		for _, s := range l.steps {
			line := simulstreamStep{id, s.AudioMs / 1000, s.ComputeMs / 1000, list(s.Added), list(s.Erased)}
			if err := out.Encode(line); err != nil {
				return fmt.Errorf("score: writing simulstream's log: %w", err)
			}
		}
	}
	return nil
}

// Instance is a recording for SimulEval's log.
type Instance struct {
	Log       *Log
	Reference string
	SourceMs  float64 // how long the recording is
}

type simulEvalLine struct {
	Index            int       `json:"index"`
	Prediction       string    `json:"prediction"`
	Delays           []float64 `json:"delays"`
	Elapsed          []float64 `json:"elapsed"`
	PredictionLength int       `json:"prediction_length"`
	Reference        string    `json:"reference"`
	Source           []string  `json:"source"`
	SourceLength     float64   `json:"source_length"`
}

// WriteSimulEval writes SimulEval's instances.log, a JSON object a line, in
// milliseconds. OmniSTEval reads it too.
func WriteSimulEval(w io.Writer, instances []Instance) error {
	out := encoder(w)
	for i, in := range instances {
		if err := checkMs("the recording's length", in.SourceMs); err != nil {
			return fmt.Errorf("score: instance %d (%s): %w", i, in.Log.Recording, err)
		}
		line := simulEvalLine{
			Index: i, Prediction: in.Log.Text(), PredictionLength: len(in.Log.shown),
			Delays: []float64{}, Elapsed: []float64{},
			Reference: in.Reference, Source: []string{in.Log.Recording}, SourceLength: in.SourceMs,
		}
		for _, word := range in.Log.shown {
			line.Delays = append(line.Delays, word.DelayMs)
			line.Elapsed = append(line.Elapsed, word.ElapsedMs)
		}
		if err := out.Encode(line); err != nil {
			return fmt.Errorf("score: writing SimulEval's log: %w", err)
		}
	}
	return nil
}

func encoder(w io.Writer) *json.Encoder {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out
}

// list is never nil, which JSON would write as null.
func list(units []string) []string {
	if units == nil {
		return []string{}
	}
	return units
}
