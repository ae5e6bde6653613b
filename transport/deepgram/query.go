package deepgram

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sotto/audio"
)

// query is what an address asks for.
type query struct {
	source, target string // language codes; target "": the transcript
	latency, room  string
	encoding       string
	rate, channels int
	interim        bool
	events         bool           // that speech starts
	utterance      audio.Position // without a word that end an utterance; 0: it has no end
}

// format is how an encoding is called here, and how many bytes its samples take.
type format struct {
	name  string
	width int
}

// formats are the encodings that are heard.
var formats = map[string]format{
	"linear16": {"s16le", 2}, "linear32": {"f32le", 4}, "mulaw": {"mulaw", 1}, "alaw": {"alaw", 1},
	"opus": {"opus", 1}, // a packet a message
}

// telephone is the rate of mulaw and alaw.
const telephone = 8000

// readQuery reads an address. What has no effect here is let through, what would
// be missed is refused.
func readQuery(values url.Values) (*query, error) {
	q := &query{
		source: primary(values.Get("language")), target: primary(values.Get("target_language")),
		latency: values.Get("latency"), room: values.Get("room"), encoding: strings.ToLower(values.Get("encoding")),
	}
	if q.source == "multi" {
		q.source = "" // nobody finds out what is spoken
	}
	var err error
	number := func(name string, least, most, usual int) int {
		n, bad := strconv.Atoi(values.Get(name))
		switch {
		case values.Get(name) == "":
			return usual
		case bad != nil || n < least || n > most:
			err = errors.Join(err, fmt.Errorf("%s is %.32q, want %d to %d", name, values.Get(name), least, most))
		}
		return n
	}
	truth := func(name string) bool {
		text := values.Get(name)
		if text != "" && text != "true" && text != "false" {
			err = errors.Join(err, fmt.Errorf("%s is %.32q, want true or false", name, text))
		}
		return text == "true"
	}
	q.rate = number("sample_rate", 8000, 192000, 0)
	q.channels = number("channels", 1, 2, 1)
	q.utterance = audio.Position(number("utterance_end_ms", 1000, 60000, 0)) * audio.RateHz / 1000
	q.interim, q.events = truth("interim_results"), truth("vad_events")
	for _, name := range []string{"multichannel", "diarize"} {
		if truth(name) {
			err = errors.Join(err, fmt.Errorf("%s is true; speakers and channels are not told apart here, leave it out", name))
		}
	}
	if values.Get("callback") != "" {
		err = errors.Join(err, errors.New("callback is not called by this server; leave it out and read the WebSocket"))
	}
	return q, err
}

// primary is the language of a tag such as es-419.
func primary(tag string) string {
	language, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return language
}

// check refuses what is missing.
func (q *query) check() error {
	if _, known := formats[q.encoding]; !known {
		var names []string
		for name := range formats {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("encoding is %.32q; say which of %s the sound is, other sound is not heard here", q.encoding, strings.Join(names, ", "))
	}
	switch q.encoding {
	case "opus": // which says itself how it is made
		q.rate, q.channels = 0, 1
	case "mulaw", "alaw":
		q.rate = cmp.Or(q.rate, telephone)
	}
	switch {
	case q.rate == 0 && q.encoding != "opus":
		return errors.New("sample_rate is missing; say how many samples a second the sound has")
	case q.source == "":
		return errors.New("language is missing; this model hears several, say which is spoken")
	}
	return nil
}

// seconds is a place in the sound, to the millisecond.
func seconds(p audio.Position) float64 { return float64(p.Millis()) / 1000 }

// stamp is a time as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
