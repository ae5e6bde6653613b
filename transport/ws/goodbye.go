package ws

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/voice"
	"sotto/transport/wire"
)

// goodbye is a way for a connection to end. The zero value is a client that
// has gone without a word.
type goodbye struct {
	close int // WebSocket close code
	wire.Error
}

func bye(close int, code, hint, format string, args ...any) goodbye {
	return goodbye{close, wire.Error{Type: "error", Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}}
}

// The ways to end, as PROTOCOL.md lists them.
var (
	byeEnded = goodbye{close: websocket.CloseNormalClosure}
	byeEarly = bye(4450, "order", `send {"type":"start",…} before sound`,
		"the first message must be start")
	byeTwice = bye(4450, "order", "open another connection for another voice",
		"this voice has already started")
	byeRestart = bye(websocket.CloseServiceRestart, "stopping", "connect again in a few seconds",
		"the server is stopping")
	byeLate = bye(websocket.CloseServiceRestart, "stopping", "connect again in a few seconds",
		"the server is stopping, and its last words came too late")
	byeInternal = bye(websocket.CloseInternalServerErr, "internal", "connect again; the server's log has more",
		"the server failed on this voice")
)

func byeIdle(waited time.Duration) goodbye {
	return bye(4404, "idle", "send sound, silence included, for as long as the voice lasts",
		"nothing came for %g seconds", waited.Seconds())
}

func byeNoStart(waited time.Duration) goodbye {
	return bye(4450, "order", `send {"type":"start",…} right after connecting`,
		"no start message within %g seconds", waited.Seconds())
}

func byeMessage(err error) goodbye {
	return bye(4450, "message", "see PROTOCOL.md for what a client sends", "%v", err)
}

func byeTooBig(limit int) goodbye {
	return bye(websocket.CloseMessageTooBig, "too_big", "send sound in pieces of 10 to 1000 ms; 40 ms is best",
		"a message is longer than %d bytes", limit)
}

func byeSound(err error) goodbye {
	return bye(4451, "format", "send whole samples in the format that start announced", "%v", err)
}

// byeRefused is the end of a voice that could not be opened.
func byeRefused(err error) goodbye {
	var why *voice.Refusal
	if !errors.As(err, &why) {
		return byeInternal
	}
	code := 4451
	switch why.Code {
	case voice.Full:
		code = websocket.CloseTryAgainLater
	case voice.Stopping:
		code = websocket.CloseServiceRestart
	case voice.Internal:
		code = websocket.CloseInternalServerErr
	}
	return bye(code, string(why.Code), why.Hint, "%s", why.Message)
}

// why names the end for the log.
func (g goodbye) why() string {
	switch {
	case g.Code != "":
		return g.Code
	case g.close != 0:
		return "stopped"
	}
	return "gone"
}
