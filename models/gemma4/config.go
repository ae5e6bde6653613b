// Package gemma4 knows the sizes of a Gemma 4 speech model, the table of its
// tensors, and how to load typed weights of both towers from Hugging Face
// folders and GGUF pairs. The network itself is described in MODEL.md.
package gemma4

// Config is everything about a checkpoint that is not a weight. No size is a
// constant: E4B, E2B and the pocket model are the same code.
type Config struct {
	Audio   AudioConfig
	Text    TextConfig
	Tokens  Tokens
	Profile Profile
}

// AudioConfig holds the sizes of the audio tower.
type AudioConfig struct {
	MelBins           int // 128
	HiddenSize        int // H
	Layers            int
	Heads             int
	ConvChannels      [2]int // C0, C1
	ConvKernelSize    int    // taps of the depthwise convolution
	ChunkSize         int    // a compute tile of the reference; no effect on results
	ContextLeft       int    // a query sees ContextLeft-1 keys: itself and the frames before it
	ContextRight      int    // always 0: the tower is causal
	AttentionLogitCap float32
	ResidualWeight    float32 // of the feed-forward halves
	GradientClipping  float32 // clamps of the reference's forward pass
	UseClippedLinears bool
	RMSNormEps        float32
	OutputDims        int
}

// LayerType says how far back a decoder layer looks.
type LayerType uint8

// The two kinds of decoder layer.
const (
	Sliding LayerType = iota
	Full
)

// TextConfig holds the sizes of the decoder.
type TextConfig struct {
	HiddenSize        int // h
	LayerTypes        []LayerType
	Intermediate      []int // feed-forward width of each layer
	Heads             int
	KVHeads           [2]int // by LayerType
	HeadDim           [2]int // by LayerType
	KVSharedLayers    int    // the last so many layers use another layer's keys and values
	SlidingWindow     int    // keys a sliding layer sees, the query's own included
	PLEDim            int    // P, per-layer embedding width
	VocabSize         int
	PLEVocabSize      int
	MaxPositions      int
	RopeTheta         [2]float64 // by LayerType
	PartialRotary     [2]float64 // by LayerType: share of each head that turns
	FinalLogitSoftcap float32    // 0: none
	RMSNormEps        float32
}

// Layers returns the number of decoder layers.
func (c *TextConfig) Layers() int { return len(c.LayerTypes) }

// HeadDimOf returns the head size of layer l.
func (c *TextConfig) HeadDimOf(l int) int { return c.HeadDim[c.LayerTypes[l]] }

// KVHeadsOf returns the number of key/value heads of layer l.
func (c *TextConfig) KVHeadsOf(l int) int { return c.KVHeads[c.LayerTypes[l]] }

// FirstShared returns the first layer that has no keys and values of its own.
func (c *TextConfig) FirstShared() int { return c.Layers() - c.KVSharedLayers }

// KVSource returns the layer whose keys and values layer l reads: l itself
// below FirstShared, else the last own layer of the same type.
func (c *TextConfig) KVSource(l int) int {
	first := c.FirstShared()
	if l < first {
		return l
	}
	for s := first - 1; s >= 0; s-- {
		if c.LayerTypes[s] == c.LayerTypes[l] {
			return s
		}
	}
	return -1
}

// Tokens are the ids with a meaning of their own, read from the checkpoint.
type Tokens struct {
	Pad, BOS     int
	Stop         []int // any of these ends a reply
	TurnOpen     int   // <|turn>
	TurnClose    int   // <turn|>
	AudioOpen    int   // <|audio>
	AudioClose   int   // <audio|>
	AudioSoft    int   // <|audio|>, the placeholder
	ChannelOpen  int   // <|channel>, -1 when the vocabulary has none
	ChannelClose int   // <channel|>, -1 when the vocabulary has none
}

// Profile is how a model wants to be asked. Zero fields mean Gemma 4's own
// published prompts and no limit on languages.
type Profile struct {
	Description string   // one line for people: what this model can and cannot do
	Transcribe  string   // instruction with {SOURCE}
	Translate   string   // instruction with {SOURCE} and {TARGET}
	Sources     []string // language codes it hears; nil: any
	Targets     []string // language codes it writes; nil: any
}
