package sotto

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// order says which of our packages each package may import: a package may use
// those of the lines above its own, as far as they are listed. ARCHITECTURE.md
// gives the reasons.
var order = map[string]string{
	"audio":                    "",
	"audio/resample":           "",
	"audio/wav":                "audio",
	"audio/ogg":                "",
	"audio/opus":               "audio/ogg",
	"audio/rtp":                "",
	"audio/vorbis":             "audio/ogg",
	"audio/intake":             "audio audio/opus audio/resample audio/vorbis audio/wav",
	"audio/vad":                "audio",
	"audio/mic":                "audio audio/resample",
	"audio/mic/mictest":        "",
	"models/tensor":            "",
	"models/mapped":            "",
	"models/disk":              "",
	"models/batch":             "",
	"models/mutant":            "",
	"models/tokenizer":         "",
	"models/safetensors":       "models/tensor models/mapped",
	"models/gguf":              "models/tensor models/mapped",
	"models/kernel/simd":       "",
	"models/kernel/gen/quant":  "",
	"models/kernel/gen/float":  "",
	"models/kernel/gen/peak":   "",
	"models/kernel":            "models/tensor models/kernel/simd",
	"models/gemma4":            "models/tensor models/mapped models/gguf models/safetensors models/tokenizer",
	"models/gemma4/gemma4test": "models/gemma4 models/tensor models/tokenizer",
	"models/packed":            "models/tensor models/mapped models/disk models/gemma4",
	"models/pocket":            "models/gemma4 models/packed",
	"models/hub":               "models/disk",
	"models/hub/hubtest":       "",
	"models/synthetic":         "models/disk models/gemma4 models/gguf models/tensor models/tokenizer",
	"encoder/mel":              "",
	"encoder":                  "audio encoder/mel models/batch models/gemma4 models/kernel models/tensor",
	"decoder/kvcache":          "models/kernel",
	"decoder/sample":           "",
	"decoder/words":            "",
	"decoder/prompt":           "decoder/words models/gemma4 models/tokenizer",
	"decoder/policy":           "",
	"decoder/guard":            "",
	"decoder":                  "decoder/kvcache decoder/sample models/batch models/gemma4 models/kernel models/tensor",
	".":                        "audio audio/vad encoder decoder decoder/guard decoder/policy decoder/prompt decoder/words models/batch models/gemma4 models/kernel",
	"transport/strictjson":     "",
	"transport/wire":           "transport/strictjson",
	"transport/subtitle":       "",
	"transport/room":           ". audio models/disk",
	"transport/voice":          ". audio decoder/prompt audio/opus audio/resample decoder/policy transport/room transport/wire",
	"transport/metrics":        ".",
	"transport/ws":             ". audio transport/voice transport/wire",
	"transport/whip":           ". audio audio/opus audio/rtp transport/voice transport/wire",
	"transport/openai":         ". audio audio/intake decoder/prompt decoder/words transport/subtitle transport/voice",
	"transport/line":           ". audio transport/voice",
	"transport/realtime":       ". audio audio/vad decoder/prompt decoder/words transport/line transport/voice",
	"transport/deepgram":       ". audio audio/vad transport/line transport/voice",
	"transport/whisperlive":    ". audio decoder/words transport/line transport/voice",
	"transport/wyoming":        ". decoder/prompt decoder/words transport/line transport/strictjson transport/voice",
	"transport/feed":           "transport/room transport/subtitle transport/voice transport/wire",
	"transport/access":         "",
	"web":                      "",
	"transport":                ". transport/access transport/deepgram transport/feed transport/line transport/metrics transport/openai transport/realtime transport/room transport/strictjson transport/voice transport/whip transport/whisperlive transport/wire transport/ws transport/wyoming",
	"cmd/sotto/bench":          "audio encoder encoder/mel decoder decoder/sample models/gemma4 models/kernel models/tensor",
	"cmd/sotto/score":          "",
	"cmd/sotto/eval":           ". audio audio/intake cmd/sotto/score decoder/policy",
	"cmd/sotto/config":         "decoder/words",
	"cmd/sotto":                ". audio audio/intake audio/mic cmd/sotto/bench cmd/sotto/config cmd/sotto/eval decoder/policy models/disk models/gemma4 models/hub models/kernel models/packed models/pocket models/synthetic models/tensor transport transport/access transport/metrics transport/room transport/subtitle transport/voice transport/wire transport/ws web",

	"release": "",

	"decoder/policy/policytest": "decoder/policy",
	"transport/doortest":        ". audio audio/intake decoder/policy models/gemma4 models/pocket",
}

// TestImportOrder reads source files, so that a broken rule fails even when
// nothing was compiled anew.
func TestImportOrder(t *testing.T) {
	seen := make(map[string]bool)
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "build") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			room := filepath.ToSlash(filepath.Dir(name))
			seen[room] = true
			checkImports(t, name, room)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range order {
		if !seen[room] {
			t.Errorf("the order names %q, which has no source files; take it out", room)
		}
	}
}

func checkImports(t *testing.T, name, room string) {
	allowed, known := order[room]
	if !known {
		t.Errorf("%s: package %q has no line in the import order; add one in imports_test.go", name, room)
		return
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		ours, found := strings.CutPrefix(imported, "sotto")
		if !found || ours != "" && ours[0] != '/' {
			continue
		}
		ours = path.Clean("./" + strings.TrimPrefix(ours, "/"))
		if !contains(strings.Fields(allowed), ours) {
			t.Errorf("%s: package %q may not import %q; it may import: %s", name, room, ours, allowed)
		}
	}
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
