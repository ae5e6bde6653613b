"""The script of a stream: who says which sentences, with what pauses, over what noise.

All of it is drawn before a sound is made, from SHA-256(set, seed, name). The
shape of a stream (voices, hole, repetition, channel, noise) follows from its
number, so that every set has all of them.
"""
import hashlib
import math
import random
from collections import namedtuple

import numpy as np

import voices
from grammar import Choices, draw, split

BEDS = ["white", "pink", "brown", "hum", "babble"]
CHANNELS = ["plain", "opus", "plain", "plain", "room", "plain", "plain"]
PAUSES = [((0, .06), .12), ((.15, .3), .1), ((.3, 1.2), .65), ((1.2, 2.5), .13)]   # (seconds, share)
HOLE = (4, 8)                                   # seconds without speech inside a stream
FEWEST, MOST = 8, 20                            # sentences of a stream
SHORT = 5                                       # spoken words of a sentence that is said again
TIMES = [3, 1, 2, 1, 3, 1, 2, 1, 3]             # how often each sentence of a repetition stream is said

# voices: one, or two that take turns. hole: "", mute or noise. repeats: sentences are said again.
# longest: seconds after which no further sentence begins.
Shape = namedtuple("Shape", "voices hole repeats channel bed fewest longest")

# level: dB below the loudest sentence. pause: seconds of silence after the sentence.
Line = namedtuple("Line", "item voice rate pitch spread level pause")

# lead, tail: seconds before and after. ratio: dB from the quietest sentence down to the noise.
# peak: dBFS. mute: the line after which the microphone is off, or None.
Script = namedtuple("Script", "lines lead tail ratio peak swell mute")


def shape(index):
    """Returns the shape of the stream with this number."""
    repeats, many = index % 10 == 6, len(voices.TEST)
    first, second = voices.TEST[index % many], voices.TEST[(index + 1 + index // many % (many - 1)) % many]
    hole = ("noise" if index // 9 % 2 else "mute") if index % 9 == 4 else ""
    return Shape((first, second) if index % 4 == 1 else (first,), hole, repeats,
                 CHANNELS[index % len(CHANNELS)], BEDS[index % len(BEDS)], FEWEST, math.inf)


def chance(*name):
    """Returns the random.Random and the numpy Generator of a stream."""
    digest = hashlib.sha256("/".join(map(str, ("pocket",) + name)).encode()).digest()
    return (random.Random(int.from_bytes(digest[:16], "big")),
            np.random.default_rng(int.from_bytes(digest[16:], "big")))


def sentence(rng, most=99):
    """Returns a held-out sentence of at most so many spoken words."""
    while True:
        item = draw(Choices(rng))
        if split(item["say"], item["tpl"]) == "test" and len(item["say"].split(" ")) <= most:
            return item


def write(rng, shape_):
    """Returns the script of a stream."""
    lines = _repeated(rng, shape_) if shape_.repeats else _varied(rng, shape_)
    at = rng.randrange(2, shape_.fewest - 1)
    if shape_.hole:
        lines[at] = lines[at]._replace(pause=rng.uniform(*HOLE))
    return Script(lines, rng.uniform(.3, 1.5), rng.uniform(.8, 2), rng.uniform(15, 40), -rng.uniform(1, 20),
                  rng.choice([0, 0, 3, 6]), at if shape_.hole == "mute" else None)


def _manner(rng):
    """Returns (words per minute, pitch, pitch range) of one person."""
    return rng.randint(155, 225), rng.randint(30, 70), rng.randint(25, 65)


def _line(rng, item, voice, manner, pause):
    """Returns one sentence as this person says it now."""
    rate, pitch, spread = manner
    return Line(item, voice, round(rate * rng.uniform(.93, 1.07)), pitch + rng.randint(-4, 4),
                spread + rng.randint(-5, 5), -rng.uniform(0, 6), pause)


def _pause(rng):
    return rng.uniform(*rng.choices([span for span, _ in PAUSES], [share for _, share in PAUSES])[0])


def _fresh(rng, said, most=99):
    """Returns a sentence that is not yet in said, and adds it."""
    while (item := sentence(rng, most))["say"] in said:
        pass
    said.add(item["say"])
    return item


def _varied(rng, shape_):
    """Returns different sentences; with two voices a turn has one to three."""
    manners = [_manner(rng) for _ in shape_.voices]
    lines, said, who, left = [], set(), 0, rng.randint(1, 3)
    for _ in range(rng.randint(shape_.fewest, MOST)):
        if left == 0:
            who, left = (who + 1) % len(manners), rng.randint(1, 3)
        left -= 1
        lines.append(_line(rng, _fresh(rng, said), shape_.voices[who], manners[who], _pause(rng)))
    return lines


def _repeated(rng, shape_):
    """Returns short sentences, some of which are said twice or three times in a row."""
    manner, lines, said = _manner(rng), [], set()
    for times in TIMES:
        item = _fresh(rng, said, SHORT)
        pauses = [rng.uniform(.1, .5) for _ in range(times - 1)] + [_pause(rng)]
        lines += [_line(rng, item, shape_.voices[0], manner, pause) for pause in pauses]
    return lines
