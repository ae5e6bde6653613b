package transport

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"sotto"
)

// The phases of a server's life, in their order.
const (
	loading int32 = iota
	serving
	stopping
)

const (
	drainTimeout = 10 * time.Second
	// lastWords is for goodbyes to arrive after the voices' own time has passed.
	lastWords = 5 * time.Second
	// A pass that lasts so long will not end. The longest that ever do are those of
	// a machine that is far too slow to hear voices.
	stuckTime = 10 * time.Second
)

// Ready gives the server its engine; from now on voices are heard.
func (s *Server) Ready(engine *sotto.Engine) {
	s.hall.Engine = engine // read after the phase
	s.audio.Engine = engine
	if s.options.Metrics != nil {
		s.options.Metrics.Watch(engine)
	}
	s.phase.CompareAndSwap(loading, serving)
}

// serving reports whether there is an engine and the server goes on.
func (s *Server) serving() bool { return s.phase.Load() == serving }

// Stuck reports whether the engine is held up by a pass that does not end.
func (s *Server) Stuck() bool {
	return s.serving() && s.hall.Engine.Load().Passing >= s.patience
}

// hears reports whether a voice would be heard now.
func (s *Server) hears() bool { return s.serving() && !s.Stuck() }

// readyz answers 200 when a voice would be heard. /healthz answers 200 as long
// as the process lives.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.admits(w) {
		fmt.Fprintln(w, "ready")
	}
}

// stream opens a voice when there is an engine to hear it.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	if s.admits(w) {
		s.voices.ServeHTTP(w, r)
	}
}

// admits reports whether voices are heard now; if not, it answers.
func (s *Server) admits(w http.ResponseWriter) bool {
	why := "the model is being loaded; try again in a few seconds"
	switch phase := s.phase.Load(); {
	case s.hears():
		return true
	case phase == serving:
		why = "the engine is stuck: a pass does not end; if it stays so, the server has to be started again"
	case phase == stopping:
		why = "the server is stopping; try again in a few seconds"
	}
	w.Header().Set("Retry-After", "5")
	http.Error(w, why, http.StatusServiceUnavailable)
	return false
}

// drain lets no voice in, waits for those that are there, then for their
// readers, and ends the server.
func (s *Server) drain(ctx context.Context, server *http.Server) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.options.Drain, drainTimeout)+s.rules.Load().Limits.Linger+lastWords)
	defer cancel()
	s.phase.Store(stopping)
	s.voices.Close()
	s.live.Close()
	s.others.close()
	s.voices.Wait(ctx)
	s.live.Wait(ctx)
	s.others.wait(ctx)
	if s.published != nil {
		s.published.Wait(ctx)
	}
	s.closeRooms()
	goodbyes, enough := context.WithTimeout(ctx, lastWords)
	defer enough()
	s.readers.Wait(goodbyes)
	server.Shutdown(ctx)
	server.Close()
}
