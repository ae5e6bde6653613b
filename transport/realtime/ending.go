package realtime

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/line"
)

// ending is a way for a session to end.
type ending struct {
	why   string // for the log
	close int    // WebSocket close code; 0: the client is gone
	fault *fault // said before; nil: nothing
}

// The ways to end. Numbers from 4400 are ours: up to 4449 a client may come back.
var (
	endGone    = ending{why: "gone"}
	endClosed  = ending{why: "closed", close: websocket.CloseNormalClosure}
	endRestart = ending{why: "stopping", close: websocket.CloseServiceRestart}
	endLate    = ending{"late", websocket.CloseInternalServerErr, failed("late", "the last words came too late to wait for them")}
	endBroken  = ending{"broken", websocket.CloseInternalServerErr, failed("internal_error", "the server failed on this session; its log says more")}
	endExpired = ending{"expired", websocket.CloseNormalClosure, invalid("", "session_expired", "the session is %v old, which is the most; open another", longest)}
)

func endIdle(waited time.Duration) *ending {
	return &ending{"idle", 4404, invalid("", "session_idle", "nothing came for %v; send sound, silence included, for as long as the session lasts", waited)}
}

func endBad(bad *line.BadMessage) *ending {
	if bad.Close == websocket.CloseMessageTooBig {
		return &ending{"message", bad.Close, invalid("", "message_too_big", "%s; send sound in pieces of 20 to 200 ms", bad.Text)}
	}
	return &ending{"message", bad.Close, invalid("", "invalid_message", "%s", bad.Text)}
}

// endingFor explains why no message came, or why the voice ended.
func endingFor(err error, limits *line.Limits) *ending {
	var bad *line.BadMessage
	switch {
	case errors.As(err, &bad):
		return endBad(bad)
	case err == line.ErrGone:
		return &endGone
	case err == line.ErrIdle:
		return endIdle(limits.Idle)
	case err == line.ErrStopping:
		return &endRestart
	case err == line.ErrLate:
		return &endLate
	}
	return &endBroken
}

// endRefused ends a session that gets no voice.
func endRefused(f *fault) *ending {
	code := websocket.CloseTryAgainLater
	switch f.Code {
	case "internal_error":
		code = websocket.CloseInternalServerErr
	case "invalid_value", "model_not_found", missing:
		code = websocket.ClosePolicyViolation
	}
	return &ending{f.Code, code, f}
}

func (e *ending) reason() string {
	switch {
	case e.fault != nil:
		return e.fault.Code
	case e.close == websocket.CloseServiceRestart:
		return "the server stops; connect again in a few seconds"
	}
	return ""
}

// unknownType refuses an event that a session does not take.
func unknownType(kind string, known ...string) *fault {
	if kind == "" {
		return invalid("type", missing, "missing 'type', the name of the event; here it is one of %s", quoted(known))
	}
	return invalid("type", "invalid_value", "invalid value for 'type': %.64q; here it is one of %s", kind, quoted(known))
}

func quoted(names []string) (list string) {
	for i, name := range names {
		if i > 0 {
			list += ", "
		}
		list += fmt.Sprintf("'%s'", name)
	}
	return list
}
