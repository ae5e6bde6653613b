package openai

import (
	"fmt"
	"net/http"
	"strconv"
)

// problem is an answer that is not what was asked for, in the body that clients
// of the API read.
type problem struct {
	status int
	retry  int         // seconds after which to come again; 0: do not
	Body   problemBody `json:"error"`
}

func (p *problem) Error() string { return p.Body.Message }

type problemBody struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"` // the field at fault; null: none
	Code    *string `json:"code"`
}

// refuse makes a problem; param and code may be "".
func refuse(status int, param, code, format string, args ...any) *problem {
	p := &problem{status: status, Body: problemBody{Message: fmt.Sprintf(format, args...), Type: "invalid_request_error"}}
	if status >= 500 || status == http.StatusRequestEntityTooLarge {
		p.Body.Type = "server_error"
	}
	if param != "" {
		p.Body.Param = &param
	}
	if code != "" {
		p.Body.Code = &code
	}
	return p
}

// bad is about the value of one field.
func bad(param, format string, args ...any) *problem {
	return refuse(http.StatusBadRequest, param, "invalid_value", format, args...)
}

// busy says that there is no place now.
func busy(what string) *problem {
	p := refuse(http.StatusTooManyRequests, "", "rate_limit_exceeded", "%s; try again in a few seconds", what)
	p.Body.Type, p.retry = "requests", 5
	return p
}

// crowded is for a recording that has waited long enough for those before it.
func crowded() *problem {
	p := refuse(http.StatusServiceUnavailable, "", "recordings_waiting", "other recordings are heard first; try again in a while")
	p.retry = 30
	return p
}

// stopping is for a server that stops, or a client that is gone and will not
// read it.
func stopping() *problem {
	p := refuse(http.StatusServiceUnavailable, "", "server_stopping", "the server stops; send the recording again when it is back")
	p.retry = 5
	return p
}

// unready is for a server that still loads its model, or stops.
func unready() *problem {
	p := refuse(http.StatusServiceUnavailable, "", "server_not_ready", "the server loads its model or stops; try again in a few seconds")
	p.retry = 5
	return p
}

// broken is for what is the machine's fault; why goes to the log alone.
func broken() *problem {
	return refuse(http.StatusInternalServerError, "", "internal_error", "the server failed; its log says why, under this reply's X-Request-Id")
}

func (p *problem) code() string {
	if p.Body.Code == nil {
		return ""
	}
	return *p.Body.Code
}

func (p *problem) write(w http.ResponseWriter) {
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
	writeJSON(w, p.status, p)
}
