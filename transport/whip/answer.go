package whip

import "strings"

// wanted is what we ask of the encoder: no discontinuous transmission, one
// channel, and no bits for error correction, which our decoder does not use.
const wanted = "minptime=10;useinbandfec=0;usedtx=0;stereo=0;sprop-stereo=0"

// steer puts our wishes into an answer: the library repeats the offer's.
func steer(answer string) string {
	lines := strings.Split(strings.TrimSuffix(answer, "\r\n"), "\r\n")
	steered := make([]string, 0, len(lines)+2)
	audio := false
	for _, line := range lines {
		if strings.HasPrefix(line, "m=") {
			audio = strings.HasPrefix(line, "m=audio ")
		}
		if audio && (strings.HasPrefix(line, "a=fmtp:") || strings.HasPrefix(line, "a=ptime:")) {
			continue
		}
		steered = append(steered, line)
		if format, ok := opusFormat(line); ok && audio {
			steered = append(steered, "a=fmtp:"+format+" "+wanted, "a=ptime:20")
		}
	}
	return strings.Join(steered, "\r\n") + "\r\n"
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
