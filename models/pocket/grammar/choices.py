"""Recorded random choices: the derivation of a sentence."""


class Choices:
    """Draws choices and records them as numbers in [0, 1).

    Forcing the first numbers of an earlier record and drawing the rest anew
    gives a sentence that begins alike; the safe prefixes are built on that.
    """

    def __init__(self, rng, forced=()):
        self.rng, self.forced, self.taken = rng, forced, []

    def unit(self):
        """Returns the next number in [0, 1), forced or drawn."""
        i = len(self.taken)
        value = self.forced[i] if i < len(self.forced) else self.rng.random()
        self.taken.append(value)
        return value

    def pick(self, values):
        """Returns one of the values, all equally likely."""
        return values[int(self.unit() * len(values))]

    def flip(self, probability=.5):
        """Reports true with the probability."""
        return self.unit() < probability

    def between(self, low, high):
        """Returns an integer from low to high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def weighted(self, pairs):
        """Returns one value of (value, weight) pairs."""
        rest = self.unit() * sum(weight for _, weight in pairs)
        for value, weight in pairs:
            rest -= weight
            if rest < 0:
                return value
        return pairs[-1][0]
