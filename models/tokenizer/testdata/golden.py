"""Writes golden.json.gz: what Hugging Face tokenizers makes of some 13,000 texts and of 4,000 lists of ids.

usage: python golden.py        (needs tokenizers; made with 0.23.3)

Two vocabularies: the pocket model's, and one of 262,144 pieces that large.json
describes and that large_test.go builds by the same rule as large() below. The
file is one JSON object per line. A text has, per vocabulary, the CRC-32 of its
ids as little-endian 32-bit words, every 40th the ids too; "decoded" and "shown"
(decoded without special tokens) stand there only if they differ from the text
with its U+2581 read as spaces.
"""
import gzip
import json
import os
import random
import struct
import zlib

from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
POCKET = os.path.join(HERE, "..", "..", "pocket", "tokenizer.json")
SPACE = "\u2581"
SEED, PER_KIND, WRITTEN_OUT, LISTS = 4, 1000, 40, 2000


def splitmix64(state):
    """Yields the pseudo-random numbers that both languages draw."""
    mask = 2**64 - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        yield z ^ z >> 31


def grow(spec, count, chars):
    """Returns count pieces, each the join of two earlier ones of its block."""
    numbers = splitmix64(spec["seed"])
    pools = [[chr(c) for c in range(first, last + 1)] for first, last in spec["blocks"]]
    known, grown = set(chars), []

    def pick(pool):  # the early ones more often
        return pool[min(next(numbers) % len(pool), next(numbers) % len(pool))]

    while len(grown) < count:
        pool = pools[next(numbers) % len(pools)]
        left = SPACE if next(numbers) % 8 == 0 else pick(pool)
        joined = left + pick(pool)
        if len(joined) <= spec["longest"] and joined.count(SPACE) < 2 and joined not in known:
            known.add(joined)
            pool.append(joined)
            grown.append(joined)
    return grown


def characters(spec):
    ranges = spec["alone"] + spec["blocks"]
    return list(dict.fromkeys([SPACE] + [chr(c) for first, last in ranges for c in range(first, last + 1)]))


def large(spec):
    """Returns the pieces by id, the merges, and the added tokens: {piece: is it special}."""
    special = spec["head"] + [f"<unused{i}>" for i in range(spec["unused"])] + spec["turns"]
    runs = ["\n" * n for n in range(1, spec["run"] + 1)] + [SPACE * n for n in range(2, spec["run"] + 1)]
    chars = characters(spec)
    front = special + runs + spec["tags"] + [f"<0x{v:02X}>" for v in range(256)]
    back = chars + spec["tail"]
    pieces = front + grow(spec, spec["size"] - len(front) - len(back), chars) + back
    known = set(pieces)
    merges = [(p[:i], p[i:]) for p in pieces if p not in spec["tail"] for i in range(1, len(p))
              if p[:i] in known and p[i:] in known]
    added = {**{p: True for p in special + spec["tail"]}, **{p: False for p in runs + spec["tags"]}}
    return pieces, merges, added


def document(pieces, merges, added):
    """Returns the tokenizer.json of a vocabulary: the pocket model's with the lists exchanged."""
    with open(POCKET, encoding="utf-8") as f:
        d = json.load(f)
    d["model"]["vocab"] = {p: i for i, p in enumerate(pieces)}
    d["model"]["merges"] = [list(m) for m in merges]
    d["added_tokens"] = [dict(id=i, content=p, single_word=False, lstrip=False, rstrip=False, normalized=False,
                              special=added[p]) for i, p in enumerate(pieces) if p in added]
    return json.dumps(d)


# Where characters of the world's scripts begin; 96 code points from each.
SCRIPTS = [0x20, 0xA0, 0x100, 0x180, 0x250, 0x370, 0x400, 0x530, 0x5D0, 0x620, 0x700, 0x780, 0x7C0, 0x904, 0x985,
           0xA05, 0xA85, 0xB05, 0xB85, 0xC05, 0xC85, 0xD05, 0xD85, 0xE01, 0xE81, 0xF40, 0x1000, 0x10A0, 0x1100,
           0x1200, 0x13A0, 0x1401, 0x1680, 0x16A0, 0x1700, 0x1780, 0x1820, 0x1900, 0x1A00, 0x1B05, 0x1C00, 0x1E00,
           0x1F00, 0x2000, 0x20A0, 0x2190, 0x2200, 0x2460, 0x2580, 0x2800, 0x2C00, 0x2D30, 0x3041, 0x30A0, 0x3105,
           0x4E00, 0x7000, 0x9F00, 0xA000, 0xA500, 0xA840, 0xA980, 0xAC00, 0xC000, 0xD700, 0xF900, 0xFB00, 0xFE70,
           0xFF01, 0x10000, 0x10330, 0x10400, 0x10900, 0x11000, 0x12000, 0x13000, 0x1D400, 0x1E900, 0x20000]
SKIN = ["", "", "\U0001F3FB", "\U0001F3FD", "\U0001F3FF"]
BLANKS = ["\n", "\n", " ", " ", "\r\n", "\t", "\r", "\u00a0", "\u3000", "\u2028", SPACE, "\v", "\u0085"]
MARKS = list(range(0x300, 0x370)) + [0x20D0, 0x20E3, 0xFE0F, 0x200D, 0x94D, 0x93C, 0xE31, 0xE48, 0x5B8, 0x64B, 0x1161]
BASES = "aeoñZ1 \nก中한किक्ष்ᄀᆨאب👩🏽"
CONTROLS = [*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFDD0,
            0xFEFF, 0xFFF9, 0xFFFD, 0xFFFE, 0xFFFF, 0xE000, 0xE0001, 0xF0000, 0x10FFFF]


class Texts:
    """Draws texts of each kind."""

    def __init__(self, rng, vocabularies):
        self.rng = rng
        self.pieces = vocabularies
        self.added = [p for v in vocabularies for p in v if len(p) > 2 and p[0] == "<" and p[-1] == ">"]

    def some(self, draw, most):
        return "".join(draw() for _ in range(self.rng.randint(1, most)))

    def scripts(self):
        first = self.rng.choice(SCRIPTS)
        char = lambda: chr(min(first + self.rng.randrange(96), 0xD7FF if first < 0xE000 else 0x10FFFF))
        return " ".join(self.some(char, 7) for _ in range(self.rng.randint(1, 3)))

    def emoji(self):
        r = self.rng
        flag = lambda: self.some(lambda: chr(r.randint(0x1F1E6, 0x1F1FF)), 5)
        tags = lambda: "\U0001F3F4" + self.some(lambda: chr(r.randint(0xE0061, 0xE007A)), 5) + "\U000E007F"
        person = lambda: r.choice("👩👨🧑👧👦❤🏳🐻") + r.choice(SKIN) + r.choice(["", "\ufe0f"])
        family = lambda: "\u200d".join(person() for _ in range(r.randint(1, 4)))
        keycap = lambda: r.choice("0123456789#*") + "\ufe0f\u20e3"
        plain = lambda: chr(r.randint(0x1F300, 0x1FAFF))
        return self.some(lambda: r.choice([flag, tags, family, family, keycap, plain, lambda: " a"])(), 4)

    def blanks(self):
        run = lambda: self.rng.choice(BLANKS) * self.rng.choice([1, 1, 2, 3, 7, 30, 31, 32, 40, 64])
        return self.some(lambda: self.rng.choice([run, lambda: self.rng.choice("ab.1")])(), 6)

    def digits(self):
        return self.some(lambda: self.rng.choice("01234567890123456789.,-% €٣५Ⅷ½①"), 12)

    def specials(self):
        r = self.rng
        token = lambda: r.choice(self.added)
        part = lambda: (t := token())[:r.randint(1, len(t))]
        rest = lambda: (t := token())[r.randrange(len(t)):]
        return self.some(lambda: r.choice([token, part, rest, lambda: r.choice(["hola ", " ", "\n", "<", "|>", "é"])])(), 5)

    def marks(self):
        mark = lambda: chr(self.rng.choice(MARKS))
        return self.some(lambda: self.rng.choice(BASES) + self.some(mark, 5), 4)

    def controls(self):
        return self.some(lambda: chr(self.rng.choice(CONTROLS)) + self.rng.choice(["", "", "x", " "]), 8)

    def bytes(self):
        return self.rng.randbytes(self.rng.randint(1, 16)).decode("utf-8", "replace")

    def utf8(self):
        """Real characters with single bytes broken."""
        data = bytearray((self.scripts() + self.emoji()).encode())
        data[self.rng.randrange(len(data))] = self.rng.randrange(256)
        return data.decode("utf-8", "replace")

    def pocket(self):
        return self.some(lambda: self.rng.choice(self.pieces[0]).replace(SPACE, " "), 10)

    def large(self):
        return self.some(lambda: self.rng.choice(self.pieces[1]).replace(SPACE, " "), 6)

    def letters(self):
        return self.some(lambda: self.rng.choice("abcdefghijklmnopqrstuvwxyz abcdefeeaass AÁé,."), 30)

    def mixed(self):
        kinds = [self.scripts, self.emoji, self.blanks, self.digits, self.specials, self.marks, self.letters]
        return self.some(lambda: self.rng.choice(kinds)(), 3)

    def all(self):
        kinds = [self.scripts, self.emoji, self.blanks, self.digits, self.specials, self.marks, self.controls,
                 self.bytes, self.utf8, self.pocket, self.large, self.letters, self.mixed]
        texts = ["", " ", SPACE, "\n", "<0x41>", "<0xE2><0x96><0x81>", "\u0000", "a" * 3000, " " * 2000, "\n" * 999, "ab" * 900]
        return list(dict.fromkeys(texts + [kind() for kind in kinds for _ in range(PER_KIND)]))


def decoded(tokenizer, ids, text):
    """Returns the decodings that differ from text."""
    both = dict(decoded=tokenizer.decode(ids, skip_special_tokens=False), shown=tokenizer.decode(ids, skip_special_tokens=True))
    return {k: v for k, v in both.items() if v != text}


def text_record(tokenizers, number, text):
    record = dict(text=text)
    for name, t in tokenizers.items():
        ids = t.encode(text, add_special_tokens=False).ids
        record[name] = dict(crc=zlib.crc32(struct.pack(f"<{len(ids)}I", *ids)),
                            **decoded(t, ids, text.replace(SPACE, " ")))
        if number % WRITTEN_OUT == 0 and len(ids) < 100:
            record[name]["ids"] = ids
    return record


def list_record(name, tokenizer, rng):
    """Ids no text gives: broken byte runs, special tokens in between, ids that do not exist."""
    size = tokenizer.get_vocab_size()
    first = tokenizer.token_to_id("<0x00>")
    byte = lambda: first + rng.choice([rng.randrange(256), *"é€😀".encode(), 0x0A])
    char = lambda: [first + b for b in rng.choice("é€😀 \u0301한").encode()]
    draws = [lambda: [byte()], char, char, lambda: [rng.randrange(size)], lambda: [rng.randrange(5)],
             lambda: [size + rng.randrange(9)]]
    ids = sum((rng.choices(draws, [2, 3, 3, 4, 1, 1])[0]() for _ in range(rng.randint(1, 8))), [])
    return dict(vocabulary=name, ids=ids, **decoded(tokenizer, ids, None))


def main():
    with open(os.path.join(HERE, "large.json"), encoding="utf-8") as f:
        pieces, merges, added = large(json.load(f))
    tokenizers = dict(pocket=Tokenizer.from_file(POCKET), large=Tokenizer.from_str(document(pieces, merges, added)))
    small = tokenizers["pocket"]
    rng = random.Random(SEED)
    texts = Texts(rng, [[small.id_to_token(i) for i in range(small.get_vocab_size())], pieces]).all()
    records = [text_record(tokenizers, i, text) for i, text in enumerate(texts)]
    records += [list_record(name, t, rng) for name, t in tokenizers.items() for _ in range(LISTS)]
    lines = "".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records)
    with open(os.path.join(HERE, "golden.json.gz"), "wb") as f:
        f.write(gzip.compress(lines.encode(), 9, mtime=0))
    print(f"{len(texts)} texts, {len(pieces)} pieces, {len(merges)} merges")


if __name__ == "__main__":
    main()
