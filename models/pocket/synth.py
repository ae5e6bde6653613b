"""Makes the data: synthetic Spanish speech with its targets.

usage: python synth.py shards  --split train --last 79 --out DIR --espeak DIR
       python synth.py heldout --seed 1 --count 500 --out DIR --espeak DIR [--set held]
       python synth.py verify  --split dev --last 0 --espeak DIR

shards writes finished log-mel frames for training: NAME.mel.npy (float16
[frames, 128] of all samples, one after the other), NAME.sha256 and NAME.jsonl
(one line per sample, see README.md), which appears last. Shards that exist are
skipped. heldout writes a fresh evaluation set as WAV files with a manifest.
verify makes shards again and compares them with shards.sha256, the digests of
the embedded model's data (of the array's bytes and of the record file).
"""
import argparse
import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
import time

import numpy as np
from scipy.io import wavfile

import voices
from features import BINS, logmel
from grammar.prefix import Prefixer
from refine import Refiner
from samples import RATE, Sampler

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = {"train": 2500, "dev": 300, "test": 760, "refine": 1000}
SETS = ["held", "seen", "channel", "nospeech"]
SAMPLERS = {"refine": Refiner, "nospeech": Refiner}


def line(record):
    """Returns a record as one line of JSON."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def put(path, content):
    """Writes text, bytes or an array under a temporary name, then renames."""
    part = path + ".part"
    with open(part, "wb") as file:
        if isinstance(content, np.ndarray):
            np.save(file, content)
        else:
            file.write(content.encode() if isinstance(content, str) else content)
    os.rename(part, path)


def build(sampler, label, count, out):
    """Writes one shard; its records appear last."""
    lines, blocks, offset = [], [], 0
    for index in range(count):
        signal, record = sampler.sample(index)
        block = logmel(signal).astype(np.float16)
        lines.append(line({"offset": offset, "frames": len(block)} | record))
        blocks.append(block)
        offset += len(block)
    text, mel = "".join(lines), np.concatenate(blocks).reshape(-1, BINS)
    digests = {".mel.npy": hashlib.sha256(mel.tobytes()).hexdigest(),
               ".jsonl": hashlib.sha256(text.encode()).hexdigest()}
    base = os.path.join(out, label)
    put(base + ".sha256", "".join(f"{digest}  {label}{end}\n" for end, digest in digests.items()))
    put(base + ".mel.npy", mel)
    put(base + ".jsonl", text)


def apart(work, *arguments):
    """Runs work in a process of its own, since espeak-ng remembers earlier calls."""
    child = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(f"synth: {work.__name__} failed with exit status {child.exitcode}")


def shards(name, first, last, count, out, data):
    """Builds the missing shards first..last, each in a process of its own."""
    os.makedirs(out, exist_ok=True)
    voices.prepare(data)
    prefixer = Prefixer()
    for number in range(first, last + 1):
        label = f"{name}-{number:04d}"
        if os.path.exists(os.path.join(out, label + ".jsonl")):
            continue
        began = time.time()
        apart(_shard, name, number, label, count, out, prefixer, data)
        print(f"{label} {count} samples, {count / (time.time() - began):.0f}/s", flush=True)


def _shard(name, number, label, count, out, prefixer, data):
    sampler = SAMPLERS.get(name, Sampler)(name, number, name, prefixer, data)
    build(sampler, label, count, out)


def heldout(seed, count, chosen, out, data):
    """Writes count WAV files of held-out sentences and a manifest.jsonl."""
    os.makedirs(out, exist_ok=True)
    voices.prepare(data)
    apart(_heldout, f"heldout-{chosen}", seed, count, chosen, out, Prefixer(), data)


def _heldout(name, seed, count, chosen, out, prefixer, data):
    sampler, lines = SAMPLERS.get(chosen, Sampler)(name, seed, chosen, prefixer, data), []
    for index in range(count):
        signal, record = sampler.sample(index)
        file = f"{chosen}-{index:04d}.wav"
        pcm = np.round(signal * 32767).astype(np.int16)
        wavfile.write(os.path.join(out, file), RATE, pcm)
        digest = hashlib.sha256(pcm.tobytes()).hexdigest()
        lines.append(line({"file": file, "samples": len(pcm), "sha256_pcm": digest} | record))
    put(os.path.join(out, "manifest.jsonl"), "".join(lines))


def verify(name, first, last, count, data):
    """Makes shards again and compares their digests with shards.sha256."""
    with open(os.path.join(HERE, "shards.sha256"), encoding="ascii") as file:
        known = set(file)
    with tempfile.TemporaryDirectory() as again:
        shards(name, first, last, count, again, data)
        for number in range(first, last + 1):
            label = f"{name}-{number:04d}"
            with open(os.path.join(again, label + ".sha256"), encoding="ascii") as file:
                if not known.issuperset(file):
                    sys.exit(f"synth: {label} differs from shards.sha256; was it made with espeak-ng 1.51?")
    print("equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("shards", "verify"):
        make = commands.add_parser(command)
        make.add_argument("--split", choices=list(SIZES), default="train")
        make.add_argument("--first", type=int, default=0)
        make.add_argument("--last", type=int, default=0)
        make.add_argument("--count", type=int, default=0, help="samples per shard; 0: the usual number")
    fresh = commands.add_parser("heldout")
    fresh.add_argument("--seed", type=int, required=True)
    fresh.add_argument("--count", type=int, default=500)
    fresh.add_argument("--set", choices=SETS, default="held", help="a recipe of samples.py")
    for name, command in commands.choices.items():
        if name != "verify":
            command.add_argument("--out", required=True)
        command.add_argument("--espeak", required=True, help="folder for espeak-ng's data with our timbres")
    args = parser.parse_args()
    if args.command == "heldout":
        heldout(args.seed, args.count, args.set, args.out, args.espeak)
        return
    count = args.count or SIZES[args.split]
    if args.command == "verify":
        verify(args.split, args.first, args.last, count, args.espeak)
    else:
        shards(args.split, args.first, args.last, count, args.out, args.espeak)


if __name__ == "__main__":
    main()
