// Package metrics shows an engine and its server in Prometheus' formats. It only
// reads numbers: what they mean is said where they are made.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sotto"
)

// Metrics are the numbers of one server. There are no labels of rooms or voices:
// their number has no bound.
type Metrics struct {
	registry *prometheus.Registry
	tell     map[sotto.Measure]func(float64)
}

// measure is how a measure of an engine is shown.
type measure struct {
	name, help string
	histogram  bool
}

var measures = map[sotto.Measure]measure{
	sotto.FrameLag:    {"frame_lag_seconds", "Time by which a frame of sound was late when its turn came.", true},
	sotto.StepTime:    {"step_seconds", "Time that the drafts of one step took, in all languages of a voice.", true},
	sotto.FirstWord:   {"first_word_seconds", "Time from the first sign of speech to the first word that stays.", true},
	sotto.EndOfSpeech: {"end_of_speech_seconds", "Time from the end of speech to the last word of its segment.", true},
	sotto.RealTime:    {"real_time_factor", "Share of a segment's length for which its voice was computed or waited for its turn.", true},
	sotto.Steps:       {"steps_total", "Steps in which drafts were made.", false},
	sotto.Skipped:     {"steps_skipped_total", "Steps left out because sound was waiting.", false},
	sotto.Words:       {"words_total", "Words that stay, in all languages.", false},
	sotto.Erased:      {"erased_characters_total", "Characters of tentative text that were shown and did not stay.", false},
	sotto.Guarded:     {"guarded_total", "Drafts that were not trusted to their end.", false},
	sotto.Lost:        {"lost_seconds_total", "Sound that never came.", false},
	sotto.Shed:        {"shed_seconds_total", "Sound for which there was no room, because the engine is behind.", false},
	sotto.Refused:     {"refused_total", "Voices that were not let in.", false},
}

// New returns metrics of which nothing is known yet.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), tell: make(map[sotto.Measure]func(float64))}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for which, shown := range measures {
		if shown.histogram {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{
				Namespace: "sotto", Name: shown.name, Help: shown.help,
				// Ten buckets for each power of two, for scrapers that ask for them; for the
				// others these few.
				NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
				Buckets: []float64{.005, .02, .05, .1, .2, .5, 1, 2, 5, 10},
			})
			m.registry.MustRegister(h)
			m.tell[which] = h.Observe
			continue
		}
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "sotto", Name: shown.name, Help: shown.help})
		m.registry.MustRegister(c)
		m.tell[which] = c.Add
	}
	return m
}

// Observe is an engine's EngineOptions.Observe.
func (m *Metrics) Observe(which sotto.Measure, value float64) {
	if tell := m.tell[which]; tell != nil {
		tell(value)
	}
}

// Watch shows an engine's load.
func (m *Metrics) Watch(e *sotto.Engine) {
	m.Gauge("voices", "Voices that are open.", func() float64 { return float64(e.Load().Voices) })
	m.Gauge("level", "Rung of the ladder: what is left out because the machine is behind, 0 to 4.", func() float64 { return float64(e.Load().Level) })
	m.Gauge("waiting_seconds", "Sound of all voices that waits for its turn.", func() float64 { return e.Load().Waiting.Seconds() })
	m.Gauge("kv_bytes", "Keys and values of all voices.", func() float64 { return float64(e.Load().Bytes) })
	m.Gauge("voice_cost", "Share of real time that one voice with one language takes while it speaks; 0: not known yet.", func() float64 { return e.Load().Cost })
	m.Gauge("pass_seconds", "Time for which the pass under way has lasted.", func() float64 { return e.Load().Passing.Seconds() })
	m.Count("busy_seconds_total", "Time in which the engine has computed.", func() float64 { return e.Load().Busy.Seconds() })
}

// Gauge shows a number that is asked for.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "sotto", Name: name, Help: help}, value))
}

// Count shows a number that only grows.
func (m *Metrics) Count(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "sotto", Name: name, Help: help}, value))
}

// ServeHTTP answers a scrape.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: 4}).ServeHTTP(w, r)
}
