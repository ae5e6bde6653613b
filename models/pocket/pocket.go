// Package pocket is the embedded model: Gemma 4's graph with every size shrunk,
// trained by the recipe in this folder on synthetic Spanish. It holds no weights
// of Gemma and knows about 560 words; README.md and REPORT.md say what it can do.
package pocket

import (
	_ "embed"

	"sotto/models/gemma4"
)

var (
	//go:embed pocket.gguf
	text []byte
	//go:embed pocket-mmproj.gguf
	audio []byte
)

// Demo is a Spanish clip of 22 s as Ogg Opus: seven sentences of the training
// side in one clear voice. testset/demo.jsonl holds its texts and times.
//
//go:embed testset/demo.ogg
var Demo []byte

// Open loads the embedded model.
func Open() (*gemma4.Model, error) { return gemma4.OpenGGUF(text, audio) }
