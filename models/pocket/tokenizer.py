"""Learns the pocket model's BPE vocabulary and writes it in Gemma's tokenizer.json layout.

usage: python tokenizer.py [--check]

The corpus is drawn from the grammar with a fixed seed, so the files are the
same on every run. Merges are learnt inside words only: digits and punctuation
stand alone, a word may start with the metaspace. --check compares the files
with a fresh run instead of writing them.
"""
import argparse
import json
import os
import random
import re
import sys
from collections import Counter, defaultdict

import grammar

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 2048
METASPACE = "\u2581"
SEED, SENTENCES = 5, 30000
ALPHABET = METASPACE + ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789.,?!:;-'\"%()&/€¿¡\n")
SPECIALS = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|turn>", "<turn|>",
            "<|audio>", "<|audio|>", "<audio|>", "<|image>", "<|image|>",
            "<image|>", "<|video|>", "<|think|>", "<|channel>", "<channel|>",
            "<|tool>", "<tool|>", "<|tool_call>", "<tool_call|>",
            "<|tool_response>", "<tool_response|>"]
SPECIALS += [f"<unused{i}>" for i in range(9)]
TRANSCRIBE = "Transcribe the following speech segment in Spanish into Spanish text."
TRANSLATE = "Translate the speech from Spanish into {}."
PROMPTS = [TRANSCRIBE] + [TRANSLATE.format(name) for name in ("English", "French", "German")]
WORD = re.compile(METASPACE + r"?(?:\d|[^\W\d_]+(?:'(?=[^\W\d_]))?|[^\w\s" + METASPACE + r"])|" + METASPACE)


def words(sentence):
    """Splits a sentence into the units inside which merges are learnt."""
    return WORD.findall(sentence.replace(" ", METASPACE))


def corpus():
    """Returns the training sentences: four languages per draw, plus the prompt texts."""
    rng = random.Random(SEED)
    sentences = []
    for _ in range(SENTENCES):
        draw = grammar.draw(grammar.Choices(rng))
        sentences += [draw[language] for language in grammar.LANGUAGES]
    return sentences + PROMPTS * 200 + ["user", "model", "system"] * 500


def learn(sentences, size):
    """Returns (vocabulary, merges): byte-pair encoding with ties broken by the pair itself."""
    counts = Counter(w for s in sentences for w in words(s))
    chars = sorted({c for w in counts for c in w} | set(ALPHABET))
    vocab = SPECIALS + [f"<0x{i:02X}>" for i in range(256)] + chars
    known, merges = set(vocab), []
    units = [(list(w), n) for w, n in counts.items()]
    pairs, where = Counter(), defaultdict(set)
    for i, (pieces, n) in enumerate(units):
        for pair in zip(pieces, pieces[1:]):
            pairs[pair] += n
            where[pair].add(i)
    while len(vocab) < size:
        pair, count = max(pairs.items(), key=lambda item: (item[1], item[0]))
        if count < 2:
            break
        merges.append(pair)
        joined = pair[0] + pair[1]
        if joined not in known:
            known.add(joined)
            vocab.append(joined)
        for i in list(where[pair]):
            units[i] = (_apply(i, units[i], pair, pairs, where), units[i][1])
        del pairs[pair]
    return vocab, merges


def _apply(index, unit, pair, pairs, where):
    """Merges pair inside one word and keeps the pair statistics up to date."""
    pieces, count = unit
    for old in zip(pieces, pieces[1:]):
        pairs[old] -= count
        where[old].discard(index)
    merged, i = [], 0
    while i < len(pieces):
        if tuple(pieces[i:i + 2]) == pair:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(pieces[i])
            i += 1
    for new in zip(merged, merged[1:]):
        pairs[new] += count
        where[new].add(index)
    return merged


def layout(vocab, merges):
    """Returns the tokenizer.json object: metaspace by normaliser, byte fallback, no prefix space."""
    added = [dict(id=i, content=token, single_word=False, lstrip=False, rstrip=False,
                  normalized=False, special=True) for i, token in enumerate(SPECIALS)]
    decoders = [dict(type="Replace", pattern=dict(String=METASPACE), content=" "),
                dict(type="ByteFallback"), dict(type="Fuse")]
    return dict(
        version="1.0", truncation=None, padding=None, added_tokens=added,
        normalizer=dict(type="Replace", pattern=dict(String=" "), content=METASPACE),
        pre_tokenizer=dict(type="Split", pattern=dict(String=" "),
                           behavior="MergedWithPrevious", invert=False),
        post_processor=None,
        decoder=dict(type="Sequence", decoders=decoders),
        model=dict(type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None,
                   end_of_word_suffix=None, fuse_unk=True, byte_fallback=True,
                   ignore_merges=False, vocab={piece: i for i, piece in enumerate(vocab)},
                   merges=[list(pair) for pair in merges]))


def config():
    """Returns the tokenizer_config.json object that transformers reads beside tokenizer.json."""
    return dict(tokenizer_class="PreTrainedTokenizerFast", bos_token="<bos>", eos_token="<eos>",
                pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
                clean_up_tokenization_spaces=False, add_bos_token=False, padding_side="left",
                boa_token="<|audio>", audio_token="<|audio|>", eoa_token="<audio|>",
                model_max_length=4096)


def dump(value):
    """Serialises deterministically; one line, since the vocabulary is data."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing")
    check = parser.parse_args().check
    vocab, merges = learn(corpus(), SIZE)
    files = {"tokenizer.json": dump(layout(vocab, merges)), "tokenizer_config.json": dump(config())}
    for name, text in files.items():
        path = os.path.join(HERE, name)
        if not check:
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        elif open(path, encoding="utf-8").read() != text:
            sys.exit(f"tokenizer: {name} differs from a fresh run; run tokenizer.py")


if __name__ == "__main__":
    main()
