"""Makes streams: many sentences one after the other, with pauses, noise and the times of every word.

usage: python streams.py --seed 1 --out DIR --espeak DIR [--count 40] [--set streams|foreign]
       python streams.py --committed --espeak DIR        (needs opusenc)

streams: count streams of held-out sentences in held-out voices and a quarter
as many without speech. foreign: what the model cannot know, Spanish outside
its grammar and other languages. --committed makes testset/streams again. The
manifest is the one that sotto eval reads; README.md describes it. Every
stream is made by a process of its own and depends on its set, seed and name
only, not on the others.
"""
import argparse
import multiprocessing
import os

import numpy as np
from scipy.io import wavfile

import augment
import foreign
import nospeech
import outside
import script
import voices
from grammar import LANGUAGES
from samples import RATE, written_spans
from speech import Speaker, spans
from synth import line, put
from testset import encode

HERE = os.path.dirname(os.path.abspath(__file__))
SEED, KILOBITS = 2026, 24                        # of testset/streams
COMMITTED = [script.Shape(("es+f4",), "", False, "plain", "pink", 14, 40),
             script.Shape(("es-419+m7", "es+sandro"), "", False, "room", "babble", 14, 40),
             script.Shape(("es+Henrique",), "mute", False, "opus", "hum", 14, 40),
             script.Shape(("es-419+Lee",), "", True, "plain", "brown", 14, 40)]
SORTS = nospeech.KINDS + ["babble"]
TALKERS = 7                                      # of babble


def say(speaker, text, voice, rate=180, pitch=50, spread=50):
    """Returns (16 kHz signal of RMS 1, (start, end) of each word in ms)."""
    wave, onsets = speaker.say(text, voice, rate, pitch, spread)
    signal, stretch = augment.resample(wave)
    times = [(a * stretch, b * stretch) for a, b in spans(onsets, len(wave) / 22.05)]
    return signal / _rms(signal), times


def _rms(signal):
    return np.sqrt(np.mean(signal ** 2)) + np.float32(1e-9)


def _gain(decibels):
    return np.float32(10 ** (decibels / 20))


def perform(plan, speaker, longest):
    """Speaks a script without any damage.

    Returns (signal, [(line, first sample, last sample + 1, word times in ms)]).
    """
    parts, places, at = [_silence(plan.lead)], [], int(RATE * plan.lead)
    for spoken in plan.lines:
        if at > longest * RATE:
            break
        signal, times = say(speaker, spoken.item["say"], spoken.voice, spoken.rate, spoken.pitch, spoken.spread)
        start = at * 1000 / RATE
        places.append((spoken, at, at + len(signal), [(a + start, b + start) for a, b in times]))
        parts += [signal * _gain(spoken.level), _silence(spoken.pause)]
        at += len(signal) + len(parts[-1])
    return np.concatenate(parts[:-1] + [_silence(plan.tail)]), places


def _silence(seconds):
    return np.zeros(int(RATE * seconds), np.float32)


def damage(rng, noise, shape, plan, signal, places, speaker):
    """Returns the performed signal in a room or over a codec, with noise, at its level."""
    if shape.channel == "room":
        signal = augment.room(rng, noise, signal, decay=rng.uniform(.25, .4))
    quietest = min(_rms(signal[a:b]) for _, a, b, _ in places)
    bed = background(rng, noise, shape, len(signal), speaker) * _swell(rng, plan.swell, len(signal))
    signal = signal + bed * quietest * _gain(-plan.ratio)
    if plan.mute is not None and plan.mute + 1 < len(places):
        signal[places[plan.mute][2] + RATE // 2:places[plan.mute + 1][1] - RATE // 4] = 0
    signal = signal * (_gain(plan.peak) / np.abs(signal).max())
    if shape.channel == "opus":
        signal = augment.Opus().round_trip(signal, 16000)
    return _bounded(signal)


def _bounded(signal):
    return (signal / max(1.0, np.abs(signal).max())).astype(np.float32)


def background(rng, noise, shape, count, speaker):
    """Returns the noise of a whole stream, unit RMS."""
    if shape.bed == "babble":
        return babble(rng, count, speaker, shape.voices)
    if shape.bed == "hum":
        return augment.hum(rng, noise, count)
    return augment.coloured(noise, count, ["white", "pink", "brown"].index(shape.bed))


def _swell(rng, depth, count):
    """Returns a slow gain between 0 and -depth dB."""
    time = np.arange(count, dtype=np.float32) / RATE
    wave = .5 + .5 * np.sin(2 * np.pi * time / rng.uniform(6, 25) + rng.uniform(0, 6.28))
    return 10 ** (-depth / 20 * wave)


def babble(rng, count, speaker, absent=()):
    """Returns many held-out voices at once, none of them absent, unit RMS."""
    there = [voice for voice in voices.TEST + voices.DEV if voice not in absent]
    mix = np.zeros(count, np.float32)
    for _ in range(TALKERS):
        voice, rate = rng.choice(there), rng.randint(150, 230)
        speech = np.concatenate([say(speaker, script.sentence(rng)["say"], voice, rate)[0] for _ in range(4)])
        mix += np.resize(np.roll(speech, rng.randrange(len(speech))), count)
    return mix / _rms(mix)


def unspoken(rng, noise, seconds, speaker):
    """Returns (sounds without Spanish one after the other, overlapping or apart; where each sort lies)."""
    count, at, sorts, pieces = int(RATE * seconds), 0, [], []
    mix = _gain(rng.uniform(-85, -60)) * augment.coloured(noise, count, 1)
    while at < count:
        sorts = sorts or rng.sample(SORTS, len(SORTS))
        kind = sorts.pop()
        piece = _sort(rng, noise, kind, speaker)[:count - at]
        if kind == "silence":
            mix[at:at + len(piece)] = 0
        mix[at:at + len(piece)] += _faded(piece)
        pieces.append({"start_ms": at * 1000 // RATE, "end_ms": (at + len(piece)) * 1000 // RATE, "sort": kind})
        at += len(piece) + int(RATE * rng.uniform(-.8, 1.2))
    return _bounded(mix), pieces


def _sort(rng, noise, kind, speaker):
    """Returns 3 to 8 s of one sort of no speech."""
    if kind == "babble":
        return babble(rng, int(RATE * rng.uniform(3, 8)), speaker) * _gain(rng.uniform(-45, -20))
    if kind in ("reversed", "shuffled"):
        voice = rng.choice(voices.TEST)
        speech = np.concatenate([say(speaker, script.sentence(rng)["say"], voice)[0] for _ in range(2)])
        spoilt = nospeech.make(rng, noise, kind, speech)
        return spoilt * (_gain(-rng.uniform(1, 30)) / np.abs(spoilt).max())
    return nospeech.make(rng, noise, kind, None, rng.uniform(3, 8))


def _faded(piece):
    """Returns the piece with 20 ms of fading at both ends, so that its edges do not click."""
    ramp = np.minimum(1, np.arange(len(piece), dtype=np.float32) / (RATE // 50))
    return piece * ramp * ramp[::-1]


def spoken(name, file, signal, places):
    """Returns the manifest's record of a stream with speech."""
    sentences, words = [], []
    for said, first, last, times in places:
        languages = {language: said.item[language] for language in LANGUAGES if language in said.item}
        sentences.append({"start_ms": first * 1000 // RATE, "end_ms": last * 1000 // RATE, "voice": said.voice,
                          "references": languages})
        words += [{"start_ms": int(a), "end_ms": int(b), "text": word} for word, (a, b) in
                  zip(said.item["es"].split(), written_spans(said.item, times))]
    whole = {language: " ".join(s["references"][language] for s in sentences)
             for language in sentences[0]["references"]}
    return _record(name, file, signal, "es", "speech", whole, sentences, words)


def silent(name, file, signal, source="es"):
    """Returns the manifest's record of a stream for which no text is right."""
    return _record(name, file, signal, source, "none", dict.fromkeys(LANGUAGES, ""), [], [])


def _record(name, file, signal, source, kind, whole, sentences, words):
    return {"id": name, "audio": file, "source": source, "kind": kind,
            "duration_ms": len(signal) * 1000 // RATE, "text": whole["es"], "references": whole,
            "sentences": sentences, "words": words}


# A job is (folder, set, seed, name, what): a shape, seconds without speech, or a foreign (language, text).

def make(job):
    """Makes one stream; returns its line of the manifest, and its line of sorts.jsonl or nothing."""
    folder, chosen, seed, name, what, data = job
    rng, noise = script.chance(chosen, seed, name)
    file = name + (".ogg" if chosen == "committed" else ".wav")
    work = {script.Shape: _speech, tuple: _foreign}.get(type(what), _nothing)
    signal, record, *pieces = work(rng, noise, what, name, file, Speaker(data))
    _write(os.path.join(folder, file), signal)
    return line(record), "".join(line({"id": name, "pieces": sounds}) for sounds in pieces)


def _speech(rng, noise, shape, name, file, speaker):
    plan = script.write(rng, shape)
    signal, places = perform(plan, speaker, shape.longest)
    signal = damage(rng, noise, shape, plan, signal, places, speaker)
    return signal, spoken(name, file, signal, places)


def _nothing(rng, noise, seconds, name, file, speaker):
    signal, pieces = unspoken(rng, noise, seconds or rng.uniform(30, 90), speaker)
    return signal, silent(name, file, signal), pieces


def _foreign(rng, noise, what, name, file, speaker):
    """One sentence, alone, over noise: Spanish outside the grammar, or another language."""
    language, text = what
    voice = rng.choice(voices.TEST)
    if language != "es":
        voice = rng.choice(foreign.VOICES[language]) + "+" + voices.timbre(voice)
    item = {"say": outside.plain(text), "es": text}
    plan = script.Script([script.Line(item, voice, rng.randint(150, 220), rng.randint(30, 70), 50, 0, 0)],
                         rng.uniform(.3, .8), rng.uniform(.8, 1.5), rng.uniform(15, 40), -rng.uniform(1, 20), 0, None)
    shape = script.Shape((voice,), "", False, "plain", rng.choice(["white", "pink", "brown", "hum"]), 1, 0)
    signal, places = perform(plan, speaker, np.inf)
    signal = damage(rng, noise, shape, plan, signal, places, speaker)
    record = spoken(name, file, signal, places) if language == "es" else silent(name, file, signal, language)
    return signal, record


def _write(path, signal):
    if path.endswith(".ogg"):
        encode(signal, path, KILOBITS)
    else:
        wavfile.write(path, RATE, np.round(signal * 32767).astype(np.int16))


def jobs(chosen, seed, count, out, data):
    """Returns the jobs of a set, in the manifest's order."""
    if chosen == "committed":
        whats = [(f"s{i:02d}", shape) for i, shape in enumerate(COMMITTED)] + [("n00", 20), ("n01", 20)]
    elif chosen == "foreign":
        whats = [(f"{language}{i:02d}", (language, text))
                 for language, texts in outside.TEXTS.items() for i, text in enumerate(texts)]
    else:
        whats = [(f"s{i:02d}", script.shape(i)) for i in range(count)]
        whats += [(f"n{i:02d}", 0) for i in range(-(-count // 4))]
    return [(out, chosen, seed, name, what, data) for name, what in whats]


def build(chosen, seed, count, out, data):
    """Writes a set: its sound, what sounds in streams without speech, and last its manifest."""
    os.makedirs(out, exist_ok=True)
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        lines = pool.map(make, jobs(chosen, seed, count, out, voices.prepare(data)), chunksize=1)
    if sorts := "".join(sounds for _, sounds in lines):
        put(os.path.join(out, "sorts.jsonl"), sorts)
    put(os.path.join(out, "manifest.jsonl"), "".join(record for record, _ in lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--espeak", required=True, help="folder for espeak-ng's data with our timbres")
    parser.add_argument("--committed", action="store_true", help="make testset/streams again")
    parser.add_argument("--set", choices=["streams", "foreign"], default="streams")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40, help="streams with speech; a quarter as many have none")
    parser.add_argument("--out")
    args = parser.parse_args()
    if args.committed:
        build("committed", SEED, 0, os.path.join(HERE, "testset", "streams"), args.espeak)
    elif args.out and args.count > 0:
        build(args.set, args.seed, args.count, args.out, args.espeak)
    else:
        parser.error("name a folder with --out and at least one stream with --count, or say --committed")


if __name__ == "__main__":
    main()
