"""espeak-ng in this process: samples and word onsets of a text.

A fresh process repeats a fixed sequence of calls exactly; one call's output
depends on the calls before it. So everything made from one sequence of calls
has to be made by one process, in order.
"""
import ctypes as C

import numpy as np

RATE = 22050
SYNCHRONOUS, WORD_EVENT, UTF8 = 2, 1, 1
SPEED, VOLUME, PITCH, SPREAD, GAP = 1, 2, 3, 4, 7


class _Id(C.Union):
    _fields_ = [("number", C.c_int), ("name", C.c_char_p), ("string", C.c_char * 8)]


class _Event(C.Structure):
    _fields_ = [("type", C.c_int), ("unique", C.c_uint), ("position", C.c_int),
                ("length", C.c_int), ("milliseconds", C.c_int), ("sample", C.c_int),
                ("user", C.c_void_p), ("id", _Id)]


_CALLBACK = C.CFUNCTYPE(C.c_int, C.POINTER(C.c_short), C.c_int, C.POINTER(_Event))


class Speaker:
    """One espeak-ng engine; the library is global, so make one per process."""

    def __init__(self, data):
        """data is the folder that holds espeak-ng-data."""
        self.library = C.CDLL("libespeak-ng.so.1")
        rate = self.library.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), 0)
        if rate != RATE:
            raise RuntimeError(f"speech: espeak-ng gives {rate} Hz from {data}, want {RATE}")
        self.library.espeak_SetVoiceByName.argtypes = [C.c_char_p]
        self.library.espeak_Synth.argtypes = [C.c_void_p, C.c_size_t, C.c_uint, C.c_int, C.c_uint,
                                              C.c_uint, C.c_void_p, C.c_void_p]
        self.pieces, self.events = [], []
        self.callback = _CALLBACK(self._receive)
        self.library.espeak_SetSynthCallback(self.callback)

    def _receive(self, wave, count, events):
        if count > 0:
            self.pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
        i = 0
        while events[i].type != 0:
            if events[i].type == WORD_EVENT:
                self.events.append((events[i].position, events[i].milliseconds))
            i += 1
        return 0

    def say(self, text, voice, rate=170, pitch=50, spread=50, gap=0):
        """Returns (samples at 22050 Hz, onset in ms of each word or None where none was told)."""
        self.pieces, self.events = [], []
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"speech: voice {voice!r} is unknown to espeak-ng")
        for key, value in ((SPEED, rate), (VOLUME, 100), (PITCH, pitch), (SPREAD, spread), (GAP, gap)):
            self.library.espeak_SetParameter(key, value, 0)
        raw = text.encode() + b"\0"
        self.library.espeak_Synth(raw, len(raw), 0, 1, 0, UTF8, None, None)
        self.library.espeak_Synchronize()
        wave = np.concatenate(self.pieces) if self.pieces else np.zeros(0, np.int16)
        return wave.astype(np.float32) / 32768, self._onsets(text)

    def _onsets(self, text):
        """Maps the word events, which carry 1-based text positions, to the words of text."""
        starts = [0]
        for word in text.split(" "):
            starts.append(starts[-1] + len(word) + 1)
        onsets = [None] * (len(starts) - 1)
        for position, ms in self.events:
            if position > 0:
                k = max(i for i in range(len(onsets)) if starts[i] < position)
                if onsets[k] is None:
                    onsets[k] = ms
        return onsets


def spans(onsets, end):
    """Returns (start, end) per word in ms; words without an onset share their predecessor's span."""
    known = [(i, t) for i, t in enumerate(onsets) if t is not None]
    result = [(0.0, float(end))] * len(onsets)
    for n, (i, t) in enumerate(known):
        after, stop = known[n + 1] if n + 1 < len(known) else (len(onsets), end)
        for k in range(i if n else 0, after):
            result[k] = (float(t), float(stop))
    return result
