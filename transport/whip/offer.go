package whip

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pion/sdp/v3"
)

const (
	maxOffer = 16 << 10
	maxLines = 1000
	maxLine  = 1 << 10
)

// readOffer checks an offer and returns it without its candidates: the door is
// ICE-lite, so it never contacts any, and learns where a client is from its checks.
func readOffer(body []byte) (string, *refusal) {
	if why := checkText(body); why != nil {
		return "", why
	}
	var offer sdp.SessionDescription
	if err := offer.Unmarshal(body); err != nil {
		return "", badOffer("the offer cannot be read")
	}
	audio, why := checkMedia(&offer)
	if why != nil {
		return "", why
	}
	for _, check := range []func(offer *sdp.SessionDescription, audio *sdp.MediaDescription) *refusal{checkTransport, checkICE, checkCodec} {
		if why := check(&offer, audio); why != nil {
			return "", why
		}
	}
	offer.Attributes = withoutCandidates(offer.Attributes)
	for _, m := range offer.MediaDescriptions {
		m.Attributes = withoutCandidates(m.Attributes)
	}
	text, err := offer.Marshal()
	if err != nil {
		return "", badOffer("the offer cannot be read")
	}
	return string(text), nil
}

func checkText(body []byte) *refusal {
	text := string(body)
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return badOffer("the offer is not UTF-8 text")
	}
	lines := strings.Split(text, "\n")
	if len(lines) > maxLines {
		return badOffer("an offer of %d lines, at most %d are read", len(lines), maxLines)
	}
	for i, line := range lines {
		if len(line) > maxLine {
			return badOffer("line %d is longer than %d bytes", i+1, maxLine)
		}
	}
	return nil
}

// checkMedia finds the one audio track. A video track is answered as inactive, a
// data channel as one.
func checkMedia(offer *sdp.SessionDescription) (audio *sdp.MediaDescription, why *refusal) {
	var found []string
	channels := 0
	for _, m := range offer.MediaDescriptions {
		kind := m.MediaName.Media
		found = append(found, fmt.Sprintf("%.16q", kind))
		switch kind {
		case "audio":
			if audio != nil {
				return nil, badMedia("two of audio")
			}
			audio = m
		case "video":
		case "application":
			if channels++; channels > 1 {
				return nil, badMedia("two of application")
			}
			if strings.Join(m.MediaName.Protos, "/") != "UDP/DTLS/SCTP" {
				return nil, badMedia("an application that is no data channel")
			}
		default:
			return nil, badMedia(found[len(found)-1])
		}
	}
	switch {
	case audio == nil && len(found) == 0:
		return nil, badMedia("none")
	case audio == nil:
		return nil, badMedia(strings.Join(found, ", "))
	}
	for _, a := range audio.Attributes {
		switch a.Key {
		case "recvonly", "inactive":
			return nil, badMedia("one that is " + a.Key)
		case "simulcast", "rid":
			return nil, badMedia("simulcast")
		}
	}
	return audio, nil
}

// checkTransport wants DTLS: never plain RTP, nor keys in the offer.
func checkTransport(offer *sdp.SessionDescription, audio *sdp.MediaDescription) *refusal {
	switch proto := strings.Join(audio.MediaName.Protos, "/"); proto {
	case "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF":
	default:
		return badDTLS(fmt.Sprintf("found: %.32q", proto))
	}
	if _, plain := audio.Attribute("crypto"); plain {
		return badDTLS("found: keys in the offer")
	}
	switch setup := attribute(offer, audio, "setup"); setup {
	case "actpass", "active":
	case "":
		return badDTLS("a=setup is missing")
	default:
		return badDTLS(fmt.Sprintf("a=setup:%.16s", setup))
	}
	return checkFingerprint(attribute(offer, audio, "fingerprint"))
}

// hashes that are strong enough, by their bytes.
var hashes = map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}

func checkFingerprint(line string) *refusal {
	name, value, _ := strings.Cut(line, " ")
	size, strong := hashes[strings.ToLower(name)]
	if !strong {
		return badDTLS(fmt.Sprintf("found: %.16q", name))
	}
	sum, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(value), ":", ""))
	if err != nil || len(sum) != size {
		return badDTLS("the fingerprint is malformed")
	}
	return nil
}

// checkICE bounds the credentials as RFC 8839, section 5.4 does.
func checkICE(offer *sdp.SessionDescription, audio *sdp.MediaDescription) *refusal {
	for key, least := range map[string]int{"ice-ufrag": 4, "ice-pwd": 22} {
		if value := attribute(offer, audio, key); len(value) < least || len(value) > 256 || strings.Trim(value, iceChars) != "" {
			return badICE(fmt.Sprintf("a=%s has %d characters", key, len(value)))
		}
	}
	if _, lite := offer.Attribute("ice-lite"); lite {
		return badICE("both sides would wait for the other: the offer is ICE-lite, and so is this server")
	}
	return nil
}

const iceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// checkCodec wants Opus among the formats of the track.
func checkCodec(_ *sdp.SessionDescription, audio *sdp.MediaDescription) *refusal {
	var found []string
	for _, a := range audio.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		format, codec, _ := strings.Cut(a.Value, " ")
		for _, offered := range audio.MediaName.Formats {
			if offered != format {
				continue
			}
			if n, err := strconv.Atoi(format); err == nil && n <= 127 && strings.EqualFold(strings.TrimSpace(codec), "opus/48000/2") {
				return nil
			}
			found = append(found, fmt.Sprintf("%.32q", codec))
		}
	}
	if found == nil {
		found = []string{"none"}
	}
	return badCodec(strings.Join(found[:min(8, len(found))], ", "))
}

// attribute returns what the track says, or the session for it.
func attribute(offer *sdp.SessionDescription, audio *sdp.MediaDescription, key string) string {
	if value, ok := audio.Attribute(key); ok {
		return value
	}
	value, _ := offer.Attribute(key)
	return value
}

func withoutCandidates(all []sdp.Attribute) []sdp.Attribute {
	kept := all[:0]
	for _, a := range all {
		if a.Key != "candidate" && a.Key != "end-of-candidates" && a.Key != "remote-candidates" {
			kept = append(kept, a)
		}
	}
	return kept
}
