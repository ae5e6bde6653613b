"""Makes the shards: synthetic Spanish speech as finished log-mel frames, with its targets.

usage: python synth.py shards --split train --first 0 --last 79 --out DIR --espeak DIR

A shard is NAME.mel.npy (float16 [frames, 128] of all samples, one after the
other) and NAME.jsonl (a line per sample, see README.md), written last. Every
decision comes from SHA-256(split, shard, index); each shard is one process
with a fixed order of calls, so it is reproduced byte for byte. Shards that
exist are skipped.
"""
import argparse
import hashlib
import json
import multiprocessing
import os
import random
import time

import numpy as np

import augment
import foreign
import nospeech
import voices
from align import align
from features import BINS, logmel
from grammar import LANGUAGES, Choices, draw, split, spoken_words
from grammar.prefix import Prefixer, common
from speech import Speaker, spans

RATE = augment.RATE
SIZES = {"train": 2500, "dev": 300, "test": 760}
LONGEST = 9.0              # seconds of several sentences together
HEARD = 60                 # ms: a word counts as heard so long after its end
SETTLED = 250              # ms of silence after which a sentence counts as ended
KEEP = 12                  # earlier utterances kept for babble


class Shard:
    """The generator of one shard: an engine, the earlier utterances, and the seeds."""

    def __init__(self, name, number, prefixer, data):
        self.name, self.number, self.prefixer = name, number, prefixer
        self.speaker, self.opus = Speaker(data), augment.Opus()
        self.natural, self.generated = voices.train_voices()
        self.earlier = []

    def sample(self, index):
        """Returns (signal, record) of one sample."""
        digest = hashlib.sha256(f"pocket/{self.name}/{self.number}/{index}".encode()).digest()
        rng = random.Random(int.from_bytes(digest[:16], "big"))
        noise = np.random.default_rng(int.from_bytes(digest[16:], "big"))
        kind = self._kind(rng, index)
        if kind in ("none", "foreign"):
            return self._unspoken(rng, noise, kind, index)
        return self._spoken(rng, noise, kind, index)

    def _kind(self, rng, index):
        """Returns one, many, none or foreign; the test shard has fixed parts."""
        if self.name == "test":
            return "one" if index < 400 else "many" if index < 460 else "none"
        return rng.choices(["one", "many", "none", "foreign"], [.76, .13, .09, .02])[0]

    def _voice(self, rng, index):
        if self.name == "test":
            return voices.TEST[index % len(voices.TEST)]
        if self.name == "dev" and index % 2:
            return voices.DEV[index // 2 % len(voices.DEV)]
        return rng.choice(self.generated if rng.random() < 1 / 3 else self.natural)

    def _item(self, rng):
        """Returns a sentence of the grammar that belongs to this side of the split."""
        while True:
            item = draw(Choices(rng))
            if split(item["say"], item["tpl"]) == self.name:
                return item

    def _say(self, rng, text, voice, rate, speed):
        """Returns (16 kHz signal, (start, end) of each word in ms)."""
        wave, onsets = self.speaker.say(text, voice, rate, rng.randint(25, 75), rng.randint(20, 70),
                                        rng.choice([0, 0, 0, 1]))
        signal, stretch = augment.resample(wave, speed)
        end = len(wave) / 22.05
        times = [(a * stretch, b * stretch) for a, b in spans(onsets, end)]
        self.earlier = (self.earlier + [signal])[-KEEP:]
        return signal, times

    def _spoken(self, rng, noise, kind, index):
        voice, rate = self._voice(rng, index), rng.randint(145, 250)
        speed = rng.uniform(.94, 1.06) if self.name != "test" and rng.random() < .4 else 1.0
        parts, position, sentences = [], rng.uniform(0, .4), []
        parts.append(np.zeros(int(RATE * position), np.float32))
        for _ in range(1 if kind == "one" else rng.randint(2, 3)):
            item = self._item(rng)
            signal, times = self._say(rng, item["say"], voice, rate, speed)
            start = sum(map(len, parts))
            if sentences and (start + len(signal)) / RATE > LONGEST:
                break
            ms = start / RATE * 1000
            sentences.append((item, [(a + ms, b + ms) for a, b in times]))
            parts += [signal, np.zeros(int(RATE * rng.uniform(.1, .6)), np.float32)]
        parts[-1] = np.zeros(int(RATE * rng.uniform(0, .6)), np.float32)
        signal = self._degrade(rng, noise, np.concatenate(parts))
        record = {"say": " ".join(item["say"] for item, _ in sentences)}
        record |= {language: " ".join(item[language] for item, _ in sentences) for language in LANGUAGES}
        record |= {"voice": voice, "tpl": "+".join(item["tpl"] for item, _ in sentences), "kind": kind,
                   "spans": [list(span) for item, times in sentences for span in written_spans(item, times)],
                   "prefixes": self._prefixes(rng, sentences, len(signal))}
        return signal, record

    def _prefixes(self, rng, sentences, samples):
        """Returns what may be written at two to four random cuts, for some of the samples."""
        if self.name != "test" and rng.random() >= .3:
            return []
        first, last = sentences[0][1][0][0], sentences[-1][1][-1][1]
        frames = set()
        for _ in range(4 if self.name == "test" else rng.randint(2, 3)):
            cut = min(rng.uniform(first + 80, last + 200), samples / RATE * 1000 - 20)
            frames.add(max(4, int(cut // 40) * 4))
        return [{"frame": frame} | self._heard(rng, sentences, frame * 10) for frame in sorted(frames)]

    def _heard(self, rng, sentences, cut):
        """Returns the safe text per language when the sound ends at cut ms."""
        texts = {language: [] for language in LANGUAGES}
        counts = [sum(end + HEARD <= cut for _, end in times) for _, times in sentences]
        for i, (item, times) in enumerate(sentences):
            followed = i + 1 < len(sentences) and counts[i + 1] > 0
            if followed or cut >= times[-1][1] + SETTLED:
                safe = {language: item[language].split() for language in LANGUAGES}
            elif counts[i]:
                safe = self.prefixer.targets(item, counts[i], rng)
                written = item["es"].split()
                ends = [last for _, last in align(written, item["say"].split(" "))]
                done = next((k for k, last in enumerate(ends) if last > counts[i]), len(ends))
                safe["es"] = common(safe["es"], written[:done])
            else:
                break
            for language in LANGUAGES:
                texts[language] += safe[language]
            if not followed and cut < times[-1][1] + SETTLED:
                break
        return {language: " ".join(words) for language, words in texts.items()}

    def _unspoken(self, rng, noise, kind, index):
        """Returns a sample whose target is empty: noise of some kind, or another language."""
        what = rng.choice(nospeech.KINDS)
        if self.name == "test":
            what = nospeech.KINDS[index % len(nospeech.KINDS)]
        if kind == "foreign":
            text, what = foreign.sentence(rng, self._item(rng))
            voice = rng.choice(foreign.VOICES[what])
            other = rng.choice(self.natural).partition("+")[2]
            speech, _ = self._say(rng, text, voice + ("+" + other if other else ""), rng.randint(145, 250), 1.0)
            signal = self._degrade(rng, noise, speech)
        elif what in ("reversed", "shuffled"):
            speech, _ = self._say(rng, self._item(rng)["say"], self._voice(rng, index), rng.randint(145, 250), 1.0)
            signal = self._degrade(rng, noise, nospeech.make(rng, noise, what, speech))
        else:
            signal = nospeech.make(rng, noise, what, None)
            if rng.random() < .15:
                signal = augment.shaped(signal, augment.band(rng))
        empty = dict.fromkeys(("say",) + tuple(LANGUAGES), "")
        return signal, empty | {"voice": "", "tpl": what, "kind": kind, "spans": [], "prefixes": []}

    def _degrade(self, rng, noise, signal):
        """Applies room, level, background, channel and codec."""
        plain = self.name == "test"
        if not plain and rng.random() < .25:
            signal = augment.room(rng, noise, signal)
        signal = signal * (10 ** (-rng.uniform(1, 30) / 20) / max(1e-3, np.abs(signal).max()))
        if plain or rng.random() < .8:
            power = np.sqrt(np.mean(signal ** 2)) * 10 ** (-rng.uniform(*((15, 40) if plain else (8, 45))) / 20)
            signal = signal + power * augment.background(rng, noise, len(signal), self.earlier[:-3])
        elif rng.random() < .7:
            signal = signal + 10 ** (rng.uniform(-95, -75) / 20) * augment.coloured(noise, len(signal), 0)
        if not plain:
            signal = self._channel(rng, signal)
        peak = np.abs(signal).max()
        return (signal / max(1.0, peak)).astype(np.float32)

    def _channel(self, rng, signal):
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


def written_spans(item, times):
    """Returns the (start, end) in ms of each written Spanish word."""
    pairs = align(item["es"].split(), item["say"].split(" "))
    return [(round(times[first][0]), round(times[last - 1][1])) for first, last in pairs]


def build(name, number, count, out, prefixer, data):
    """Writes one shard; the record file appears last."""
    base = os.path.join(out, f"{name}-{number:04d}")
    shard = Shard(name, number, prefixer, data)
    lines, blocks, offset = [], [], 0
    for index in range(count):
        signal, record = shard.sample(index)
        block = logmel(signal).astype(np.float16)
        lines.append(json.dumps({"offset": offset, "frames": len(block)} | record, ensure_ascii=False))
        blocks.append(block)
        offset += len(block)
    text = "\n".join(lines) + "\n"
    mel = np.concatenate(blocks).reshape(-1, BINS)
    digests = {".mel.npy": hashlib.sha256(mel.tobytes()).hexdigest(),
               ".jsonl": hashlib.sha256(text.encode()).hexdigest()}
    with open(base + ".sha256", "w", encoding="ascii") as file:
        file.writelines(f"{digest}  {name}-{number:04d}{end}\n" for end, digest in digests.items())
    with open(base + ".mel.part", "wb") as file:
        np.save(file, mel)
    os.rename(base + ".mel.part", base + ".mel.npy")
    with open(base + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(base + ".part", base + ".jsonl")


def shards(name, first, last, count, out, data):
    """Builds the missing shards first..last, each in a process of its own."""
    os.makedirs(out, exist_ok=True)
    voices.prepare(data)
    prefixer = Prefixer()
    fork = multiprocessing.get_context("fork")
    for number in range(first, last + 1):
        if os.path.exists(os.path.join(out, f"{name}-{number:04d}.jsonl")):
            continue
        began = time.time()
        child = fork.Process(target=build, args=(name, number, count, out, prefixer, data))
        child.start()
        child.join()
        if child.exitcode:
            raise SystemExit(f"synth: shard {name}-{number:04d} failed with exit status {child.exitcode}")
        print(f"{name}-{number:04d} {count} samples, {count / (time.time() - began):.0f}/s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("shards", help="build the missing shards of one split")
    make.add_argument("--split", choices=list(SIZES), required=True)
    make.add_argument("--first", type=int, default=0)
    make.add_argument("--last", type=int, required=True)
    make.add_argument("--count", type=int, default=0, help="samples per shard; 0: the usual number")
    make.add_argument("--out", required=True)
    make.add_argument("--espeak", required=True, help="folder for espeak-ng's data with our timbres")
    args = parser.parse_args()
    shards(args.split, args.first, args.last, args.count or SIZES[args.split], args.out, args.espeak)


if __name__ == "__main__":
    main()
