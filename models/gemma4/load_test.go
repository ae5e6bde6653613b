package gemma4_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

func openFolder(t testing.TB, dir string) *gemma4.Model {
	t.Helper()
	m, err := gemma4.Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func openPair(t testing.TB, text, audio []byte) *gemma4.Model {
	t.Helper()
	m, err := gemma4.OpenGGUF(text, audio)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// loaded is a tensor as the network gets it.
type loaded struct {
	values []float32
	dtype  tensor.DType
}

// byName gives every weight the name that its module has in transformers.
func byName(m *gemma4.Model) map[string]loaded {
	all := map[string]loaded{}
	vector := func(name string, v []float32) { all["model."+name] = loaded{v, tensor.F32} }
	matrix := func(name string, w tensor.Matrix) {
		values := make([]float32, w.Elements())
		tensor.Decode(values, w.DType, w.Data)
		all["model."+name+".weight"] = loaded{values, w.DType}
	}
	clipped := func(name string, l gemma4.ClippedLinear) {
		matrix(name+".linear", l.Weight)
		vector(name+".input_min", []float32{l.Clip.InMin})
		vector(name+".input_max", []float32{l.Clip.InMax})
		vector(name+".output_min", []float32{l.Clip.OutMin})
		vector(name+".output_max", []float32{l.Clip.OutMax})
	}
	a, x := &m.Audio, &m.Text
	const tower = "audio_tower."
	vector(tower+"subsample_conv_projection.layer0.conv.weight", a.Conv0)
	vector(tower+"subsample_conv_projection.layer0.norm.weight", a.Conv0Norm)
	vector(tower+"subsample_conv_projection.layer1.conv.weight", a.Conv1)
	vector(tower+"subsample_conv_projection.layer1.norm.weight", a.Conv1Norm)
	matrix(tower+"subsample_conv_projection.input_proj_linear", a.InputProj)
	matrix(tower+"output_proj", a.OutputProj)
	vector(tower+"output_proj.bias", a.OutputProjBias)
	matrix("embed_audio.embedding_projection", a.EmbedProj)
	for i, l := range a.Layers {
		at := fmt.Sprintf("%slayers.%d.", tower, i)
		for n, f := range []gemma4.FeedForward{l.FeedForward1, l.FeedForward2} {
			half := fmt.Sprintf("%sfeed_forward%d.", at, n+1)
			vector(half+"pre_layer_norm.weight", f.PreNorm)
			clipped(half+"ffw_layer_1", f.Up)
			clipped(half+"ffw_layer_2", f.Down)
			vector(half+"post_layer_norm.weight", f.PostNorm)
		}
		clipped(at+"self_attn.q_proj", l.Q)
		clipped(at+"self_attn.k_proj", l.K)
		clipped(at+"self_attn.v_proj", l.V)
		clipped(at+"self_attn.post", l.Post)
		matrix(at+"self_attn.relative_k_proj", l.RelativeK)
		vector(at+"self_attn.per_dim_scale", l.PerDimScale)
		vector(at+"norm_pre_attn.weight", l.PreAttnNorm)
		vector(at+"norm_post_attn.weight", l.PostAttnNorm)
		vector(at+"norm_out.weight", l.OutNorm)
		vector(at+"lconv1d.pre_layer_norm.weight", l.LConv.PreNorm)
		vector(at+"lconv1d.conv_norm.weight", l.LConv.ConvNorm)
		clipped(at+"lconv1d.linear_start", l.LConv.Start)
		clipped(at+"lconv1d.linear_end", l.LConv.End)
		vector(at+"lconv1d.depthwise_conv1d.weight", l.LConv.Depthwise)
	}
	const text = "language_model."
	matrix(text+"embed_tokens", x.Embed)
	all["lm_head.weight"] = all["model.language_model.embed_tokens.weight"]
	matrix(text+"embed_tokens_per_layer", x.PLE)
	matrix(text+"per_layer_model_projection", x.PLEModelProj)
	vector(text+"per_layer_projection_norm.weight", x.PLENorm)
	vector(text+"norm.weight", x.Norm)
	for i, l := range x.Layers {
		at := fmt.Sprintf("%slayers.%d.", text, i)
		for name, w := range map[string]tensor.Matrix{
			"self_attn.q_proj": l.Q, "self_attn.k_proj": l.K, "self_attn.v_proj": l.V, "self_attn.o_proj": l.O, "mlp.gate_proj": l.Gate,
			"mlp.up_proj": l.Up, "mlp.down_proj": l.Down, "per_layer_input_gate": l.PLEGate, "per_layer_projection": l.PLEProj,
		} {
			if w.Rows > 0 {
				matrix(at+name, w)
			}
		}
		for name, v := range map[string][]float32{
			"input_layernorm": l.InputNorm, "self_attn.q_norm": l.QNorm, "self_attn.k_norm": l.KNorm, "post_attention_layernorm": l.PostAttnNorm,
			"pre_feedforward_layernorm": l.PreFFNorm, "post_feedforward_layernorm": l.PostFFNorm, "post_per_layer_input_norm": l.PostPLENorm,
		} {
			if v != nil {
				vector(at+name+".weight", v)
			}
		}
		vector(at+"layer_scalar", []float32{l.Scalar})
	}
	return all
}

// TestEveryWeightIsWhereTheModuleHasIt compares with values that make.py read
// from the module tree, for both formats.
func TestEveryWeightIsWhereTheModuleHasIt(t *testing.T) {
	var probes map[string][]float64
	if err := json.Unmarshal(read(t, "probes.json"), &probes); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*gemma4.Model{
		"folder": openFolder(t, testdata+"folder"),
		"pair":   openPair(t, read(t, "text.gguf"), read(t, "mmproj.gguf")),
	} {
		t.Run(name, func(t *testing.T) {
			all := byName(m)
			if len(all) != len(probes) {
				t.Errorf("%d weights loaded, the module tree has %d", len(all), len(probes))
			}
			for tensor, want := range probes {
				checkProbe(t, tensor, all[tensor], want)
			}
		})
	}
}

// checkProbe compares the first, the third part's and the last element.
func checkProbe(t *testing.T, name string, got loaded, want []float64) {
	t.Helper()
	n := len(got.values)
	if n == 0 {
		t.Errorf("%s was not loaded", name)
		return
	}
	places := []int{0, n / 3, n - 1}
	slices.Sort(places)
	places = slices.Compact(places)
	if len(places) != len(want) {
		t.Errorf("%s has %d elements, which is wrong", name, n)
		return
	}
	allowed := 2e-6 // probes have six digits
	switch got.dtype {
	case tensor.Q8_0:
		allowed = 0.005 // half a step of the largest of 32 values
	case tensor.Q4_0:
		allowed = 0.08
	}
	for i, w := range want {
		if strings.HasSuffix(name, "per_dim_scale") {
			w = math.Log1p(math.Exp(w))
			allowed = 1e-5
		}
		if d := math.Abs(float64(got.values[places[i]]) - w); !(d <= allowed) {
			t.Errorf("%s[%d] = %v, want %v", name, places[i], got.values[places[i]], w)
		}
	}
}

func TestBothFormatsSayTheSame(t *testing.T) {
	folder := openFolder(t, testdata+"folder").Config
	pair := openPair(t, read(t, "text.gguf"), read(t, "mmproj.gguf")).Config
	slices.Sort(folder.Tokens.Stop)
	slices.Sort(pair.Tokens.Stop)
	// GGUF has no list of stops: its end id and Gemma's two other pieces are.
	folder.Tokens.Stop, pair.Tokens.Stop = folder.Tokens.Stop[:2], pair.Tokens.Stop[:2]
	if a, b := fmt.Sprintf("%+v", folder), fmt.Sprintf("%+v", pair); a != b {
		t.Errorf("the folder says\n%s\nthe pair\n%s", a, b)
	}
}

func TestKeysOfSharedLayersMayBeThere(t *testing.T) {
	dir := copyFolder(t)
	editWeights(t, dir, with("model.language_model.layers.2.self_attn.k_proj.weight", 16, 32))
	editWeights(t, dir, with("model.language_model.layers.3.self_attn.k_norm.weight", 16))
	pair := openPair(t, editGGUF(t, read(t, "text.gguf"), with("blk.3.attn_v.weight", 32, 32)), read(t, "mmproj.gguf"))
	for _, m := range []*gemma4.Model{openFolder(t, dir), pair} {
		if m.Source.Ignored == 0 || m.Text.Layers[2].K.Rows != 0 || m.Text.Layers[3].V.Rows != 0 || m.Text.Layers[3].KNorm != nil {
			t.Errorf("%s: %d tensors ignored", m.Source.Format, m.Source.Ignored)
		}
	}
}

func TestAbsentBoundsAreInfinite(t *testing.T) {
	bounds := func(name string) bool { return strings.HasSuffix(name, "_min") || strings.HasSuffix(name, "_max") }
	dir := copyFolder(t)
	editWeights(t, dir, without(bounds))
	pair := openPair(t, read(t, "text.gguf"), editGGUF(t, read(t, "mmproj.gguf"), without(bounds)))
	inf := float32(math.Inf(1))
	for _, m := range []*gemma4.Model{openFolder(t, dir), pair} {
		for _, l := range m.Audio.Layers {
			if c := l.LConv.End.Clip; c != (gemma4.Clip{InMin: -inf, InMax: inf, OutMin: -inf, OutMax: inf}) {
				t.Errorf("%s: bounds %v", m.Source.Format, c)
			}
		}
	}
	if pair.Config.Audio.UseClippedLinears {
		t.Error("a pair without bounds is taken to clip")
	}
}

func TestBoundsOfAModelThatDoesNotClipAreNotUsed(t *testing.T) {
	dir := copyFolder(t)
	editJSON(t, dir+"/config.json", func(o map[string]any) { o["audio_config"].(map[string]any)["use_clipped_linears"] = false })
	if c := openFolder(t, dir).Audio.Layers[0].Q.Clip; !math.IsInf(float64(c.InMax), 1) {
		t.Errorf("bounds %v", c)
	}
}

// The mmproj says 1e-5, as published files do.
func TestTheEpsilonOfAnMmprojIsNotBelieved(t *testing.T) {
	if eps := openPair(t, read(t, "text.gguf"), read(t, "mmproj.gguf")).Config.Audio.RMSNormEps; eps != 1e-6 {
		t.Errorf("epsilon %v, want 1e-6", eps)
	}
}

func TestTurningPairsAreCountedInRopeFreqs(t *testing.T) {
	f := []float32{1, 1, 1, 1, 1e30, 1e30, 1e30, 1e30}
	m := openPair(t, editGGUF(t, read(t, "text.gguf"), change("rope_freqs.weight", func(e *entry) { e.Data = encodeFloats(f) })), read(t, "mmproj.gguf"))
	if share := m.Config.Text.PartialRotary[gemma4.Full]; share != 0.5 {
		t.Errorf("a share of %v turns, want 0.5", share)
	}
}

func TestHeadSizesOfPaddedLayerKeys(t *testing.T) {
	dir := copyFolder(t)
	editJSON(t, dir+"/config.json", func(o map[string]any) {
		o["text_config"].(map[string]any)["per_layer_config"] = map[string]any{"01": map[string]any{"head_dim": 16}, "003": map[string]any{"head_dim": 16}}
	})
	if d := openFolder(t, dir).Config.Text.HeadDim; d != [2]int{8, 16} {
		t.Errorf("head sizes %v", d)
	}
}

func TestFolderWithoutTokenizerIsOpenedForItsWeights(t *testing.T) {
	dir := copyFolder(t)
	if err := os.Remove(dir + "/tokenizer.json"); err != nil {
		t.Fatal(err)
	}
	m, err := gemma4.OpenWeights(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Tokenizer != nil || m.Config.Tokens.TurnOpen != -1 {
		t.Error("a tokenizer from nowhere")
	}
	if _, err := gemma4.Open(dir, ""); err == nil || !strings.Contains(err.Error(), "lacks tokenizer.json") {
		t.Errorf("got %v", err)
	}
}
