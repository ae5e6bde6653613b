"""Which spoken words each written word stands for ("8:30" is "ocho y media")."""
import difflib
import re


def _plain(word):
    return re.sub(r"[^\w]", "", word.lower())


def align(written, spoken):
    """Returns (first, last + 1) spoken word per written word.

    Where a run of written words differs from the spoken ones and the counts
    differ too, every written word of the run is given the whole spoken run.
    """
    a, b = [_plain(w) for w in written], [_plain(w) for w in spoken]
    result, i, j = [None] * len(a), 0, 0
    for ai, bi, size in difflib.SequenceMatcher(None, a, b, False).get_matching_blocks():
        run = (j, bi) if bi > j else (max(0, j - 1), min(len(b), j + 1))
        for k in range(i, ai):
            result[k] = (j + k - i, j + k - i + 1) if ai - i == bi - j else run
        for k in range(size):
            result[ai + k] = (bi + k, bi + k + 1)
        i, j = ai + size, bi + size
    return result
