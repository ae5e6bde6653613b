package whip

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sotto/transport/voice"
	"sotto/transport/wire"
)

// refusal is an answer that is not what was asked for. Its body is an
// error of the WebSocket protocol, without the numbers of a connection.
type refusal struct {
	status int
	retry  time.Duration // when to come again; 0: not known
	wire.Fault
}

func refuse(status int, code, hint, format string, args ...any) *refusal {
	return &refusal{status: status, Fault: wire.Fault{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}}
}

// The refusals of offers.
func badOffer(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "sdp", "send an SDP offer as RFC 9725 says", format, args...)
}

func badMedia(found string) *refusal {
	return refuse(http.StatusNotAcceptable, "sdp_media", "publish one microphone and nothing else", "exactly one audio track is accepted (found: %s)", found)
}

func badCodec(found string) *refusal {
	return refuse(http.StatusNotAcceptable, "sdp_codec", "offer opus/48000/2", "Opus is needed (found: %s)", found)
}

func badDTLS(found string) *refusal {
	return refuse(http.StatusBadRequest, "sdp_dtls", "offer UDP/TLS/RTP/SAVPF with a=fingerprint and a=setup", "DTLS with a SHA-256 fingerprint is needed (%s)", found)
}

func badICE(found string) *refusal {
	return refuse(http.StatusBadRequest, "sdp_ice", "offer a=ice-ufrag and a=ice-pwd", "ICE credentials missing (%s)", found)
}

// The refusals of everything else.
var (
	noSession = refuse(http.StatusNotFound, "session", "publish again", "no such session")
	badOrigin = refuse(http.StatusForbidden, "origin", "start the server with --allow-origin for this page", "this page may not publish here")
	noMethod  = refuse(http.StatusMethodNotAllowed, "method", "publish with POST", "the method is not known here")
	changed   = refuse(http.StatusPreconditionFailed, "session", "send the ETag of the answer as If-Match", "session changed; fetch it again")
	noMatch   = refuse(http.StatusPreconditionRequired, "session", "send the ETag of the answer as If-Match", "which session is meant is not said")
	noRestart = refuse(http.StatusUnprocessableEntity, "session", "publish again", "ICE restarts are not supported")
	unready   = &refusal{http.StatusServiceUnavailable, 5 * time.Second, wire.Fault{Code: "stopping", Message: "the server loads its model or stops", Hint: "try again in a few seconds"}}
	broken    = refuse(http.StatusInternalServerError, "internal", "publish again; the server's log has more", "the server failed on this voice")
)

// ofVoice is why the hall does not open a voice.
func ofVoice(err error) *refusal {
	var why *voice.Refusal
	if !errors.As(err, &why) {
		return broken
	}
	status := http.StatusBadRequest
	switch why.Code {
	case voice.Full, voice.Stopping:
		status = http.StatusServiceUnavailable
		why.Retry = max(why.Retry, 5*time.Second)
	case voice.Internal:
		status = http.StatusInternalServerError
	}
	r := refuse(status, string(why.Code), why.Hint, "%s", why.Message)
	r.retry = why.Retry
	return r
}

func (r refusal) write(w http.ResponseWriter) {
	if r.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(r.retry.Seconds())))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	r.RetryMs = r.retry.Milliseconds()
	json.NewEncoder(w).Encode(struct {
		Type string `json:"type"`
		wire.Fault
	}{"error", r.Fault})
}
