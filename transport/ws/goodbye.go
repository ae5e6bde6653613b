package ws

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/voice"
	"sotto/transport/wire"
)

// goodbye is a way for a connection to end. The zero value is a client that has
// gone without a word.
type goodbye struct{ wire.Goodbye }

func bye(code, hint, format string, args ...any) goodbye {
	return goodbye{wire.Bye(code, hint, format, args...)}
}

var (
	byeEnded = goodbye{wire.Goodbye{Close: websocket.CloseNormalClosure}}
	byeEarly = bye("order", `send {"type":"start",…} before sound`,
		"the first message must be start")
	byeTwice = bye("order", "open another connection for another voice",
		"this voice has already started")
	byeRestart = bye("stopping", "connect again in a few seconds",
		"the server is stopping")
	byeLate = bye("stopping", "connect again in a few seconds",
		"the server is stopping, and its last words came too late")
	byeInternal = bye("internal", "connect again; the server's log has more",
		"the server failed on this voice")
	byeUTF8 = bye("utf8", "send JSON as UTF-8, and sound as binary messages",
		"text message is not UTF-8")
	byeFlood = bye("flood", "send a ping every few seconds at most",
		"more than %d pings came within a second", maxPings)
	byeRole = bye("role", "name the token's own room, or get another token from the owner",
		"the token is not for this room")
	byeSlow = bye("slow", "read what the server sends, and connect again",
		"the client does not read")
)

// byeBreach is the end of a client that breaks RFC 6455. It has been told.
func byeBreach(err error) goodbye { return bye("frame", "", "%v", err) }

func byeNoStart(waited time.Duration) goodbye {
	return bye("order", `send {"type":"start",…} right after connecting`,
		"no start message within %g seconds", waited.Seconds())
}

func byeIdle(waited time.Duration) goodbye {
	return bye("idle", "send sound, silence included, for as long as the voice lasts",
		"no sound came for %g seconds", waited.Seconds())
}

func byeNoPong(waited time.Duration) goodbye {
	return bye("no_pong", "answer pings, and connect again",
		"a ping was not answered within %g seconds", waited.Seconds())
}

func byeSession(lasted time.Duration) goodbye {
	return bye("session", "connect again to go on",
		"the voice has lasted %g hours, which is its most", lasted.Hours())
}

func byeUnfinished(waited time.Duration) goodbye {
	return bye("unfinished", "send each message in one piece",
		"a message was not complete %g seconds after it began", waited.Seconds())
}

func byeTooBig(limit int) goodbye {
	return bye("too_big", "send sound in pieces of 10 to 1000 ms; 40 ms is best",
		"a message is longer than %d bytes", limit)
}

func byeTooFast(sound, passed time.Duration) goodbye {
	return bye("too_fast", "send live sound as it is spoken, or leave live out",
		"%.1f s of live sound came in %.1f s", sound.Seconds(), passed.Seconds())
}

func byeMessage(err error) goodbye {
	return bye("message", "see PROTOCOL.md for what a client sends", "%v", err)
}

func byeSound(err error) goodbye {
	return bye("format", "send whole samples in the format that start announced", "%v", err)
}

func byeSequence(err error) goodbye {
	return bye("sequence", "count messages from 0, and samples since the start", "%v", err)
}

// byeRefused is the end of a voice that could not be opened.
func byeRefused(err error) goodbye {
	var why *voice.Refusal
	if !errors.As(err, &why) {
		return byeInternal
	}
	end := bye(string(why.Code), why.Hint, "%s", why.Message)
	end.RetryMs = why.Retry.Milliseconds()
	return end
}

// gone reports whether nobody is left to be told anything.
func (g goodbye) gone() bool { return g.Close == 0 || g.Close == websocket.CloseProtocolError }

// why names the end for the log.
func (g goodbye) why() string {
	switch {
	case g.Code != "":
		return g.Code
	case g.Close != 0:
		return "stopped"
	}
	return "gone"
}
