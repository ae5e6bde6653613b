"""Signals without Spanish speech: their target is the empty text in every language."""
import numpy as np

import augment
from augment import RATE

KINDS = ["silence", "white", "pink", "brown", "hum", "tone", "clicks", "music", "breath",
         "reversed", "shuffled", "floor"]


def make(rng, noise, kind, speech, seconds=0):
    """Returns a signal of the kind, 0.5 to 4.5 s by default; speech is an utterance to spoil (16 kHz)."""
    count = int(RATE * (seconds or rng.uniform(.5, 4.5)))
    level = 10 ** (rng.uniform(-70, -15) / 20)
    if kind == "silence":
        return np.zeros(count, np.float32)
    if kind == "floor":
        level = 10 ** (rng.uniform(-95, -65) / 20)
        return level * augment.coloured(noise, count, rng.choice([0, 1]))
    if kind in ("white", "pink", "brown"):
        return level * augment.coloured(noise, count, ["white", "pink", "brown"].index(kind))
    if kind == "hum":
        return level * augment.hum(rng, noise, count)
    if kind in ("reversed", "shuffled"):
        return spoilt(rng, speech, kind)
    wave = {"tone": _tone, "clicks": _clicks, "music": _music, "breath": _breath}[kind](rng, noise, count)
    wave = wave / (np.sqrt(np.mean(wave ** 2)) + 1e-9) * level
    return (wave + level * 0.02 * augment.coloured(noise, count, 1)).astype(np.float32)


def _tone(rng, noise, count):
    time = np.arange(count, dtype=np.float32) / RATE
    wave = np.sin(2 * np.pi * rng.uniform(50, 2500) * time)
    if rng.random() < .4:
        wave = wave * (np.sin(2 * np.pi * rng.uniform(.5, 6) * time) > 0)
    return wave


def _clicks(rng, noise, count):
    wave = np.zeros(count, np.float32)
    for _ in range(rng.randint(1, 10)):
        at, width = rng.randrange(count - 800), rng.randint(60, 800)
        burst = noise.standard_normal(width) * np.exp(-np.arange(width) / (width / 5))
        wave[at:at + width] += burst * rng.uniform(.3, 1)
    return wave


def _music(rng, noise, count):
    """Returns an arpeggio of decaying notes with a few partials."""
    wave = np.zeros(count, np.float32)
    root, step = rng.uniform(80, 500), int(RATE * rng.uniform(.08, .5))
    scale = rng.choice([[0, 4, 7, 12], [0, 3, 7, 12], [0, 2, 4, 5, 7, 9, 11], [0, 5, 7, 10]])
    for at in range(0, count, step):
        size = min(count - at, int(RATE * .9))
        time = np.arange(size, dtype=np.float32) / RATE
        pitch = root * 2 ** (rng.choice(scale) / 12)
        for k in range(1, rng.randint(2, 6)):
            wave[at:at + size] += np.sin(2 * np.pi * pitch * k * time) * np.exp(-time * rng.uniform(2, 8)) / k
    return wave


def _breath(rng, noise, count):
    """Returns band noise with a slow envelope, like breathing or handling."""
    centre = rng.uniform(300, 3000)
    wave = augment.shaped(augment.coloured(noise, count, 0),
                          lambda f: np.exp(-((np.log2(np.maximum(f, 20) / centre)) ** 2) / rng.uniform(.2, 2)))
    time = np.arange(count, dtype=np.float32) / RATE
    return wave * np.maximum(0, np.sin(2 * np.pi * rng.uniform(.2, 1.5) * time + rng.uniform(0, 6))) ** 2


def spoilt(rng, speech, kind, widest=.12):
    """Returns speech played backwards, or cut into pieces of 40 ms up to widest seconds and shuffled."""
    if kind == "reversed":
        return speech[::-1].copy()
    width = int(RATE * rng.uniform(.04, widest))
    pieces = [speech[i:i + width] for i in range(0, len(speech), width)]
    rng.shuffle(pieces)
    return np.concatenate(pieces)
