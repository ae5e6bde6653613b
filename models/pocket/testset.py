"""Makes testset/: some sixty clips as Ogg Opus with a manifest, and one demonstration clip.

usage: python testset.py --espeak DIR        (needs espeak-ng 1.51 and opusenc)

All sentences are held out and spoken by the held-out voices, except those of
demo.ogg, which a reader should find pleasant. Clips of kind "prefix" end in
the middle of a sentence: their targets are what may be written by then, and
whole_es, whole_en... is the sentence that would have come.
"""
import argparse
import hashlib
import os
import subprocess
import tempfile

import numpy as np
from scipy.io import wavfile

import augment
import voices
from grammar import LANGUAGES
from grammar.prefix import Prefixer
from samples import RATE, Sampler
from speech import Speaker
from synth import apart, line, put

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 2026
ONE, MANY, NONE, CUT = 32, 6, 12, 10
DEMO = ["buenos días elena",
        "el avión a parís sale mañana a las doce y veinte",
        "si llueve mañana nos quedaremos en casa",
        "a mi hermana le gustan los conciertos",
        "quisiera reservar una mesa para dos personas el sábado a las nueve y cuarto",
        "¿me puede traer la cuenta por favor?",
        "muchas gracias"]
DEMO_VOICE, DEMO_RATE = "es", 165
DEMO_PAUSES = [1.0, 0.9, 1.1, 0.8, 1.2, 0.9, 0.6]       # seconds after each sentence


def encode(signal, path, kilobits):
    """Writes a signal as Ogg Opus and returns the file's SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        wav = os.path.join(folder, "clip.wav")
        wavfile.write(wav, RATE, np.round(signal * 32767).astype(np.int16))
        subprocess.run(["opusenc", "--quiet", "--bitrate", str(kilobits), "--serial", "1", "--discard-comments",
                        "--padding", "0", wav, path], check=True)
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def clips(prefixer, data):
    """Yields (signal, record) of the test clips."""
    held = Sampler("testset", SEED, "held", prefixer, data)
    index = 0
    for index in range(ONE):
        yield held.sample(index)
    for index in range(ONE, ONE + CUT):
        yield cut(*held.sample(index))
    held.recipe = held.recipe._replace(kind=lambda rng, i: "many")
    for index in range(ONE + CUT, ONE + CUT + MANY):
        yield held.sample(index)
    held.recipe = held.recipe._replace(kind=lambda rng, i: "none")
    for index in range(ONE + CUT + MANY, ONE + CUT + MANY + NONE):
        yield held.sample(index)


def cut(signal, record):
    """Returns a sample ended at its first prefix that holds some Spanish."""
    prefix = next((p for p in record["prefixes"] if p["es"]), record["prefixes"][-1])
    whole = {f"whole_{language}": record[language] for language in LANGUAGES}
    heard = {language: prefix[language] for language in LANGUAGES}
    end = prefix["frame"] * 10
    spans = [span for span in record["spans"] if span[1] <= end]
    record = record | heard | whole | {"kind": "prefix", "spans": spans}
    return signal[:prefix["frame"] * 160 + 1], record


def write(data):
    """Writes all clips and the manifest into testset/."""
    folder = os.path.join(HERE, "testset")
    os.makedirs(folder, exist_ok=True)
    prefixer = Prefixer()
    lines = []
    for number, (signal, record) in enumerate(clips(prefixer, data)):
        record = {k: v for k, v in record.items() if k != "prefixes"}
        lines.append(save(folder, f"{number:02d}-{record['kind']}.ogg", signal, 24, record))
    put(os.path.join(folder, "manifest.jsonl"), "".join(lines))


def save(folder, file, signal, kilobits, record):
    """Encodes a clip and returns its line of the manifest."""
    digest = encode(signal, os.path.join(folder, file), kilobits)
    return line({"file": file, "samples": len(signal), "sha256": digest} | record)


def demo(data):
    """Writes demo.ogg and demo.jsonl: pleasant sentences in one clear voice, with pauses."""
    folder = os.path.join(HERE, "testset")
    known, speaker = {item["say"]: item for item in Prefixer().items}, Speaker(data)
    pieces, sentences, at = [np.zeros(RATE // 2, np.float32)], [], RATE // 2
    for say, pause in zip(DEMO, DEMO_PAUSES):
        wave, _ = speaker.say(say, DEMO_VOICE, DEMO_RATE, pitch=45, spread=55)
        signal, _ = augment.resample(wave)
        sentences.append({"start_ms": at * 1000 // RATE, "end_ms": (at + len(signal)) * 1000 // RATE,
                          "say": say} | {language: known[say][language] for language in LANGUAGES})
        pieces += [signal * np.float32(0.5 / np.abs(signal).max()), np.zeros(int(RATE * pause), np.float32)]
        at += len(signal) + int(RATE * pause)
    record = {"voice": DEMO_VOICE, "kind": "demo", "sentences": sentences}
    record |= {language: " ".join(s[language] for s in sentences) for language in LANGUAGES}
    put(os.path.join(folder, "demo.jsonl"), save(folder, "demo.ogg", np.concatenate(pieces), 32, record))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--espeak", required=True, help="folder for espeak-ng's data with our timbres")
    data = voices.prepare(parser.parse_args().espeak)
    apart(write, data)
    apart(demo, data)


if __name__ == "__main__":
    main()
