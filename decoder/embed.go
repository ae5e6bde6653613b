package decoder

import (
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// embed writes what enters the network in row i: a sound token as it is, or the
// id's embedding times √h; and the turns of its position.
func (p *pass) embed(i int) {
	r, x := &p.rows[i], p.row(p.x, i)
	if r.sound != nil {
		copy(x, r.sound)
	} else {
		p.d.embed.Row(x, r.id)
		kernel.Scale(x, root(len(x)))
	}
	for _, kind := range []gemma4.LayerType{gemma4.Sliding, gemma4.Full} {
		cos, sin := p.turnOf(kind, i)
		p.d.ropes[kind].angles(cos, sin, r.pos)
	}
}

// perLayerInputs writes the inputs of all layers, [n, L·P]:
// (rms(e·Wᵀ/√h) + table row·√P) / √2, e being what entered the network.
func (p *pass) perLayerInputs() {
	p.team.MatMul(p.x, p.n, kernel.Product{Dst: p.inputs, W: p.d.pleModelProj})
	p.each((*pass).mixPerLayer)
}

func (p *pass) mixPerLayer(i int) {
	layers, width := p.d.cfg.Layers(), p.d.cfg.PLEDim
	context := p.inputs[i*layers*width : (i+1)*layers*width]
	kernel.Scale(context, inverseRoot(p.d.cfg.HiddenSize))
	normRows(context, context, p.d.pleNorm, p.d.cfg.RMSNormEps)
	table := p.table[i*layers*width : (i+1)*layers*width]
	p.d.ple.Row(table, p.rows[i].id)
	kernel.Axpy(context, root(width), table)
	kernel.Scale(context, inverseRoot(2))
}

// input returns layer l's input of row i, [P].
func (p *pass) input(l, i int) []float32 {
	width := p.d.cfg.PLEDim
	at := (i*p.d.cfg.Layers() + l) * width
	return p.inputs[at : at+width]
}

// seeInputs shows the per-layer inputs of the rows that came to the end.
func (p *pass) seeInputs() {
	if p.watch != nil {
		width := p.d.cfg.Layers() * p.d.cfg.PLEDim
		p.watch("ple", p.inputs[p.lo*width:p.n*width])
	}
}
