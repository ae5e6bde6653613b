"""Waveform augmentation at 16 kHz: resampling, noise, rooms, channels, codecs.

Everything takes a random.Random for decisions and a numpy Generator for noise.
"""
import ctypes as C

import numpy as np
from scipy import fft

RATE = 16000
BLOCK_IN, BLOCK_OUT = 441 * 64, 320 * 64        # 22050 Hz -> 16 kHz, exact block lengths


def resample(wave, speed=1.0):
    """Resamples 22050 Hz to 16 kHz by FFT; speed > 1 shortens and raises pitch and formants,
    by about so much (a fast transform length nearby is taken).

    Returns (signal, milliseconds of output per millisecond of input).
    """
    pad = 512
    blocks = -(-(len(wave) + 2 * pad) // BLOCK_IN)
    size = blocks * BLOCK_IN
    out = blocks * BLOCK_OUT
    if speed != 1.0:
        out = 2 * fft.next_fast_len(int(out / speed / 2), real=True)
    spectrum = fft.rfft(np.pad(wave, (pad, size - len(wave) - pad)).astype(np.float32))
    keep = out // 2 + 1
    if keep > len(spectrum):
        spectrum = np.pad(spectrum, (0, keep - len(spectrum)))
    signal = fft.irfft(spectrum[:keep], out) * np.float32(out / size)
    ratio = out / size
    first = round(pad * ratio)
    return signal[first:first + int(len(wave) * ratio)].astype(np.float32), ratio * 22050 / RATE


def shaped(signal, gain):
    """Filters a signal with gain(frequencies in Hz), a zero-phase magnitude."""
    size = fft.next_fast_len(len(signal) + 800, real=True)
    hertz = np.arange(size // 2 + 1, dtype=np.float32) * (RATE / size)
    spectrum = fft.rfft(signal, size) * gain(hertz).astype(np.float32)
    return fft.irfft(spectrum, size)[:len(signal)].astype(np.float32)


def coloured(noise, count, slope):
    """Returns noise of unit RMS whose power falls by `slope` decades per decade above 60 Hz."""
    white = noise.standard_normal(count, dtype=np.float32)
    if slope:
        white = shaped(white, lambda f: np.maximum(f, 60) ** (-slope / 2))
    return white / (np.sqrt(np.mean(white ** 2)) + 1e-9)


def hum(rng, noise, count):
    """Returns mains hum with harmonics and a little noise, unit RMS."""
    base = rng.choice([50, 60]) * rng.uniform(0.995, 1.005)
    time = np.arange(count, dtype=np.float32) / RATE
    wave = 0.1 * noise.standard_normal(count, dtype=np.float32)
    for k in range(1, rng.randint(2, 9)):
        wave += np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6.28)) * rng.uniform(0.1, 1) / k
    return wave / (np.sqrt(np.mean(wave ** 2)) + 1e-9)


def babble(rng, voices, count):
    """Returns other talkers mixed at random offsets, unit RMS; voices are earlier utterances."""
    mix = np.zeros(count, np.float32)
    for wave in rng.sample(voices, min(len(voices), rng.randint(4, 7))):
        mix += np.resize(np.roll(wave, rng.randrange(len(wave))), count)
    return mix / (np.sqrt(np.mean(mix ** 2)) + 1e-9)


def background(rng, noise, count, voices):
    """Returns one kind of background noise, unit RMS."""
    kind = rng.choice(["white", "pink", "pink", "brown", "hum", "babble"])
    if kind == "babble" and len(voices) >= 4:
        return babble(rng, voices, count)
    if kind == "hum":
        return hum(rng, noise, count)
    return coloured(noise, count, {"white": 0, "pink": 1, "brown": 2}.get(kind, 1))


def room(rng, noise, signal, decay=0):
    """Convolves with a synthetic room: a direct path and a tail that falls 60 dB in decay seconds."""
    decay = decay or rng.uniform(0.12, 0.5)
    count = int(RATE * decay)
    time = np.arange(count, dtype=np.float32) / RATE
    tail = noise.standard_normal(count, dtype=np.float32) * np.exp(-6.9 * time / decay)
    tail[:int(RATE * rng.uniform(0.001, 0.012))] = 0
    ratio = 10 ** (-rng.uniform(2, 15) / 20)         # reverberant to direct
    tail *= ratio / (np.sqrt(np.sum(tail ** 2)) + 1e-9)
    tail[0] = 1
    size = fft.next_fast_len(len(signal) + count, real=True)
    wet = fft.irfft(fft.rfft(signal, size) * fft.rfft(tail, size), size)
    return wet[:len(signal)].astype(np.float32)


def telephone(hertz):
    """Returns the gain of a telephone band at each frequency."""
    return _band_pass(hertz, 300, 3400)


def _band_pass(hertz, low, high):
    return 1 / (1 + (low / np.maximum(hertz, 1)) ** 6) / (1 + (hertz / high) ** 12)


def band(rng):
    """Returns the gain curve of a narrow channel: a telephone or a low-pass."""
    if rng.random() < .4:
        return telephone
    low, high = rng.uniform(40, 250), rng.uniform(3000, 7000)
    return lambda hertz: _band_pass(hertz, low, high)


def tilt(rng):
    """Returns a gain curve that falls or rises by up to 4 dB per octave around 1 kHz."""
    slope = rng.uniform(-4, 4) / 6.02
    return lambda f: np.clip(np.maximum(f, 60) / 1000, 0.06, 8) ** slope


def soft_clip(rng, signal):
    """Overdrives the signal through a tanh."""
    drive = rng.uniform(1.5, 6)
    peak = np.abs(signal).max() + 1e-9
    return (np.tanh(signal / peak * drive) * (peak / np.tanh(drive))).astype(np.float32)


def mu_law(signal):
    """Passes the signal through 8-bit mu-law."""
    code = np.sign(signal) * np.log1p(255 * np.minimum(np.abs(signal), 1)) / np.log(256)
    code = np.round(code * 127) / 127
    return (np.sign(code) * np.expm1(np.abs(code) * np.log(256)) / 255).astype(np.float32)


class Opus:
    """An Opus encoder and decoder in this process; one round trip at a time."""
    VOIP, SET_BITRATE, SET_COMPLEXITY, GET_LOOKAHEAD = 2048, 4002, 4010, 4027
    FRAME = 320

    def __init__(self):
        self.library = C.CDLL("libopus.so.0")
        self.library.opus_encoder_create.restype = C.c_void_p
        self.library.opus_decoder_create.restype = C.c_void_p

    def round_trip(self, signal, bitrate):
        """Returns the signal after encoding at bitrate and decoding, delay removed."""
        library, error = self.library, C.c_int()
        encoder = C.c_void_p(library.opus_encoder_create(RATE, 1, self.VOIP, C.byref(error)))
        decoder = C.c_void_p(library.opus_decoder_create(RATE, 1, C.byref(error)))
        library.opus_encoder_ctl(encoder, self.SET_BITRATE, C.c_int(bitrate))
        library.opus_encoder_ctl(encoder, self.SET_COMPLEXITY, C.c_int(0))
        delay = C.c_int()
        library.opus_encoder_ctl(encoder, self.GET_LOOKAHEAD, C.byref(delay))
        count = -(-(len(signal) + delay.value) // self.FRAME)
        pcm = np.zeros(count * self.FRAME, np.float32)
        pcm[:len(signal)] = signal
        out = np.zeros_like(pcm)
        packet = C.create_string_buffer(1500)
        for i in range(count):
            offset = i * self.FRAME * 4
            size = library.opus_encode_float(encoder, C.c_void_p(pcm.ctypes.data + offset), self.FRAME, packet, 1500)
            if size < 0 or library.opus_decode_float(decoder, packet, size, C.c_void_p(out.ctypes.data + offset),
                                                     self.FRAME, 0) != self.FRAME:
                raise RuntimeError(f"augment: libopus failed on frame {i}")
        library.opus_encoder_destroy(encoder)
        library.opus_decoder_destroy(decoder)
        return out[delay.value:delay.value + len(signal)]
