"""The log-mel front end of Gemma 4's audio tower, equal to transformers' extractor.

20 ms periodic Hann windows every 10 ms, the first one half a frame before the
signal; 512-point magnitude spectrum; 128 HTK triangles over 0-8 kHz; natural
logarithm of (mel + 0.001). A signal of n samples has (n - 1) // 160 frames.
"""
import numpy as np
from scipy import fft

RATE = 16000
WINDOW, HOP, POINTS, BINS = 320, 160, 512, 128
FLOOR = 1e-3
HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def _bank():
    """Returns the triangular filters, [257, 128]; the first one is empty by construction."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BINS + 2) / 2595) - 1)
    hertz = np.linspace(0, RATE / 2, POINTS // 2 + 1)[:, None]
    rise = (hertz - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - hertz) / np.diff(edges)[1:]
    return np.maximum(0, np.minimum(rise, fall)).astype(np.float32)


BANK = _bank()


def frames(samples):
    """Returns the number of log-mel frames of a signal of so many samples."""
    return max(0, (samples - 1) // HOP)


def logmel(signal):
    """Returns the log-mel frames of a 16 kHz signal in [-1, 1], [frames, 128] float32."""
    count = frames(len(signal))
    if count == 0:
        return np.zeros((0, BINS), np.float32)
    padded = np.concatenate([np.zeros(HOP, np.float32), signal.astype(np.float32)])
    step = padded.itemsize * HOP
    windows = np.lib.stride_tricks.as_strided(padded, (count, WINDOW), (step, padded.itemsize))
    spectrum = np.abs(fft.rfft(windows * HANN, n=POINTS, axis=-1))
    return np.log(spectrum @ BANK + np.float32(FLOOR))
