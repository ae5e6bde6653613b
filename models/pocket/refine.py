"""Samples of the second phase, and the evaluation set without speech: sounds between silences and beside speech.

In the first phase a sound without Spanish filled its clip from edge to edge,
so its edges gave it away. Here silence, a noise floor, other sounds or
sentences surround it, and many voices at once are one more sort of no speech.
"""
from collections import namedtuple

import numpy as np

import augment
import nospeech
from samples import RATE, Sampler, silence

SORTS = nospeech.KINDS + ["babble"]
HARD = ["reversed", "shuffled", "babble"]        # made of speech
LONGEST = 10.0             # seconds of a sample
TALKERS = (3, 8)           # of babble
BANK = 40                  # earlier utterances kept for babble
FEWEST = 12                # of them before the first sample

# Pieces of a window. wave: 16 kHz; item, times: the sentence and the (start, end) of its words in ms, or None.
Piece = namedtuple("Piece", "wave item times", defaults=(None, None))


def rms(signal):
    return np.sqrt(np.mean(signal ** 2)) + np.float32(1e-9)


def gain(decibels):
    return np.float32(10 ** (decibels / 20))


def faded(rng, wave):
    """Returns the wave with 2 to 60 ms of fading at both ends."""
    ramp = np.minimum(1, np.arange(len(wave), dtype=np.float32) / (RATE * rng.uniform(.002, .06)))
    return wave * ramp * ramp[::-1]


class Refiner(Sampler):
    """Makes the samples of the sets refine and nospeech, in order."""
    keep = BANK

    def sample(self, index):
        rng = self.chance(index)[0]
        while len(self.earlier) < FEWEST:
            self._sentence(rng, index + len(self.earlier))
        self.others = list(self.earlier)         # who may be heard behind this sample
        return super().sample(index)

    def _maker(self, kind):
        known = {"many": self._window, "beside": self._window, "none": self._nothing}
        return known.get(kind) or super()._maker(kind)

    def _background(self, rng, noise, count):
        if rng.random() < .15:
            return self._babble(rng, count)
        return augment.background(rng, noise, count, self.others)

    def _heard(self, sentences, samples):
        """Prefixes end anywhere, also before, after and without speech."""
        last = sentences[-1][1][-1][1] + 800 if sentences else samples * 1000 / RATE
        return 0, last

    def _sentence(self, rng, index):
        return self._say(rng, self._item(rng)["say"], self.recipe.voice(rng, index), rng.randint(145, 250))[0]

    def _babble(self, rng, count):
        """Returns 3 to 8 voices at once, each within 3 dB of the others, unit RMS."""
        mix = np.zeros(count, np.float32)
        for _ in range(rng.randint(*TALKERS)):
            talk = np.concatenate([wave / rms(wave) for wave in rng.sample(self.others, 4)])
            mix += np.resize(np.roll(talk, rng.randrange(len(talk))), count) * gain(rng.uniform(-3, 3))
        return mix / rms(mix)

    def _sound(self, rng, noise, kind, index, seconds):
        """Returns one sort of no speech of about so many seconds at a level of its own."""
        if kind == "babble":
            return self._babble(rng, int(RATE * seconds)) * gain(rng.uniform(-50, -12))
        if kind not in HARD:
            return nospeech.make(rng, noise, kind, None, seconds)
        speech = np.concatenate([self._sentence(rng, index) for _ in range(1 + int(seconds / 3))])
        spoilt = nospeech.spoilt(rng, speech, kind, .2 if self.recipe.damage == "full" else .12)
        return spoilt * (gain(-rng.uniform(1, 35)) / np.abs(spoilt).max())

    def _nothing(self, rng, noise, kind, index):
        """Returns a sample without speech: in training one to three sounds, else one sort, damaged a little."""
        if self.recipe.damage == "full":
            signal, sorts = self._sounds(rng, noise, index)
        else:
            sorts = [SORTS[index % len(SORTS)]]
            signal = self._sound(rng, noise, sorts[0], index, rng.uniform(.5, 4.5))
            if sorts[0] in HARD:
                signal = self._damage(rng, noise, signal, index)
            signal = self._surrounded(rng, noise, signal, rng.uniform(.25, 1), rng.uniform(.5, 1.5))
        record = self._record(rng, [], "", kind, len(signal))
        return signal, record | {"tpl": "+".join(sorts)}

    def _sounds(self, rng, noise, index):
        """Returns (sounds one after the other, overlapping or apart; their sorts), damaged or not."""
        many, at, sorts, mix = rng.choices([1, 2, 3], [.6, .25, .15])[0], 0, [], np.zeros(0, np.float32)
        for _ in range(many):
            sorts.append(rng.choice(HARD if rng.random() < .75 else SORTS))
            wave = faded(rng, self._sound(rng, noise, sorts[-1], index, rng.uniform(.5, 9 if many == 1 else 4)))
            mix = np.pad(mix, (0, max(0, at + len(wave) - len(mix))))
            mix[at:at + len(wave)] += wave
            at = max(0, at + len(wave) + int(RATE * rng.uniform(-.5, 1)))
        if rng.random() < .15:
            mix = mix[int(len(mix) * rng.uniform(0, .4)):]               # a window that begins inside
        if rng.random() < .85:
            mix = self._surrounded(rng, noise, mix, rng.uniform(0, 1.2), rng.uniform(0, 1.5))
        mix = mix[:int(RATE * LONGEST)]
        mix = self._damage(rng, noise, mix, index) if rng.random() < .5 else self._channel(rng, mix)
        return (mix / max(1.0, np.abs(mix).max())).astype(np.float32), sorts

    def _surrounded(self, rng, noise, signal, before, after):
        """Returns the signal with seconds of silence around it, half the time over a faint noise."""
        signal = np.concatenate([silence(before), signal, silence(after)])
        if rng.random() < .5:
            signal = signal + gain(rng.uniform(-95, -60)) * augment.coloured(noise, len(signal), rng.choice([0, 1]))
        return signal.astype(np.float32)

    def _window(self, rng, noise, kind, index):
        """Returns two to four sentences, or one or two with sounds before, between or after them."""
        voices = [self.recipe.voice(rng, index)]
        if rng.random() < .2:
            voices.append(self.recipe.voice(rng, index))
        count = rng.randint(2, 4) if kind == "many" else rng.randint(1, 2)
        places = [] if kind == "many" else rng.sample(range(count + 1), rng.choice([1, 1, 2]))
        rate, speed = rng.randint(145, 250), rng.uniform(.94, 1.06) if rng.random() < .4 else 1.0
        pieces = []
        for place in range(count + 1):
            if place in places:
                sort = rng.choice(HARD if rng.random() < .75 else SORTS)
                wave = self._sound(rng, noise, sort, index, rng.uniform(.5, 3))
                pieces.append(Piece(faded(rng, wave / max(rms(wave), 1e-3)) * gain(rng.uniform(-25, 3))))
            if place < count:
                item = self._item(rng)
                wave, times = self._say(rng, item["say"], rng.choice(voices), rate, speed)
                pieces.append(Piece(wave / rms(wave) * gain(-rng.uniform(0, 6)), item, times))
        signal, sentences = self._joined(rng, pieces)
        signal = self._damage(rng, noise, signal, index)
        return signal, self._record(rng, sentences, voices[0], kind, len(signal))

    def _joined(self, rng, pieces):
        """Returns (the pieces that fit into LONGEST with pauses, [(item, word times)] of the sentences)."""
        parts, sentences, at = [silence(rng.uniform(0, .6))], [], 0
        for piece in pieces:
            at = sum(map(len, parts))
            if sentences and at + len(piece.wave) > LONGEST * RATE:
                break
            if piece.item:
                start = at * 1000 / RATE
                sentences.append((piece.item, [(a + start, b + start) for a, b in piece.times]))
            parts += [piece.wave, silence(rng.uniform(0, .1) if rng.random() < .1 else rng.uniform(.1, 1))]
        parts[-1] = silence(rng.uniform(0, .8))
        return np.concatenate(parts), sentences
