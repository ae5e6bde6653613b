"""Safe prefixes: what may already be written when only the first words were heard.

For heard words w1..wk the safe target of a language is the longest common
prefix of the targets of all sentences of the grammar that begin with w1..wk.
Witnesses come from a sorted pool of random sentences and from mutations of
the sentence's own derivation.
"""
import bisect
import math
import random

from . import LANGUAGES, Choices, draw, spoken_words

POOL_SEED, POOL_SIZE = 11, 60000
POOL_WITNESSES = 300       # at most so many sentences of the pool are compared
MUTATIONS = 2              # per choice of the derivation, in each of two ways
FEW = 4                    # fewer distinct witnesses than this: hold two words back


def common(a, b):
    """Returns the longest common prefix of two lists."""
    n = 0
    for x, y in zip(a, b):
        if x != y:
            break
        n += 1
    return a[:n]


class Prefixer:
    """Computes safe prefixes; build one and share it, the pool costs seconds."""

    def __init__(self, seed=POOL_SEED, size=POOL_SIZE):
        rng = random.Random(seed)
        pool = {}
        for _ in range(size):
            item = draw(Choices(rng))
            pool[" ".join(spoken_words(item)) + " "] = item
        self.keys = sorted(pool)
        self.items = [pool[key] for key in self.keys]

    def targets(self, item, heard, rng):
        """Returns {language: safe words} after the first `heard` words of item.

        es is the plain common prefix (the caller bounds it by what was heard);
        the translations hold two words back on thin evidence and are capped at
        ceil(1.25 heard) + 1 words while the sentence goes on.
        """
        words = spoken_words(item)
        safe = {language: item[language].split() for language in LANGUAGES}
        seen = {item["say"]}
        for other in self._witnesses(item, words[:heard], rng):
            seen.add(other["say"])
            for language in LANGUAGES:
                if safe[language]:
                    safe[language] = common(safe[language], other[language].split())
        if heard < len(words):
            cap = math.ceil(1.25 * heard) + 1
            for language in LANGUAGES[1:]:
                if len(seen) < FEW:
                    cap = min(cap, max(0, len(item[language].split()) - 2))
                safe[language] = safe[language][:cap]
        return safe

    def _witnesses(self, item, heard, rng):
        """Yields other sentences of the grammar that begin with the heard words."""
        start = " ".join(heard) + " " if heard else ""
        low = bisect.bisect_left(self.keys, start)
        high = bisect.bisect_right(self.keys, start + "\uffff")
        step = max(1, (high - low) // POOL_WITNESSES)
        yield from self.items[low + rng.randrange(step):high:step]
        if high - low >= POOL_WITNESSES:
            return
        path = item["path"]
        for site in range(1, len(path)):
            for _ in range(MUTATIONS):
                for forced in (path[:site] + [rng.random()] + path[site + 1:],
                               path[:site] + [rng.random()]):
                    other = draw(Choices(rng, forced))
                    if spoken_words(other)[:len(heard)] == heard:
                        yield other
