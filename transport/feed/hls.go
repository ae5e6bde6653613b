package feed

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sotto/transport/room"
	"sotto/transport/subtitle"
)

const (
	asPlaylist = "application/vnd.apple.mpegurl"
	dayMs      = 24 * 60 * 60 * 1000
)

// stream serves a file of a room's live stream (RFC 8216).
func (h *Handler) stream(file func(l *live, r *http.Request) (kind string, body []byte, ok bool)) http.HandlerFunc {
	return h.answer(func(v *visit) (string, []byte, error) {
		now := time.Now()
		if h.now != nil {
			now = h.now()
		}
		l := h.live(v.room)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.look(now.UnixMilli())
		kind, body, ok := file(l, v.request)
		if !ok {
			return "", nil, &problem{http.StatusNotFound, "the stream has no such file: nothing was said in that language, or the segment is not listed"}
		}
		return kind, body, nil
	})
}

// live returns the stream of a room, and lets those of rooms that are over go.
func (h *Handler) live(r *room.Room) *live {
	h.mu.Lock()
	defer h.mu.Unlock()
	for other := range h.lives {
		if other.Over() {
			delete(h.lives, other)
		}
	}
	l := h.lives[r]
	if l == nil {
		l = &live{room: r}
		if h.lives == nil {
			h.lives = make(map[*room.Room]*live)
		}
		h.lives[r] = l
	}
	return l
}

// master lists the languages. Browsers' players need a stream for subtitles to go
// with: silence.
func (l *live) master(*http.Request) (kind string, body []byte, ok bool) {
	var b bytes.Buffer
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:3\n")
	first := "YES"
	for _, language := range l.room.Languages() {
		if l.tracks[language] == nil || !isCode(language) {
			continue
		}
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=%q,LANGUAGE=%[1]q,DEFAULT=%s,AUTOSELECT=YES,FORCED=NO,URI=\"%[1]s/index.m3u8\"\n", language, first)
		first = "NO"
	}
	b.WriteString("#EXT-X-STREAM-INF:BANDWIDTH=4000,CODECS=\"mp4a.40.2\",SUBTITLES=\"captions\"\nsilence/index.m3u8\n")
	return asPlaylist, b.Bytes(), first == "NO"
}

// isCode reports whether a language can be part of an address and of a playlist.
func isCode(language string) bool {
	return language != "" && language != "silence" && strings.Trim(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// track serves what was said in a language.
func (l *live) track(r *http.Request) (kind string, body []byte, ok bool) {
	language, name := r.PathValue("language"), r.PathValue("name")
	if name == "index.m3u8" {
		return asPlaylist, l.playlist("vtt"), l.tracks[language] != nil
	}
	n, ok := segmentNumber(name, ".vtt")
	if !ok {
		return "", nil, false
	}
	cues, ok := l.segment(language, n)
	return "text/vtt; charset=utf-8", segmentFile(n, cues), ok
}

func segmentNumber(name, suffix string) (n int64, ok bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil
}

// playlist lists the segments.
func (l *live) playlist(suffix string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", segmentMs/1000, l.begin)
	for n := l.begin; n < l.next; n++ {
		at := time.UnixMilli(n * segmentMs).UTC().Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%d.000,\n%d.%s\n", at, segmentMs/1000, n, suffix)
	}
	if !l.running {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	return b.Bytes()
}

// mpegts is the time of a segment's beginning on the clock of the stream, which is the
// time since the Unix epoch at 90 kHz, in 33 bits.
func mpegts(n int64) uint64 { return uint64(n*segmentMs*90) & (1<<33 - 1) }

// segmentFile writes a segment; the times of its cues are UTC.
func segmentFile(n int64, cues []subtitle.Cue) []byte {
	var b bytes.Buffer
	day := n * segmentMs / dayMs * dayMs
	w := subtitle.NewSegment(&b, mpegts(n), n*segmentMs-day) // into memory: it does not fail
	for _, c := range cues {
		c.StartMs, c.EndMs = max(0, c.StartMs-day), c.EndMs-day
		w.Write(c)
	}
	w.Close()
	return b.Bytes()
}
