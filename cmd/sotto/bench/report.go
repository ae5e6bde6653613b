// Package bench measures how fast a model runs on this machine: first what the
// machine can do at most, then each station of the pipe as a share of that, then
// a voice as it is spoken.
package bench

// Report is everything that was measured. Names and units of its JSON stay as
// they are; later versions only add to them.
type Report struct {
	Version   string    `json:"version"` // of this program
	Quick     bool      `json:"quick"`   // fewer repetitions
	Machine   Machine   `json:"machine"`
	Roofs     Roofs     `json:"roofs"`
	Model     Model     `json:"model"`
	Load      Load      `json:"load"`
	Pack      Pack      `json:"pack"`
	Stations  []Station `json:"stations"`
	LeftOut   []string  `json:"left_out,omitempty"` // stations that would have taken too long, or do not fit
	Ratios    Ratios    `json:"ratios"`
	Live      []Live    `json:"live"`
	Memory    Memory    `json:"memory"`
	LlamaCpp  string    `json:"llama_cpp,omitempty"` // the command that measures llama.cpp on the same file
	Positions int       `json:"context_positions"`   // that prefill and decode are measured behind
}

// Machine is what was measured on.
type Machine struct {
	CPU         string `json:"cpu"`
	Threads     int    `json:"threads"`
	Kernel      string `json:"kernel"` // portable, avx2 or avx512
	MemoryBytes int64  `json:"memory_bytes,omitempty"`
	OS          string `json:"os"`
	Arch        string `json:"arch"`
	Go          string `json:"go"`
}

// Roofs are what the machine can do at most, with all threads: the best of
// several short runs.
type Roofs struct {
	ReadBytesPerSecond  float64 `json:"read_bytes_per_second"`
	ReadBufferBytes     int64   `json:"read_buffer_bytes"`
	IntegerOpsPerSecond float64 `json:"int8_operations_per_second"` // a multiplication and an addition are two
	IntegerInstruction  string  `json:"int8_instruction"`
	FloatOpsPerSecond   float64 `json:"f32_operations_per_second"`
	FloatInstruction    string  `json:"f32_instruction"`
	Runs                int     `json:"runs"`
	ReadAhead           int     `json:"read_prefetch_bytes"` // of the best run
}

// Model is what was run.
type Model struct {
	Name         string   `json:"name"`
	Paths        []string `json:"paths,omitempty"`
	Parameters   int64    `json:"parameters"`
	EncoderBytes int64    `json:"encoder_bytes"` // of packed weights that one pass reads
	DecoderBytes int64    `json:"decoder_bytes"`
	EncoderOps   int64    `json:"encoder_operations_per_frame"`
	PrefillOps   int64    `json:"prefill_operations_per_token"` // with early exit
	DecodeOps    int64    `json:"decode_operations_per_token"`
	Layers       int      `json:"layers"`
	ExitLayers   int      `json:"prefill_layers"` // that a position without logits goes through
}

// Load is the time until the first results, files in the system's cache.
type Load struct {
	OpenMillis    float64 `json:"open_ms"`       // open the files, attach the packed weights
	PrepareMillis float64 `json:"prepare_ms"`    // both towers
	FirstMillis   float64 `json:"first_pass_ms"` // one frame and one token
	ReadyMillis   float64 `json:"ready_ms"`      // the sum
}

// Pack is how fast this machine lays the weights out, in memory, with all
// threads; the disk comes on top.
type Pack struct {
	Bytes          int64   `json:"bytes"` // all of the model, packed
	BytesPerSecond float64 `json:"bytes_per_second"`
	Seconds        float64 `json:"seconds"` // Bytes at that speed
}

// Spread is a median with its quartiles.
type Spread struct {
	Median    float64 `json:"median"`
	Quartile1 float64 `json:"quartile_1"`
	Quartile3 float64 `json:"quartile_3"`
	Runs      int     `json:"runs"`
}

// Station is one measured step: Size units at once.
type Station struct {
	Name      string  `json:"name"` // mel, encoder, prefill, decode or verify
	Size      int     `json:"size"`
	Unit      string  `json:"unit"` // frames, tokens or streams
	Millis    Spread  `json:"milliseconds"`
	PerSecond float64 `json:"per_second"` // units
	// Shares of the roofs; 0 where the station reads no weights.
	ShareOfReading float64 `json:"share_of_read_bandwidth"`
	ShareOfPeak    float64 `json:"share_of_peak"`
	Peak           string  `json:"peak,omitempty"` // int8 or f32
}

// Ratios compare stations that were measured in turn.
type Ratios struct {
	Decode8     float64 `json:"decode_8_streams_over_1,omitempty"`
	Decode4     float64 `json:"decode_4_streams_over_1,omitempty"`
	Prefill12   float64 `json:"prefill_token_in_12_over_in_64,omitempty"`
	Encoder12   float64 `json:"encoder_frame_in_12_over_in_1,omitempty"`
	VerifyAbove float64 `json:"verify_64_over_prefill_64,omitempty"` // all layers and logits over early exit
}

// Live is a voice as it is spoken: per second of sound 25 frames, in blocks,
// through encoder and prefill, and so many tokens of text behind them.
type Live struct {
	TextPerSecond  int       `json:"text_tokens_per_second"`
	BlockFrames    int       `json:"block_frames"`
	AudioSeconds   float64   `json:"audio_seconds"`    // that were run
	RealTimeFactor float64   `json:"real_time_factor"` // seconds of work per second of sound
	Stretches      Spread    `json:"real_time_factor_of_stretches"`
	Encoder        float64   `json:"encoder_seconds_per_second"`
	Prefill        float64   `json:"prefill_seconds_per_second"`
	Decode         float64   `json:"decode_seconds_per_second"`
	ByContext      []Context `json:"by_context"`
}

// Context is the cost of sound behind so much of it.
type Context struct {
	Seconds        float64 `json:"context_seconds"`
	RealTimeFactor float64 `json:"real_time_factor"`
}

// Memory is what the process holds while one voice is live; 0 where the system
// does not tell.
type Memory struct {
	ResidentBytes int64 `json:"resident_bytes,omitempty"`
	PeakBytes     int64 `json:"peak_bytes,omitempty"`
}

// station returns a station, or nil where it was left out.
func (r *Report) station(name string, size int) *Station {
	for i := range r.Stations {
		if s := &r.Stations[i]; s.Name == name && s.Size == size {
			return s
		}
	}
	return nil
}

// ratio compares two stations per unit, or per run; 0 where one is missing.
func (r *Report) ratio(name string, size int, other string, base int, perUnit bool) float64 {
	a, b := r.station(name, size), r.station(other, base)
	if a == nil || b == nil {
		return 0
	}
	ratio := a.Millis.Median / b.Millis.Median
	if perUnit {
		ratio *= float64(base) / float64(size)
	}
	return ratio
}

func (r *Report) compare() {
	r.Ratios = Ratios{
		Decode8:     r.ratio("decode", 8, "decode", 1, false),
		Decode4:     r.ratio("decode", 4, "decode", 1, false),
		Prefill12:   r.ratio("prefill", 12, "prefill", 64, true),
		Encoder12:   r.ratio("encoder", 12, "encoder", 1, true),
		VerifyAbove: r.ratio("verify", 64, "prefill", 64, false),
	}
}
