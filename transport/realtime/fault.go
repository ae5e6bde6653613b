package realtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sotto/transport/voice"
)

// missing is the code of a fault that another message may mend.
const missing = "missing_required_parameter"

// fault is what is wrong, as clients of the API read it.
type fault struct {
	Type    string
	Code    string
	Message string
	Param   string // the member at fault; "": none
}

func (f *fault) Error() string { return f.Message }

// invalid is a fault of the client's.
func invalid(param, code, format string, args ...any) *fault {
	return &fault{"invalid_request_error", code, fmt.Sprintf(format, args...), param}
}

// failed is the server's.
func failed(code, format string, args ...any) *fault {
	return &fault{"server_error", code, fmt.Sprintf(format, args...), ""}
}

// refused explains why a voice cannot be opened or changed.
func refused(err error) *fault {
	var why *voice.Refusal
	if !errors.As(err, &why) {
		return failed("internal_error", "the server failed; its log says more")
	}
	text := why.Message + "; " + why.Hint
	switch why.Code {
	case voice.Language:
		return invalid("session.audio.output.language", "invalid_value", "%s", why.Message)
	case voice.Full:
		return &fault{"rate_limit_error", "rate_limit_exceeded", text, ""}
	case voice.Stopping:
		return failed("server_stopping", "%s", text)
	case voice.Internal:
		return failed("internal_error", "%s", text)
	}
	return invalid(string(why.Code), "invalid_value", "%s", text)
}

// members are the fault as JSON has it: what there is none of is null.
func (f *fault) members() shape {
	m := shape{"type": f.Type, "message": f.Message, "code": nil, "param": nil}
	if f.Code != "" {
		m["code"] = f.Code
	}
	if f.Param != "" {
		m["param"] = f.Param
	}
	return m
}

// answer refuses a request over HTTP.
func (f *fault) answer(w http.ResponseWriter, status int, retry time.Duration) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())))
	}
	writeJSON(w, status, shape{"error": f.members()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(v)
}
