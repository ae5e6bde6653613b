// Package sotto turns one voice into text in other languages while it speaks.
//
// An Engine holds one loaded model. Each voice opens a Session, pushes 40 ms
// frames of sound into it, and reads captions out of it:
//
//	engine, err := sotto.NewEngine(model, sotto.EngineOptions{})
//	session, err := engine.Open(sotto.SessionOptions{Source: "es", Targets: []string{"en", "fr"}})
//	go session.Run(ctx)                   // hears, drafts and commits
//	go func() { …session.Push(ctx, frame)…; session.Finish(tail) }()
//	for {
//		caption, err := session.Next(ctx) // io.EOF when everything has been said
//	}
//
// The way of one frame:
//
//	Push → mailbox → Run ─ vad: is anyone speaking? ─ no → forgotten, nothing is computed
//	                     └ yes → encoder.Step → one sound token → decoder.AppendAudio
//	                             every step: each target drafts on a fork of the memory,
//	                             its policy says which words stay
//	                             at a pause: all of them
//	                     → captions → Next
//
// Committed words are append-only; a tail replaces the whole tentative text of
// its language.
package sotto
