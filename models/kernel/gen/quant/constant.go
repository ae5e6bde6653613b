package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// A constant is a vector of 8 dwords in read-only memory, written on first use.
type constant struct {
	name   string
	dwords [8]uint32
	mem    Mem
}

var (
	nibbles = all("nibbles", 0x0f0f0f0f)
	signs   = all("signs", 0x80808080)
	ones    = all("ones", 0x00010001)
)

// all is a constant of equal dwords.
func all(name string, v uint32) *constant {
	return &constant{name: name, dwords: [8]uint32{v, v, v, v, v, v, v, v}}
}

func (c *constant) get() Mem {
	if c.mem.Symbol.Name != "" {
		return c.mem
	}
	c.mem = GLOBL(c.name, RODATA|NOPTR)
	for i, v := range c.dwords {
		DATA(4*i, U32(v))
	}
	return c.mem
}
