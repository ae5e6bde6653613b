package transport

import (
	"sotto/transport/deepgram"
	"sotto/transport/line"
)

// lineLimits are the limits of a voice whose protocol has its own patience.
func (s *Server) lineLimits() line.Limits {
	l := s.rules.Load().Limits
	return line.Limits{Write: l.Write, Linger: l.Linger}
}

func (s *Server) deepgram() deepgram.Options {
	opt := deepgram.Options{
		Hall: s.hall, Ready: s.serving, CheckOrigin: s.ownOrigin, Limits: s.lineLimits,
		Drain: s.options.Drain, Source: s.options.Source, Log: s.options.Log,
	}
	if s.options.Tokens != nil {
		opt.MayEnter = mayEnterRoom
	}
	return opt
}
