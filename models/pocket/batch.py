"""Shards to training batches: one sound, then its replies, packed.

    header  sound…  | end-of-sound instruction turn  reply <turn|> | … next reply

Replies do not see each other; each sees the header, the first so many sound
tokens (all of them, or fewer for a streaming prefix) and itself. Positions
start again after the sound tokens that it sees.
"""
import glob
import json
import os
import random
from types import SimpleNamespace

import numpy as np
import torch
from tokenizers import Tokenizer

from grammar import LANGUAGES
from network import TEXT

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {"es": "Spanish", "en": "English", "fr": "French", "de": "German"}
TRANSCRIBE, TRANSLATE = "Transcribe {SOURCE}.", "Translate {SOURCE} into {TARGET}."
POOL = 2048                # samples that are sorted by length together
ROWS, PLACES = 32, 16     # sounds are padded to a multiple of these log-mel rows, replies of these positions
FLOOR = float(np.log(1e-3))
SYMBOLS = " ?¿abcdefghijklmnopqrstuvwxyzáéíóúüñ"      # of `say`; 0 is the CTC blank

_tokenizer = Tokenizer.from_file(os.path.join(HERE, "tokenizer.json"))


def encode(text):
    return _tokenizer.encode(text, add_special_tokens=False).ids


def _id(piece):
    return _tokenizer.token_to_id(piece)


END = _id("<turn|>")
HEAD = [_id("<bos>"), _id("<|turn>")] + encode("user\n") + [_id("<|audio>")]
SOFT = _id("<|audio|>")


def instruction(language):
    template = TRANSCRIBE if language == "es" else TRANSLATE
    return template.replace("{SOURCE}", NAMES["es"]).replace("{TARGET}", NAMES[language])


TAILS = {language: [_id("<audio|>")] + encode(instruction(language)) + [END] + encode("\n") + [_id("<|turn>")]
         + encode("model\n") for language in LANGUAGES}


class Shards:
    """All samples of a set whose shards are complete; frames stay in files, records in their bytes."""

    def __init__(self, folder, name):
        paths = sorted(glob.glob(os.path.join(folder, name + "-*.jsonl")))
        self.arrays, self.lines, self.places = [], [], []
        for shard, path in enumerate(paths):
            self.arrays.append(np.load(path[:-6] + ".mel.npy", mmap_mode="r"))
            with open(path, "rb") as lines:
                for line in lines:
                    record = json.loads(line)
                    self.lines.append(line)
                    self.places.append((shard, record["offset"], record["frames"]))

    def __len__(self):
        return len(self.lines)

    def record(self, index):
        return json.loads(self.lines[index])

    def rows(self, index):
        shard, offset, frames = self.places[index]
        return np.array(self.arrays[shard][offset:offset + frames], np.float32)

    def pools(self, first, seed, budget):
        """Yields (pool, its batches) for ever from pool number first on; a batch is a list of indices.

        Samples are in random order, each once per epoch. A batch's padded rows stay within budget.
        """
        per_epoch = len(self) // POOL
        for pool in range(first, 1 << 40):
            rng = np.random.default_rng([seed, pool // per_epoch])
            order = rng.permutation(len(self))[pool % per_epoch * POOL:][:POOL]
            order = sorted(order, key=lambda i: self.places[i][2])
            batches = []
            while order:                 # the longest of a batch sets its size
                size = max(1, budget // rounded(self.places[order[-1]][2], ROWS))
                batches.append([int(i) for i in order[-size:]])
                order = order[:-size]
            random.Random(pool).shuffle(batches)
            yield pool, batches


def rounded(n, step):
    return -(-n // step) * step


def augment(rng, rows):
    """Stretches the mel axis by up to 12 %, then blanks stripes of it and moments of time."""
    count, bins = rows.shape
    if rng.random() < .5:
        at = np.clip(np.arange(bins) * rng.uniform(.88, 1.12), 0, bins - 1)
        low = np.minimum(at.astype(int), bins - 2)
        rows = rows[:, low] + (rows[:, low + 1] - rows[:, low]) * (at - low).astype(np.float32)
    if rng.random() < .6:
        rows = rows.copy()
        for _ in range(2):
            width = rng.randint(0, 12)
            start = rng.randrange(bins - width)
            rows[:, start:start + width] = FLOOR
        width = rng.randint(0, 10)
        if count > 4 * width:
            start = rng.randrange(count - width)
            rows[start:start + width] = FLOOR
    return rows


def _spans(record, ids):
    """Returns the first and last sound token of each id's word, for a Spanish reply and its end."""
    spans, word = [], -1
    for k, i in enumerate(ids):
        if k == 0 or _tokenizer.id_to_token(i).startswith("▁"):
            word += 1
        start, end = record["spans"][min(word, len(record["spans"]) - 1)]
        spans.append((start // 40 - 1, end // 40 + 2))
    return spans + [(record["spans"][-1][1] // 40 - 2, 1 << 20)]


def _replies(record, tokens):
    """Yields (language, sound tokens it hears, reply ids, spans or None)."""
    for language in LANGUAGES:
        ids = encode(record[language])
        yield language, tokens, ids + [END], _spans(record, ids) if language == "es" and ids else None
    for p in record["prefixes"]:
        for language in LANGUAGES:
            yield language, min(tokens, p["frame"] // 4), encode(p[language]) + [END], None


def pack(records, tokens, prefix_replies=3, rng=random):
    """Packs samples whose sounds have so many tokens each. Returns a batch:

    ids, positions [B, S]; audio: where the sound begins; mask, sliding [B, S, S]
    to be added to scores; wanted [B, W]: positions that predict a reply; labels
    [B, W], -100 where there is none; spans [B, W, 2]: the sound tokens that the
    reply's word lies in, (0, -1) where that is not known.
    """
    longest, rows = rounded(max(tokens), ROWS // 4), []
    start = len(HEAD)
    for record, count in zip(records, tokens):
        replies = list(_replies(record, count))
        if len(replies) > len(LANGUAGES):
            replies = replies[:len(LANGUAGES)] + rng.sample(replies[len(LANGUAGES):], prefix_replies)
        ids = HEAD + [0] * longest
        row = SimpleNamespace(
            ids=ids, positions=list(range(start + count)) + [0] * (longest - count),
            segment=[0] * (start + count) + [-1] * (longest - count), limit=[1 << 20] * len(ids),
            wanted=[], labels=[], spans=[])
        for number, (language, hears, reply, spans) in enumerate(replies, 1):
            tail = TAILS[language] + reply[:-1]
            first = len(row.ids) + len(TAILS[language]) - 1
            row.wanted += range(first, first + len(reply))
            row.labels += reply
            row.spans += spans or [(0, -1)] * len(reply)
            row.ids += tail
            row.positions += range(start + hears, start + hears + len(tail))
            row.segment += [number] * len(tail)
            row.limit += [start + hears] * len(tail)
        rows.append(row)
    length = rounded(max(len(r.ids) for r in rows), PLACES)
    width = rounded(max(len(r.wanted) for r in rows), PLACES)

    def table(field, size, filler):
        lists = [getattr(r, field) for r in rows]
        return torch.tensor([values + [filler] * (size - len(values)) for values in lists])

    positions, segment, limit = table("positions", length, 0), table("segment", length, -2), table("limit", length, 0)
    place = torch.arange(length)
    sees = (segment[:, None] == segment[:, :, None]) | (segment[:, None] == 0)
    heard = (place >= start) & (place < start + longest)
    distance = positions[:, :, None] - positions[:, None]
    sees &= (distance >= 0) & ~(heard & (place >= limit[..., None])) & (segment[:, None] >= 0)
    sees |= torch.eye(length, dtype=torch.bool)
    mask = torch.zeros(sees.shape).masked_fill_(~sees, -1e9)
    return SimpleNamespace(
        ids=table("ids", length, 0), positions=positions, audio=start, mask=mask,
        sliding=mask.masked_fill(distance >= TEXT["sliding_window"], -1e9),
        wanted=table("wanted", width, 0), labels=table("labels", width, -100), spans=table("spans", width, (0, -1)))


def sound(arrays):
    """Pads log-mel rows. Few different shapes let oneDNN keep its kernels. Returns ([B, F, 128], rows [B], tokens per sample)."""
    counts = [len(a) for a in arrays]
    longest = rounded(max(counts), ROWS)
    mel = np.zeros((len(arrays), longest, 128), np.float32)
    for row, a in zip(mel, arrays):
        row[:len(a)] = a
    return torch.from_numpy(mel), torch.tensor(counts), [-(-n // 4) for n in counts]


def characters(records):
    """Returns CTC targets: (all symbols after one another, how many each)."""
    targets = [[SYMBOLS.index(c) + 1 for c in r["say"] if c in SYMBOLS] for r in records]
    return torch.tensor([s for t in targets for s in t], dtype=torch.long), torch.tensor([len(t) for t in targets])
