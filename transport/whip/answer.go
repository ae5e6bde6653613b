package whip

import (
	"strings"

	"sotto/audio/opus"
)

// wanted is what we ask of the encoder: no discontinuous transmission, one
// channel, and no bits for error correction unless our decoder uses it.
var wanted = "minptime=10;useinbandfec=" + map[bool]string{false: "0", true: "1"}[opus.Repairs] + ";usedtx=0;stereo=0;sprop-stereo=0"

// steer puts our wishes into an answer to an offer: the library repeats the
// offer's. A track that is refused gets its name, by which browsers find it.
func steer(answer, offer string) string {
	var steered []string
	media, names := "", mids(offer)
	section := -1
	for line := range strings.Lines(answer) {
		line = strings.TrimRight(line, "\r\n")
		if rest, begins := strings.CutPrefix(line, "m="); begins {
			media, section = rest, section+1
		}
		audio := strings.HasPrefix(media, "audio ")
		if audio && (strings.HasPrefix(line, "a=fmtp:") || strings.HasPrefix(line, "a=ptime:")) {
			continue
		}
		steered = append(steered, line)
		if format, ok := opusFormat(line); ok && audio {
			steered = append(steered, "a=fmtp:"+format+" "+wanted, "a=ptime:20")
		}
		if strings.HasPrefix(media, "video 0 ") && strings.HasPrefix(line, "c=") && section < len(names) {
			steered = append(steered, "a=mid:"+names[section], "a=inactive")
		}
	}
	return strings.Join(steered, "\r\n") + "\r\n"
}

// mids returns the names of an offer's sections; "": it has none.
func mids(offer string) (names []string) {
	for line := range strings.Lines(offer) {
		if strings.HasPrefix(line, "m=") {
			names = append(names, "")
		} else if name, ok := strings.CutPrefix(line, "a=mid:"); ok && len(names) > 0 {
			names[len(names)-1] = strings.TrimSpace(name)
		}
	}
	return names
}

// opusFormat returns the payload type that a line maps to Opus.
func opusFormat(line string) (format string, ok bool) {
	rest, ok := strings.CutPrefix(line, "a=rtpmap:")
	if !ok {
		return "", false
	}
	format, codec, _ := strings.Cut(rest, " ")
	return format, strings.HasPrefix(strings.ToLower(codec), "opus/")
}
