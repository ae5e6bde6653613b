// Package pocket is the embedded model: Gemma 4's graph with every size shrunk,
// trained by the recipe in this folder on synthetic Spanish. It holds no weights
// of Gemma and knows about 560 words; README.md and REPORT.md say what it can do.
package pocket

import (
	_ "embed"

	"sotto/models/gemma4"
	"sotto/models/packed"
)

var (
	//go:embed pocket.gguf
	text []byte
	//go:embed pocket-mmproj.gguf
	audio []byte
)

// Policy is what sotto eval --calibrate found out about the model: a
// decoder/policy.Table as JSON.
//
//go:embed policy.json
var Policy []byte

// Demo is a Spanish clip of 22 s as Ogg Opus: seven sentences of the training
// side in one clear voice.
//
//go:embed testset/demo.ogg
var Demo []byte

// DemoTexts is what the recipe says of the clip, as JSON: its sentences, with
// their times, in every language.
//
//go:embed testset/demo.jsonl
var DemoTexts []byte

// Open loads the embedded model, packed for the fast kernels.
func Open() (*gemma4.Model, error) {
	m, err := Reference()
	if err != nil {
		return nil, err
	}
	if err := packed.Memory(m); err != nil {
		return nil, err
	}
	return m, nil
}

// Reference loads the embedded model as it is stored: it is computed by the
// reference arithmetic, slowly and exactly.
func Reference() (*gemma4.Model, error) { return gemma4.OpenGGUF(text, audio) }
