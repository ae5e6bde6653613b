//go:build libopus && cgo

package opus

/*
#cgo pkg-config: opus
#include <opus.h>
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Repairs says whether Conceal uses what a packet repeats of the one before it, so
// that it is worth sending.
const Repairs = true

// step is what libopus conceals in: 2.5 ms.
const step = rateHz * 25 / 10000

// libopus is its decoder, in memory of ours: it holds no pointer to any.
type libopus struct {
	state []uint64
	buf   []float32
}

func newCodec() (codec, error) {
	l := &libopus{state: make([]uint64, (C.opus_decoder_get_size(1)+7)/8)}
	if code := C.opus_decoder_init(l.decoder(), rateHz, 1); code != C.OPUS_OK {
		return nil, errors.New(C.GoString(C.opus_strerror(code)))
	}
	return l, nil
}

func (l *libopus) decoder() *C.OpusDecoder { return (*C.OpusDecoder)(unsafe.Pointer(&l.state[0])) }

// run decodes into dst, or what packet repeats of the sound before it.
func (l *libopus) run(packet []byte, dst []float32, before C.int) error {
	data := (*C.uchar)(unsafe.SliceData(packet))
	code := C.opus_decode_float(l.decoder(), data, C.opus_int32(len(packet)), (*C.float)(&dst[0]), C.int(len(dst)), before)
	if code < 0 {
		return errors.New(C.GoString(C.opus_strerror(code)))
	}
	return nil
}

func (l *libopus) decode(packet []byte, dst []float32) error { return l.run(packet, dst, 0) }

func (l *libopus) conceal(behind []byte, dst []float32) bool {
	whole := (len(dst) + step - 1) / step * step
	if cap(l.buf) < whole {
		l.buf = make([]float32, whole)
	}
	if whole == 0 {
		return true
	}
	repairs := C.int(0)
	if len(behind) > withoutSound {
		repairs = 1
	} else {
		behind = nil
	}
	err := l.run(behind, l.buf[:whole], repairs)
	copy(dst, l.buf[whole-len(dst):])
	return err == nil
}
