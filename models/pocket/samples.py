"""One sample: which sentence, which voice, what damage, and its targets.

A recipe says what a set consists of. Every decision of a sample comes from
SHA-256(set, part, index), but espeak-ng also remembers earlier calls: the
samples of one part are made by one process, in order.
"""
import hashlib
import random
from collections import namedtuple

import numpy as np

import augment
import foreign
import nospeech
import voices
from align import align
from grammar import LANGUAGES, Choices, draw, split, spoken_words
from grammar.prefix import common
from speech import Speaker, spans

RATE = augment.RATE
LONGEST = 9.0              # seconds of several sentences together
HEARD = 60                 # ms: a word counts as heard so long after its end
SETTLED = 250              # ms of silence after which a sentence counts as ended
KEEP = 12                  # earlier utterances kept for babble

# side: of the sentence split. kind(rng, index): one, many, none, foreign, or beside (refine.py).
# voice(rng, index). damage: full (training), noisy, clean, or channel.
# cuts: (share of samples with prefixes, fewest, most).
Recipe = namedtuple("Recipe", "side kind voice damage cuts")


def _mixture(rng, index):
    return rng.choices(["one", "many", "none", "foreign"], [.76, .13, .09, .02])[0]


def _second(rng, index):
    return rng.choices(["one", "many", "beside", "none", "foreign"], [.50, .22, .09, .17, .02])[0]


def _seen(rng, index):
    natural, generated = voices.train_voices()
    return rng.choice(generated if rng.random() < 1 / 3 else natural)


def _dev(rng, index):
    return voices.DEV[index // 2 % len(voices.DEV)] if index % 2 else _seen(rng, index)


def _held(rng, index):
    return voices.TEST[index % len(voices.TEST)]


def _natural(rng, index):
    return rng.choice(voices.train_voices()[0])


def _tested(rng, index):
    return "one" if index < 400 else "many" if index < 460 else "none"


def _one(rng, index):
    return "one"


def _none(rng, index):
    return "none"


RECIPES = {
    "train": Recipe("train", _mixture, _seen, "full", (.3, 2, 3)),
    "refine": Recipe("train", _second, _seen, "full", (.35, 2, 3)),
    "dev": Recipe("dev", _mixture, _dev, "full", (.3, 2, 3)),
    "test": Recipe("test", _tested, _held, "noisy", (1, 4, 4)),
    "held": Recipe("test", _one, _held, "noisy", (1, 4, 4)),
    "seen": Recipe("test", _one, _natural, "clean", (1, 4, 4)),
    "channel": Recipe("test", _one, _held, "channel", (1, 4, 4)),
    "nospeech": Recipe("test", _none, _held, "noisy", (0, 0, 0)),
}


class Sampler:
    """Makes the samples of one part of a set, in order."""
    keep = KEEP

    def __init__(self, name, part, recipe, prefixer, data):
        """data is the folder that holds espeak-ng-data; recipe a name in RECIPES."""
        self.seed, self.recipe, self.prefixer = f"pocket/{name}/{part}", RECIPES[recipe], prefixer
        self.speaker, self.opus = Speaker(data), augment.Opus()
        self.earlier = []

    def sample(self, index):
        """Returns (signal at 16 kHz, record) of one sample."""
        rng, noise = self.chance(index)
        kind = self.recipe.kind(rng, index)
        return self._maker(kind)(rng, noise, kind, index)

    def chance(self, index):
        """Returns the random.Random and the numpy Generator of one sample."""
        digest = hashlib.sha256(f"{self.seed}/{index}".encode()).digest()
        return random.Random(int.from_bytes(digest[:16], "big")), np.random.default_rng(int.from_bytes(digest[16:], "big"))

    def _maker(self, kind):
        """Returns the method that makes samples of this kind."""
        return self._spoken if kind in ("one", "many") else self._unspoken

    def _item(self, rng):
        """Returns a sentence of the grammar that belongs to this side of the split."""
        while True:
            item = draw(Choices(rng))
            if split(item["say"], item["tpl"]) == self.recipe.side:
                return item

    def _say(self, rng, text, voice, rate, speed=1.0):
        """Returns (16 kHz signal, (start, end) of each word in ms)."""
        wave, onsets = self.speaker.say(text, voice, rate, rng.randint(25, 75), rng.randint(20, 70),
                                        rng.choice([0, 0, 0, 1]))
        signal, stretch = augment.resample(wave, speed)
        times = [(a * stretch, b * stretch) for a, b in spans(onsets, len(wave) / 22.05)]
        self.earlier = (self.earlier + [signal])[-self.keep:]
        return signal, times

    def _spoken(self, rng, noise, kind, index):
        voice, rate = self.recipe.voice(rng, index), rng.randint(145, 250)
        warp = self.recipe.damage == "full" and rng.random() < .4
        speed = rng.uniform(.94, 1.06) if warp else 1.0
        parts, sentences = [silence(rng.uniform(0, .4))], []
        for _ in range(1 if kind == "one" else rng.randint(2, 3)):
            item = self._item(rng)
            signal, times = self._say(rng, item["say"], voice, rate, speed)
            start = sum(map(len, parts)) / RATE
            if sentences and start + len(signal) / RATE > LONGEST:
                break
            sentences.append((item, [(a + start * 1000, b + start * 1000) for a, b in times]))
            parts += [signal, silence(rng.uniform(.1, .6))]
        parts[-1] = silence(rng.uniform(0, .6))
        signal = self._damage(rng, noise, np.concatenate(parts), index)
        return signal, self._record(rng, sentences, voice, kind, len(signal))

    def _record(self, rng, sentences, voice, kind, samples):
        record = {"say": " ".join(item["say"] for item, _ in sentences)}
        record |= {language: " ".join(item[language] for item, _ in sentences) for language in LANGUAGES}
        pieces = [list(span) for item, times in sentences for span in written_spans(item, times)]
        return record | {"voice": voice, "tpl": "+".join(item["tpl"] for item, _ in sentences),
                         "kind": kind, "spans": pieces,
                         "prefixes": self._prefixes(rng, sentences, samples)}

    def _prefixes(self, rng, sentences, samples):
        """Returns what may be written at random cuts, for a share of the samples."""
        share, fewest, most = self.recipe.cuts
        if share < 1 and rng.random() >= share:
            return []
        first, last = self._heard(sentences, samples)
        frames = set()
        for _ in range(fewest if fewest == most else rng.randint(fewest, most)):
            cut = min(rng.uniform(first + 80, last + 200), samples / RATE * 1000 - 20)
            frames.add(max(4, int(cut // 40) * 4))
        return [{"frame": frame} | heard(self.prefixer, rng, sentences, frame * 10)
                for frame in sorted(frames)]

    def _heard(self, sentences, samples):
        """Returns the (first, last) ms between which prefixes end, more or less."""
        return sentences[0][1][0][0], sentences[-1][1][-1][1]

    def _unspoken(self, rng, noise, kind, index):
        """Returns a sample whose target is empty: noise of some kind, or another language."""
        what = rng.choice(nospeech.KINDS)
        if self.recipe.side == "test":
            what = nospeech.KINDS[index % len(nospeech.KINDS)]
        if kind == "foreign":
            text, what = foreign.sentence(rng, self._item(rng))
            voice = rng.choice(foreign.VOICES[what])
            other = voices.timbre(rng.choice(voices.train_voices()[0]))
            speech, _ = self._say(rng, text, voice + ("+" + other if other else ""), rng.randint(145, 250))
            signal = self._damage(rng, noise, speech, index)
        elif what in ("reversed", "shuffled"):
            text = self._item(rng)["say"]
            speech, _ = self._say(rng, text, self.recipe.voice(rng, index), rng.randint(145, 250))
            signal = self._damage(rng, noise, nospeech.make(rng, noise, what, speech), index)
        else:
            signal = nospeech.make(rng, noise, what, None)
            if rng.random() < .15:
                signal = augment.shaped(signal, augment.band(rng))
        empty = dict.fromkeys(("say",) + tuple(LANGUAGES), "")
        return signal, empty | {"voice": "", "tpl": what, "kind": kind, "spans": [], "prefixes": []}

    def _damage(self, rng, noise, signal, index):
        """Applies room, level, background, channel and codec as the recipe says."""
        damage = self.recipe.damage
        if damage == "full" and rng.random() < .25:
            signal = augment.room(rng, noise, signal)
        signal = signal * (10 ** (-rng.uniform(1, 30) / 20) / max(1e-3, np.abs(signal).max()))
        if damage in ("noisy", "channel") or damage == "full" and rng.random() < .8:
            ratio = rng.uniform(8, 45) if damage == "full" else rng.uniform(15, 40)
            power = np.sqrt(np.mean(signal ** 2)) * 10 ** (-ratio / 20)
            signal = signal + power * self._background(rng, noise, len(signal))
        elif damage == "full" and rng.random() < .7:
            signal = signal + 10 ** (rng.uniform(-95, -75) / 20) * augment.coloured(noise, len(signal), 0)
        if damage == "full":
            signal = self._channel(rng, signal)
        if damage == "channel":
            signal = self._one_channel(rng, noise, signal, index)
        return (signal / max(1.0, np.abs(signal).max())).astype(np.float32)

    def _background(self, rng, noise, count):
        """Returns noise or other voices, unit RMS."""
        return augment.background(rng, noise, count, self.earlier[:-3])

    def _channel(self, rng, signal):
        """Applies a random selection of the channels of training."""
        if rng.random() < .12:
            signal = augment.shaped(signal, augment.band(rng))
        if rng.random() < .2:
            signal = augment.shaped(signal, augment.tilt(rng))
        if rng.random() < .08:
            signal = augment.soft_clip(rng, signal)
        if rng.random() < .04:
            signal = augment.mu_law(signal)
        if rng.random() < .08:
            signal = self.opus.round_trip(signal, rng.choice([8000, 12000, 16000, 24000]))
        return signal

    def _one_channel(self, rng, noise, signal, index):
        """Applies one of three: Opus at 16 kbit/s, a telephone band, a room of 0.4 s."""
        if index % 3 == 0:
            return self.opus.round_trip(signal, 16000)
        if index % 3 == 1:
            return augment.shaped(signal, augment.telephone)
        return augment.room(rng, noise, signal, decay=.4)


def silence(seconds):
    return np.zeros(int(RATE * seconds), np.float32)


def written_spans(item, times):
    """Returns the (start, end) in ms of each written Spanish word."""
    pairs = align(item["es"].split(), item["say"].split(" "))
    return [(round(times[first][0]), round(times[last - 1][1])) for first, last in pairs]


def heard(prefixer, rng, sentences, cut):
    """Returns the safe text per language when the sound ends at cut ms.

    sentences holds (item, (start, end) of each spoken word in ms). A sentence
    is complete when the next one has begun or SETTLED ms have passed.
    """
    texts = {language: [] for language in LANGUAGES}
    counts = [sum(end + HEARD <= cut for _, end in times) for _, times in sentences]
    for i, (item, times) in enumerate(sentences):
        followed = i + 1 < len(sentences) and counts[i + 1] > 0
        settled = cut >= times[-1][1] + SETTLED
        if followed or settled:
            safe = {language: item[language].split() for language in LANGUAGES}
        elif counts[i]:
            safe = _safe(prefixer, rng, item, counts[i])
        else:
            break
        for language in LANGUAGES:
            texts[language] += safe[language]
        if not followed and not settled:
            break
    return {language: " ".join(words) for language, words in texts.items()}


def _safe(prefixer, rng, item, count):
    """Returns the safe words after count spoken words; es holds nothing that was not heard."""
    safe = prefixer.targets(item, count, rng)
    written = item["es"].split()
    ends = [last for _, last in align(written, item["say"].split(" "))]
    done = next((k for k, last in enumerate(ends) if last > count), len(ends))
    return safe | {"es": common(safe["es"], written[:done])}
