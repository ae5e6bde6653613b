package gemma4

import (
	"fmt"

	"sotto/models/tensor"
)

// NamedMatrix is one matrix of a model that inputs are multiplied by.
type NamedMatrix struct {
	Name   string
	Audio  bool // of the audio tower
	Matrix *tensor.Matrix
}

// Multiplied lists the matrices that are multiplied again and again, in a fixed
// order, for whoever lays them out anew: what the pointers lead to may be
// replaced until the model is used first. The embedding is in the list as the
// head, with a matrix of its own.
func (m *Model) Multiplied() []NamedMatrix {
	var all []NamedMatrix
	audio := false
	add := func(name string, w *tensor.Matrix) {
		if w.Rows > 0 { // layers that share keys and values have none
			all = append(all, NamedMatrix{name, audio, w})
		}
	}
	if m.Text.Head.Rows == 0 {
		m.Text.Head = m.Text.Embed
	}
	for i := range m.Text.Layers {
		l := &m.Text.Layers[i]
		at := fmt.Sprintf("decoder layer %d ", i)
		add(at+"q", &l.Q)
		add(at+"k", &l.K)
		add(at+"v", &l.V)
		add(at+"o", &l.O)
		add(at+"gate", &l.Gate)
		add(at+"up", &l.Up)
		add(at+"down", &l.Down)
		add(at+"PLE gate", &l.PLEGate)
		add(at+"PLE projection", &l.PLEProj)
	}
	add("PLE model projection", &m.Text.PLEModelProj)
	add("head", &m.Text.Head)
	audio = true
	a := &m.Audio
	add("audio input projection", &a.InputProj)
	for i := range a.Layers {
		l := &a.Layers[i]
		at := fmt.Sprintf("audio layer %d ", i)
		add(at+"feed-forward 1 up", &l.FeedForward1.Up.Weight)
		add(at+"feed-forward 1 down", &l.FeedForward1.Down.Weight)
		add(at+"q", &l.Q.Weight)
		add(at+"k", &l.K.Weight)
		add(at+"v", &l.V.Weight)
		add(at+"post", &l.Post.Weight)
		add(at+"convolution start", &l.LConv.Start.Weight)
		add(at+"convolution end", &l.LConv.End.Weight)
		add(at+"feed-forward 2 up", &l.FeedForward2.Up.Weight)
		add(at+"feed-forward 2 down", &l.FeedForward2.Down.Weight)
	}
	add("audio output projection", &a.OutputProj)
	add("audio embedding projection", &a.EmbedProj)
	return all
}

// OnClose has f called by Close.
func (m *Model) OnClose(f func() error) { m.closers = append(m.closers, f) }
