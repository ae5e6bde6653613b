"""Measures the embedded model through the Go program and writes REPORT.md.

usage: python evaluate.py --sotto bin/sotto --sets DIR --run DIR --refined DIR

The sets' folder holds folders that `synth.py heldout` made,
named SET-SEED. Every clip goes
through `sotto translate` as a user would run it. WER counts words as written,
with capitals, punctuation and digits; BLEU and chrF are sacrebleu's. A prefix
is what the program writes when the file ends in the middle of a sentence. A
phase whose log is not there keeps its count in report.json and its curve.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import tempfile

import sacrebleu
from scipy.io import wavfile

HERE = os.path.dirname(os.path.abspath(__file__))
LANGUAGES = ("es", "en", "fr", "de")
TITLES = {"held": "held-out sentences, held-out voices, noise at 15-40 dB", "seen": "held-out sentences, training voices, clean",
          "channel": "held-out voices; Opus 16 kbit/s, telephone band or a room", "nospeech": "no speech between silences, thirteen sorts"}
CURVES = {"train": "learning.svg", "refine": "refine.svg"}


def translate(sotto, path):
    """Returns {language: text} of one file."""
    out = subprocess.run([sotto, "translate", "--to", "en,fr,de", "--transcribe", "--format", "jsonl", path],
                         stdout=subprocess.PIPE, check=True).stdout
    texts = collections.defaultdict(list)
    for line in out.decode().splitlines():
        caption = json.loads(line)
        if caption["committed"]:
            texts[caption["language"]].append(caption["text"])
    return {language: " ".join(texts[language]) for language in LANGUAGES}


def distance(a, b):
    """Returns the Levenshtein distance of two lists."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def wer(pairs):
    errors = sum(distance(h.split(), r.split()) for h, r in pairs)
    return 100 * errors / max(1, sum(len(r.split()) for _, r in pairs))


def share(flags):
    return 100 * sum(flags) / max(1, len(flags))


def each(work, items, workers=2):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, items))


def speech(sotto, folder, records):
    """Returns the scores of whole clips and of clips cut in the middle."""
    replies = each(lambda r: translate(sotto, os.path.join(folder, r["file"])), records)
    result = {"clips": len(records)}
    for language in LANGUAGES:
        pairs = [(reply[language], r[language]) for reply, r in zip(replies, records)]
        hypotheses, references = [h for h, _ in pairs], [[r for _, r in pairs]]
        result[language] = {
            "wer": wer(pairs), "exact": share([h == r for h, r in pairs]),
            "bleu": sacrebleu.corpus_bleu(hypotheses, references).score,
            "chrf": sacrebleu.corpus_chrf(hypotheses, references).score}
    result["voices"] = {v: wer([(a["es"], r["es"]) for a, r in zip(replies, records) if r["voice"] == v])
                        for v in sorted({r["voice"] for r in records})}
    result["examples"] = [{"want": {k: r[k] for k in LANGUAGES}, "got": a} for a, r in zip(replies[:4], records)]
    return result


def prefixes(sotto, folder, records):
    """Returns how often a reply to half a sentence is the beginning of the whole one."""
    cuts = []
    for r in records:
        rng = random.Random(r["file"])
        last = r["spans"][-1][1]
        cuts.append((r, int(rng.uniform(.3, .85) * last)))
    with tempfile.TemporaryDirectory() as scratch:
        def cut(item):
            r, ms = item
            rate, pcm = wavfile.read(os.path.join(folder, r["file"]))
            path = os.path.join(scratch, r["file"])
            wavfile.write(path, rate, pcm[:ms * rate // 1000])
            return translate(sotto, path)
        replies = each(cut, cuts)
    return {language: share([begins(a[language], r[language]) for a, (r, _) in zip(replies, cuts)])
            for language in LANGUAGES} | {"clips": len(cuts)}


def begins(text, whole):
    """Reports whether the words of text begin the sentence."""
    words = text.split()
    return whole.split()[:len(words)] == words


def nospeech(sotto, folder, records):
    replies = each(lambda r: translate(sotto, os.path.join(folder, r["file"])), records)
    empty = collections.defaultdict(list)
    for a, r in zip(replies, records):
        empty[r["tpl"]].append(not any(a.values()))
    return {"clips": len(records), "empty": share([e for sort in empty.values() for e in sort]),
            "sorts": {sort: share(flags) for sort, flags in sorted(empty.items())}}


def table(result):
    lines = ["| set | clips | es WER | es exact | en BLEU | fr BLEU | de BLEU | en / fr / de exact |",
             "|---|---|---|---|---|---|---|---|"]
    for name, r in result["sets"].items():
        if "es" in r:
            lines.append(f"| {TITLES[name]} | {r['clips']} | {r['es']['wer']:.1f} % | {r['es']['exact']:.0f} % | "
                         + " | ".join(f"{r[k]['bleu']:.1f}" for k in ("en", "fr", "de")) + " | "
                         + " / ".join(f"{r[k]['exact']:.0f}" for k in ("en", "fr", "de")) + " % |")
    return "\n".join(lines)


def report(result):
    held, none, cut = result["sets"]["held"], result["sets"]["nospeech"], result["prefixes"]
    voices = ", ".join(f"{v} {w:.1f}" for v, w in sorted(held["voices"].items(), key=lambda x: x[1]))
    sorts = ", ".join(f"{s} {p:.0f}" for s, p in none["sorts"].items())
    rows = [f"| {k} | {result['bars'][k][0]} | {result['bars'][k][1]:.1f} | {'yes' if result['bars'][k][2] else '**no**'} |"
            for k in result["bars"]]
    heard = {phase: round(count, -2) for phase, count in result["utterances"].items()}
    examples = "\n".join(f"    {k}  {e['got'][k]}" + ("" if e["got"][k] == e["want"][k] else f"\n        wanted: {e['want'][k]}")
                         for e in held["examples"] for k in LANGUAGES)
    return f"""# What the pocket model does

Written by `make pocket-report`: everything below went through `bin/sotto translate`, on clips that `synth.py heldout` made
fresh (seed {result['seed']}), after about {heard['train']:,} utterances of the first phase of training and {heard['refine']:,} of the second. One
synthesiser spoke all of it; nothing here tells how the model does on people.

| bar | wanted | reached | met |
|---|---|---|---|
{chr(10).join(rows)}

{table(result)}

Words are counted as written: a capital, a comma or a digit that differs is an error.

* Spanish WER by held-out voice: {voices}.
* No speech with 0.25-1 s of silence before and 0.5-1.5 s after it, share of clips without any text: {sorts}.
* Sound cut in mid-sentence, share of replies that begin the whole sentence: {', '.join(f"{k} {cut[k]:.0f} %" for k in LANGUAGES)}
  ({cut['clips']} clips).

The two phases of training:

![Learning curve of the first phase](learning.svg)

![Learning curve of the second phase](refine.svg)

The first held-out clips:

{examples}
"""


def bars(sets, cut):
    held = sets["held"]
    found = {"Spanish WER, held-out voices, at most": (5, held["es"]["wer"], held["es"]["wer"] <= 5)}
    for k in ("en", "fr", "de"):
        found[f"BLEU {k}, held-out voices, at least"] = (80, held[k]["bleu"], held[k]["bleu"] >= 80)
    empty = sets["nospeech"]["empty"]
    found["clips without speech that give no text, %, at least"] = (99, empty, empty >= 99)
    worst = min(cut[k] for k in LANGUAGES)
    found["replies to cut sound that begin the sentence, %, worst language, at least"] = (90, worst, worst >= 90)
    return found


def learnt(runs, out):
    """Draws the phases' learning curves; returns {phase: utterances}."""
    with open(os.path.join(HERE, "report.json"), encoding="utf-8") as file:
        known = json.load(file)["utterances"]
    counts = {}
    for phase, run in runs.items():
        if os.path.exists(os.path.join(run, "metrics.jsonl")):
            counts[phase] = plot(run, os.path.join(out, CURVES[phase]))
        elif phase in known:
            counts[phase] = known[phase]
        else:
            sys.exit(f"evaluate: {run} has no metrics.jsonl and report.json does not know the phase; train first")
    return counts


def plot(run, path):
    """Draws the learning curve of one phase; returns its utterances."""
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    matplotlib.rcParams["svg.hashsalt"] = "sotto"
    with open(os.path.join(run, "metrics.jsonl")) as lines:
        rows = [json.loads(line) for line in lines]
    fig, ax = plt.subplots(figsize=(7, 3))
    at = [r["utterances"] / 1000 for r in rows]
    ax.plot(at, [r["entropy"] for r in rows], label="cross-entropy of the replies")
    if any(r["ctc"] for r in rows):
        ax.plot(at, [r["ctc"] for r in rows], label="CTC per character")
    ax.set(xlabel="thousand utterances", ylim=(0, 4 if any(r["ctc"] for r in rows) else 1))
    ax.legend()
    fig.tight_layout()
    fig.savefig(path, metadata={"Date": None})
    return rows[-1]["utterances"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sotto", default="bin/sotto")
    parser.add_argument("--sets", required=True)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--count", type=int, help="only so many clips of each set")
    parser.add_argument("--run", required=True, help="run of the first phase, for its learning curve")
    parser.add_argument("--refined", required=True, help="run of the second phase")
    parser.add_argument("--out", default=HERE)
    args = parser.parse_args()
    result = {"seed": args.seed, "sets": {}}
    for name in TITLES:
        folder = os.path.join(args.sets, f"{name}-{args.seed}")
        with open(os.path.join(folder, "manifest.jsonl"), encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines][:args.count]
        print(f"{name}: {len(records)} clips", flush=True)
        result["sets"][name] = (nospeech if name == "nospeech" else speech)(args.sotto, folder, records)
        if name == "held":
            result["prefixes"] = prefixes(args.sotto, folder, records)
    result["bars"] = bars(result["sets"], result["prefixes"])
    result["utterances"] = learnt({"train": args.run, "refine": args.refined}, args.out)
    for name, text in (("report.json", json.dumps(result, indent=1, ensure_ascii=False) + "\n"), ("REPORT.md", report(result))):
        with open(os.path.join(args.out, name), "w", encoding="utf-8") as file:
            file.write(text)
    print(table(result), *(f"{k} {v[0]}: {v[1]:.1f}" for k, v in result["bars"].items()), sep="\n")


if __name__ == "__main__":
    main()
