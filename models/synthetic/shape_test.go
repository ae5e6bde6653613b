package synthetic

import (
	"slices"
	"strings"
	"testing"

	"sotto/models/gemma4"
)

// The numbers were counted from the tensors of the published models, without
// this program.
func TestTrueShapesHaveTheParametersOfThePublishedModels(t *testing.T) {
	cases := []struct {
		name string
		// Parameters of the decoder's matrices but for the next two.
		decoder, embedding, perLayer int64
		embedAudio                   int64
		layers, full, firstShared    int
		kvSliding, kvFull            int // the layers that the last ones share
		narrowest, widest            int
	}{
		{name: "e4b", decoder: 3_972_792_320, embedding: 671_088_640, perLayer: 2_818_572_288, embedAudio: 3_932_160,
			layers: 42, full: 7, firstShared: 24, kvSliding: 22, kvFull: 23, narrowest: 10240, widest: 10240},
		{name: "e2b", decoder: 1_876_819_968, embedding: 402_653_184, perLayer: 2_348_810_240, embedAudio: 2_359_296,
			layers: 35, full: 7, firstShared: 15, kvSliding: 13, kvFull: 14, narrowest: 6144, widest: 12288},
	}
	const tower, bounds = 304_824_608, 480
	for _, c := range cases {
		s, err := ByName(c.name)
		if err != nil {
			t.Fatal(err)
		}
		text, sound := newFile("", 1), newFile("", 1)
		text.textTensors(&s.Config.Text)
		sound.audioTensors(&s.Config)
		sum := matrices(text)
		if sum["token_embd.weight"] != c.embedding || sum["per_layer_token_embd.weight"] != c.perLayer || sum[""] != c.decoder {
			t.Errorf("%s: embedding %d, per layer %d, decoder %d, want %+v", c.name,
				sum["token_embd.weight"], sum["per_layer_token_embd.weight"], sum[""], c)
		}
		if got := everything(sound); got != tower+bounds+c.embedAudio {
			t.Errorf("%s: %d parameters of sound, want %d", c.name, got, tower+bounds+c.embedAudio)
		}
		x := &s.Config.Text
		shared := x.Layers() - 1
		if x.Layers() != c.layers || count(x, gemma4.Full) != c.full || x.FirstShared() != c.firstShared ||
			x.KVSource(shared) != c.kvFull || x.KVSource(shared-1) != c.kvSliding ||
			slices.Min(x.Intermediate) != c.narrowest || slices.Max(x.Intermediate) != c.widest {
			t.Errorf("%s: %+v, want %+v", c.name, x, c)
		}
	}
}

// matrices returns the elements of both embeddings by name and of all other
// matrices of a decoder under "".
func matrices(f *file) map[string]int64 {
	sum := map[string]int64{}
	for _, e := range f.entries {
		switch {
		case strings.Contains(e.name, "token_embd"):
			sum[e.name] += e.elements
		case !strings.Contains(e.name, "norm") && !strings.Contains(e.name, "rope") && !strings.Contains(e.name, "scale"):
			sum[""] += e.elements
		}
	}
	return sum
}

func everything(f *file) (sum int64) {
	for _, e := range f.entries {
		sum += e.elements
	}
	return sum
}

func count(c *gemma4.TextConfig, kind gemma4.LayerType) (n int) {
	for _, k := range c.LayerTypes {
		if k == kind {
			n++
		}
	}
	return n
}

func TestAnUnknownShapeIsAnsweredWithThoseThereAre(t *testing.T) {
	if _, err := ByName("e9b"); err == nil || !strings.Contains(err.Error(), `"e9b"; there are e4b, e2b, tiny`) {
		t.Error(err)
	}
	if s, err := ByName("E4B"); err != nil || s.Name != "e4b" {
		t.Error(s.Name, err)
	}
}
