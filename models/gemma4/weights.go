package gemma4

import "sotto/models/tensor"

// Clip holds the four scalars of a clippable linear: its input is clamped to
// [InMin, InMax] and its output to [OutMin, OutMax]. Bounds that a checkpoint
// does not carry are ±Inf.
type Clip struct{ InMin, InMax, OutMin, OutMax float32 }

// ClippedLinear is a bias-free linear layer of the audio tower with its bounds.
type ClippedLinear struct {
	Weight tensor.Matrix // [out, in]
	Clip   Clip
}

// AudioWeights are the audio tower and the projection into the decoder's
// space. H is AudioConfig.HiddenSize, C0 and C1 its ConvChannels.
type AudioWeights struct {
	Conv0     []float32     // [C0, 1, 3, 3], axes out, in, time, frequency
	Conv0Norm []float32     // [C0]
	Conv1     []float32     // [C1, C0, 3, 3]
	Conv1Norm []float32     // [C1]
	InputProj tensor.Matrix // [H, MelBins/4 · C1], input frequency-major
	Layers    []AudioLayer
	// OutputProj maps H to OutputDims and is the only layer with a bias.
	OutputProj     tensor.Matrix // [OutputDims, H]
	OutputProjBias []float32     // [OutputDims]
	EmbedProj      tensor.Matrix // [text hidden, OutputDims]
}

// AudioLayer is one conformer layer.
type AudioLayer struct {
	FeedForward1 FeedForward
	PreAttnNorm  []float32 // [H]
	Q, K, V      ClippedLinear
	Post         ClippedLinear
	RelativeK    tensor.Matrix // [H, H], not clipped
	// PerDimScale is already through softplus, whatever the file holds. [head dim]
	PerDimScale  []float32
	PostAttnNorm []float32 // [H]
	LConv        LightConv
	FeedForward2 FeedForward
	OutNorm      []float32 // [H]
}

// FeedForward is a macaron half: H → 4H → H.
type FeedForward struct {
	PreNorm  []float32     // [H]
	Up       ClippedLinear // [4H, H]
	Down     ClippedLinear // [H, 4H]
	PostNorm []float32     // [H]
}

// LightConv is the gated depthwise convolution of a conformer layer.
type LightConv struct {
	PreNorm   []float32     // [H]
	Start     ClippedLinear // [2H, H], first half value, second half gate
	Depthwise []float32     // [H, kernel], last tap on the current frame
	ConvNorm  []float32     // [H]
	End       ClippedLinear // [H, H]
}

// TextWeights are the decoder. h is TextConfig.HiddenSize, P its PLEDim, L the
// number of layers.
type TextWeights struct {
	Embed        tensor.Matrix // [vocab, h], also the output head
	Head         tensor.Matrix // [vocab, h], Embed once more when it is packed, else zero
	PLE          tensor.Matrix // [PLE vocab, L·P]
	PLEModelProj tensor.Matrix // [L·P, h]
	PLENorm      []float32     // [P], shared by all layers
	Layers       []TextLayer
	Norm         []float32 // [h]
}

// HeadMatrix returns what hidden states are multiplied by for logits.
func (w *TextWeights) HeadMatrix() tensor.Matrix {
	if w.Head.Rows == 0 {
		return w.Embed
	}
	return w.Head
}

// TextLayer is one decoder layer; d is its head size (TextConfig.HeadDimOf).
type TextLayer struct {
	InputNorm    []float32     // [h]
	Q            tensor.Matrix // [heads·d, h]
	QNorm        []float32     // [d]
	K, V         tensor.Matrix // [kv heads·d, h]; zero in layers that share another's
	KNorm        []float32     // [d]; nil in layers that share another's
	O            tensor.Matrix // [h, heads·d]
	PostAttnNorm []float32     // [h]
	PreFFNorm    []float32     // [h]
	Gate, Up     tensor.Matrix // [ff, h]
	Down         tensor.Matrix // [h, ff]
	PostFFNorm   []float32     // [h]
	PLEGate      tensor.Matrix // [P, h]
	PLEProj      tensor.Matrix // [h, P]
	PostPLENorm  []float32     // [h]
	Scalar       float32       // multiplies the whole stream at the layer's end
}
