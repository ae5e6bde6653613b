package voice

import (
	"cmp"

	"sotto"
)

// Spoken returns the language of a voice: what its client says, else the only
// one that the model hears, else the usual one of this server; "": nobody says.
// No model finds out by itself.
func Spoken(engine *sotto.Engine, said, usual string) string {
	if sources := engine.Model().Config.Profile.Sources; len(sources) == 1 {
		usual = sources[0]
	}
	return cmp.Or(said, usual)
}
