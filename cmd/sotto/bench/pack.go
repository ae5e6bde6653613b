package bench

import (
	"sync/atomic"
	"time"

	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/tensor"
)

const (
	packBatch = 64 // panels that are packed between two looks at the clock
	packStep  = 1_000_003
)

// packing packs panels from all over a model, into one scratch for each worker.
type packing struct {
	from, to []tensor.Matrix
	ends     []int // panels of all matrices up to each
	next     int   // of the panels of a batch, in steps through all
	packers  []tensor.Packer
	scratch  [][]byte
	bytes    atomic.Int64
	err      atomic.Pointer[error]
}

// pack measures how fast the weights are laid out, on a part of them.
func (b *bench) pack() error {
	if err := b.at("how fast the model is packed"); err != nil {
		return err
	}
	source, err := b.opt.Source()
	if err != nil {
		return err
	}
	defer source.Close()
	p, budget := newPacking(source, b.model, b.team), time.Second
	if b.opt.Quick {
		budget = 300 * time.Millisecond
	}
	all := p.ends[len(p.ends)-1]
	start := time.Now()
	for p.next < all && time.Since(start) < budget {
		b.timed(p, min(packBatch, all-p.next))
		p.next += packBatch
		if err := p.err.Load(); err != nil {
			return *err
		}
		if err := b.ctx.Err(); err != nil {
			return err
		}
	}
	speed, total := float64(p.bytes.Load())/time.Since(start).Seconds(), int64(0)
	for i := range p.to {
		total += int64(p.to[i].Size())
	}
	b.report.Pack = Pack{Bytes: total, BytesPerSecond: speed, Seconds: float64(total) / speed}
	return nil
}

func newPacking(source, packed *gemma4.Model, team *kernel.Team) *packing {
	p := &packing{packers: make([]tensor.Packer, team.Workers()), scratch: make([][]byte, team.Workers())}
	panels, largest := 0, 0
	to := packed.Multiplied()
	for i, n := range source.Multiplied() {
		m := *to[i].Matrix
		panels, largest = panels+m.Panels(), max(largest, m.PanelBytes())
		p.from, p.to, p.ends = append(p.from, *n.Matrix), append(p.to, m), append(p.ends, panels)
	}
	for w := range p.scratch {
		p.scratch[w] = make([]byte, largest)
	}
	return p
}

// Chunk packs one panel. Steps of a prime that does not divide their number
// come to every panel once.
func (p *packing) Chunk(worker, i int) {
	at := (p.next + i) * packStep % p.ends[len(p.ends)-1]
	k := 0
	for p.ends[k] <= at {
		k++
	}
	if k > 0 {
		at -= p.ends[k-1]
	}
	m := &p.to[k]
	if err := p.packers[worker].Panel(p.scratch[worker][:m.PanelBytes()], p.from[k], m.DType, at); err != nil {
		p.err.Store(&err)
		return
	}
	p.bytes.Add(int64(m.PanelBytes()))
}
