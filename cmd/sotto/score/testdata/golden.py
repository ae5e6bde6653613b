"""Writes the goldens of this folder with the field's own tools.

    python3 -m venv env && env/bin/pip install sacrebleu==2.6.0 omnisteval==0.1.10 \
        simuleval==1.1.4 simulstream==1.0.0 jiwer==4.0.0 mweralign==1.4.1
    env/bin/python golden.py

    SCORE_EXPORT=FOLDER go test -run Exports ..   # writes our own exports of log.json
    env/bin/python golden.py read FOLDER          # what the tools say of them: "read" of log.json

quality.json   sacrebleu (BLEU, chrF, chrF++), jiwer (WER, CER)
delay.json     SimulEval (AL, LAAL, AP, DAL, ATD), OmniSTEval (YAAL)
stream.json    mweralign and simulstream (StreamLAAL), OmniSTEval (SoftSegmenter, LongYAAL and kin,
               without a Moses tokenizer); a case in which OmniSTEval drops words is among them
log.json       simulstream (normalized erasure, real-time factor, times of the final words), OmniSTEval (LongYAAL)
simulstream.jsonl, instances.log   the logs of log.json in the tools' formats
"""
import json
import pathlib
import random
import sys
import tempfile
import warnings
from types import SimpleNamespace

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
LINES = """
The committee met on 12.03.2024 at 9:30 a.m., and 1,250 people came.
"We don't know," she said -- "not yet; perhaps never!" (That was all.)
Costs fell by 3.5% to $4,000.00 in Q3/Q4; see e.g. section 2.1.
It's the well-known U.S.-based firm's 10-year plan & budget.
Die Sitzung beginnt um 14 Uhr, und zwar pünktlich; niemand weiß, warum.
Der Ausschuß tagte am 3. Oktober 1990 in Köln-Mülheim.
« Où est-il ? » demanda-t-elle. L'homme n'a rien répondu…
Les prix ont baissé de 3,5 % en moyenne, soit 1 200 € par an.
¿Dónde está la biblioteca? ¡No lo sé! Está en la calle 5ª, n.º 12.
会议于2024年3月12日上午9:30开始,共有1,250人参加。
“我不知道,”她说——“还不知道;也许永远不会!”（就这些）
价格下降了3.5%,至4000元;详见第2.1节。GPU集群很快。
会議は2024年3月12日の午前9時30分に始まりました。参加者は１２５０人です！
ラーメンを食べたい、とタロウは言った。ABC株式会社の株価は高い？
การประชุมเริ่มเวลา 9:30 น. มีผู้เข้าร่วม 1,250 คน
Комитет собрался 12.03.2024 в 9:30; пришло 1250 человек, т. е. все.
اجتمعت اللجنة في الساعة 9:30، وحضر 1250 شخصًا.
समिति की बैठक सुबह 9:30 बजे हुई।
회의는 오전 9시 30분에 시작되었습니다. 1,250명이 참석했습니다.
😀 emoji 👩‍👩‍👧 and e\u0301 combining; naïve café — “quotes” ‘single’ ‹x› 5–7
tabs\tand\u00a0no-break\u3000ideographic\u2009thin spaces x=1;y=2 {a}[b]^_`|~
&quot;entities&quot; &amp;amp; &lt;b&gt; <skipped> a-\nb c\nd
http://example.org/a?b=c&d=e#f user@example.org 1.2.3.4 -5 --- ... ,,, .5 5. a.b,c
""".strip("\n").split("\n")
LINES = [line.replace("\\n", "\n") for line in LINES]


def noisy(rnd, text, amount):
    """A hypothesis: words or characters left out, doubled, swapped, replaced."""
    units, glue = (text.split(" "), " ") if " " in text.strip() else (list(text), "")
    out = []
    for unit in units:
        r = rnd.random()
        if r < amount * 0.25:
            continue
        if r < amount * 0.5:
            out += [unit, unit]
        elif r < amount * 0.75 and unit:
            out.append(unit[::-1])
        elif r < amount:
            out.append(rnd.choice(units).upper())
        else:
            out.append(unit)
    if out and rnd.random() < amount:
        i = rnd.randrange(len(out))
        out[i], out[-1] = out[-1], out[i]
    return glue.join(out)


def soup(rnd, n):
    spans = [(0x20, 0x7e), (0x20, 0x40), (0x30, 0x39), (0xa0, 0x17f), (0x370, 0x52f), (0x2000, 0x2a80), (0x2e80, 0x30ff),
             (0x4e00, 0x4eff), (0xfe10, 0xfe4f), (0xff00, 0xffef), (0x1f600, 0x1f640), (0x1c, 0x20), (0x2f70, 0x2fb0),
             (0x20000, 0x20010), (0x9, 0xd)]
    return "".join(chr(rnd.randint(*rnd.choice(spans))) for _ in range(n))


def quality():
    import jiwer
    from sacrebleu.metrics import BLEU, CHRF
    cases = []

    def case(name, hyps, refs):
        most = max(map(len, refs))
        docs = [[r[k] if k < len(r) else None for r in refs] for k in range(most)]
        c = {"name": name, "hypotheses": hyps, "references": refs, "bleu": {}}
        for tok in ("13a", "zh", "char", "none"):
            m = BLEU(tokenize=tok)
            s = m.corpus_score(hyps, docs)
            c["bleu"][tok] = {"line": s.format(), "signature": str(m.get_signature()), "score": s.score}
        for key, order in (("chrf", 0), ("chrf++", 2)):
            m = CHRF(word_order=order)
            s = m.corpus_score(hyps, docs)
            c[key] = {"line": s.format(), "signature": str(m.get_signature()), "score": s.score}
        first = [" ".join(r[0].split()) for r in refs]
        plain = [" ".join(h.split()) for h in hyps]
        for key, f in (("wer", jiwer.process_words), ("cer", jiwer.process_characters)):
            keep = [(r, h) for r, h in zip(first, plain) if r]  # jiwer takes no empty reference
            if keep:
                o = f([r for r, _ in keep], [h for _, h in keep])
                c[key] = [o.substitutions + o.deletions + o.insertions, o.substitutions + o.deletions + o.hits]
        cases.append(c)

    rnd = random.Random(1)
    for i, line in enumerate(LINES):
        case(f"line {i}", [noisy(rnd, line, 0.3)], [[line]])
        case(f"line {i}, same", [line], [[line]])
    for seed in range(12):
        rnd = random.Random(100 + seed)
        lines = [rnd.choice(LINES) for _ in range(rnd.randint(2, 12))]
        case(f"corpus {seed}", [noisy(rnd, x, rnd.random() * 0.6) for x in lines], [[x] for x in lines])
        case(f"several {seed}", [noisy(rnd, x, 0.3) for x in lines],
             [[noisy(rnd, x, 0.2) for _ in range(3)] for x in lines])
        case(f"variable {seed}", [noisy(rnd, x, 0.3) for x in lines],
             [[noisy(rnd, x, 0.2) for _ in range(rnd.randint(1, 3))] for x in lines])
    for seed in range(40):
        rnd = random.Random(200 + seed)
        texts = [soup(rnd, rnd.randint(0, 60)) for _ in range(4)]
        case(f"soup {seed}", [noisy(rnd, t, 0.4) for t in texts], [[t] for t in texts])
    case("empty hypothesis", [""], [["a b c"]])
    case("empty reference", ["a b c d e"], [[""]])
    case("all empty", ["", "  "], [[""], [" "]])
    case("short", ["a"], [["a"]])
    case("three words", ["a b c"], [["a b c"]])
    case("nothing right", ["a b c d"], [["e f g h"]])
    case("some lines empty", ["the cat sat on the mat", "", "x"], [["the cat sat on a mat", "a cat"], ["gone"], ["", "x y"]])
    case("references equally bad", ["a b c d", "zz"], [["a b c d"], ["y", "a long one that has nothing of it"]])
    case("references equally bad, turned", ["a b c d", "zz"], [["a b c d"], ["a long one that has nothing of it", "y"]])
    case("long", [noisy(random.Random(5), " ".join(LINES), 0.2)], [[" ".join(LINES)]])
    case("trailing space", ["it ends here . \x1c\u2003 "], [[" it ends here. "]])
    return cases


def delay():
    from omnisteval.data import Instance
    from omnisteval.scoring import YAALScorer
    from simuleval.evaluator.instance import LogInstance
    from simuleval.evaluator.scorers.latency_scorer import ALScorer, APScorer, ATDScorer, DALScorer, LAALScorer
    cases = []
    for seed in range(40):
        rnd = random.Random(seed)
        unit = "char" if seed % 4 == 3 else "word"
        infos = []
        for index in range(rnd.randint(1, 6)):
            source = rnd.choice([rnd.uniform(300, 9000), float(rnd.randint(1, 20) * 480)])
            n, m = rnd.randint(0 if index else 1, 25), rnd.randint(1, 25)
            step = rnd.choice([0, 320, 480])
            delays = sorted(rnd.uniform(0, source * rnd.choice([0.5, 1.0, 1.3])) for _ in range(n))
            if step:
                delays = [min(source, (d // step + 1) * step) for d in delays]
            spent, elapsed = 0.0, []
            for d in delays:
                spent += rnd.uniform(0, 120)
                elapsed.append(d + spent)
            glue = "" if unit == "char" else " "
            infos.append({"index": index, "prediction": glue.join("x" * n), "delays": delays, "elapsed": elapsed,
                          "prediction_length": n, "reference": glue.join("y" * m), "source": ["a.wav"],
                          "source_length": source})
        c = {"unit": unit, "segments": infos, "unaware": {}, "aware": {}}
        logs = {i["index"]: LogInstance(json.dumps(i), unit) for i in infos}
        omni = [Instance(prediction=i["prediction"], reference=i["reference"], latency_unit=unit,
                         source_length=i["source_length"], emission_cu=i["delays"], emission_ca=i["elapsed"]) for i in infos]
        for key, aware in (("unaware", False), ("aware", True)):
            for name, scorer in (("AL", ALScorer), ("LAAL", LAALScorer), ("AP", APScorer), ("DAL", DALScorer), ("ATD", ATDScorer)):
                c[key][name] = scorer(computation_aware=aware)(logs)
            value = YAALScorer(computation_aware=aware)(omni)
            c[key]["YAAL"] = None if value != value else value
        cases.append(c)
    return cases


WORDS = ("the a of to and in that it is was for on are with they be at one have this from or had by hot word but what some "
         "we can out other were all there when up use your how said an each she which do their time if will way about many "
         "then them write would like so these her long make thing see him two has look more day could go come did number "
         "Haus Straße Größe über schön Mädchen café naïve élève señor 12 3.5% 1,000 U.S.").split()
HAN = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"


def sentences(rnd, unit, n):
    out, at = [], rnd.uniform(0, 3000)
    for _ in range(n):
        if unit == "char":
            text = "".join(rnd.choice(HAN) for _ in range(rnd.randint(3, 25)))
            if rnd.random() < 0.3:
                text = text[:2] + rnd.choice(["GPU", "2024", "3.5", "Go"]) + text[2:]
            text += rnd.choice(["。", "？", "！", "", "，"])
        else:
            words = [rnd.choice(WORDS) for _ in range(rnd.randint(2, 18))]
            words[0] = words[0].capitalize()
            text = " ".join(words) + rnd.choice([".", "?", "!", "", " ...", " -"])
            if rnd.random() < 0.2:
                text = text.replace(" ", " , ", 1)
        length = rnd.uniform(400, 700) * max(1, len(text.split()) if unit == "word" else len(text) / 2)
        # Eighths of a second are exact in seconds and in milliseconds: else rounding decides, in the tool that
        # counts in seconds, whether a word at the very end came within the sentence.
        at, length = at // 125 * 125, length // 125 * 125 + 125
        out.append({"text": text, "start": at, "end": at + length})
        at += length + rnd.choice([0, rnd.uniform(100, 2500)])
    return out


def stream_words(rnd, unit, refs, amount):
    words, end = [], refs[-1]["end"]
    for r in refs:
        units = r["text"].split() if unit == "word" else [c for c in r["text"] if c != " "]
        for k, u in enumerate(units):
            x = rnd.random()
            when = r["start"] + (r["end"] - r["start"]) * (k + 1) / len(units) + rnd.uniform(0, 3000)
            if x < amount * 0.3:
                continue
            if x < amount * 0.6:
                words.append((rnd.choice(WORDS) if unit == "word" else rnd.choice(HAN), when))
            if x < amount and x > amount * 0.6:
                u = (u[1:] + u[:1]) if unit == "word" else rnd.choice(HAN)
            words.append((u, when))
    out, delay, elapsed = [], 0.0, 0.0
    for text, when in words:
        delay = min(max(delay, (when // 480 + 1) * 480), end)
        elapsed = max(elapsed, delay + rnd.uniform(0, 400))
        out.append({"text": text, "delay": delay, "elapsed": elapsed})
    return out


def stream_case(name, unit, refs, words):
    import mweralign
    from mweralign.segmenter import CJSegmenter
    from omnisteval.alignment import Word
    from omnisteval.resegment import resegment
    from omnisteval.scoring import evaluate_instances
    from simulstream.metrics.readers import OutputWithDelays, ReferenceSentenceDefinition
    from simulstream.metrics.scorers.latency import LatencyScoringSample
    from simulstream.metrics.scorers.latency.stream_laal import StreamLaal
    glue = "" if unit == "char" else " "
    text = glue.join(w["text"] for w in words)
    c = {"name": name, "unit": unit, "sentences": refs, "words": words}
    if words:
        lines, hyp = [r["text"] for r in refs], text
        if unit == "char":
            lines = [" ".join(CJSegmenter().encode(x)) for x in lines]
            hyp = " ".join(CJSegmenter().encode(hyp))
        cut = mweralign.align_texts("\n".join(lines), hyp).split("\n")
        c["mwer"] = [x.replace(" ", "") if unit == "char" else x.strip() for x in cut]
        s = StreamLaal(SimpleNamespace(latency_unit=unit)).score([LatencyScoringSample(
            "a", OutputWithDelays(text, [w["delay"] / 1000 for w in words], [w["elapsed"] / 1000 for w in words]),
            [ReferenceSentenceDefinition(r["text"], r["start"] / 1000, (r["end"] - r["start"]) / 1000) for r in refs])])
        c["StreamLAAL"] = [s.ideal_latency * 1000, s.computational_aware_latency * 1000]
    split = (lambda t: list(t.replace(" ", ""))) if unit == "char" else str.split
    ref_words = [[Word(u, emission_cu=r["start"], seq_id=i) for i, r in enumerate(refs) for u in split(r["text"].lower())]]
    hyp_words = [[Word(w["text"], emission_cu=w["delay"], emission_ca=w["elapsed"]) for w in words]]
    end = max(r["end"] for r in refs)
    segmentation = [{"offset": r["start"], "duration": r["end"] - r["start"], "time_to_recording_end": end - r["start"]} for r in refs]
    instances, dicts = resegment(ref_words, hyp_words, segmentation, [r["text"] for r in refs], char_level=unit == "char")
    c["soft"] = [d["prediction"] for d in dicts]
    scores, _, _ = evaluate_instances(instances, compute_quality=False, is_longform=True)
    c["long"] = {k: v for k, v in scores.items() if v == v}
    return c


def stream():
    cases = []
    for seed in range(16):
        rnd = random.Random(1000 + seed)
        unit = "char" if seed % 3 == 2 else "word"
        refs = sentences(rnd, unit, rnd.randint(1, 14))
        cases.append(stream_case(f"seed {seed}", unit, refs, stream_words(rnd, unit, refs, rnd.choice([0, 0.2, 0.5, 0.9]))))
    rnd = random.Random(7)
    refs = sentences(rnd, "word", 5)
    words = stream_words(rnd, "word", refs, 0.2)
    refs[2]["text"] = ""
    cases.append(stream_case("an empty sentence", "word", refs, words))
    cases.append(stream_case("empty sentences first", "word", [dict(r, text="") for r in refs[:2]] + refs[2:], words))
    refs = sentences(rnd, "word", 4)
    lead = [{"text": t, "delay": 480.0, "elapsed": 500.0} for t in ("-", "Well", ",", "-")]
    cases.append(stream_case("marks first", "word", refs, lead[:1] + stream_words(rnd, "word", refs, 0.1)))
    cases.append(stream_case("words first", "word", refs, lead + stream_words(rnd, "word", refs, 0.3)))
    cases.append(stream_case("only one sentence said", "word", refs, [w for w in stream_words(rnd, "word", refs, 0)
                                                                    if w["delay"] > refs[2]["start"] + 900]))
    cases.append(stream_case("nothing alike", "word", refs, [{"text": "ξξ", "delay": 960.0, "elapsed": 960.0}] * 9))
    cases.append(stream_case("full width", "char", sentences(rnd, "char", 3),
                             [{"text": t, "delay": 480.0 * i, "elapsed": 480.0 * i} for i, t in enumerate("的ＧＰＵ！人，中…国２０")]))
    refs = [{"text": t, "start": 2000.0 * i, "end": 2000.0 * i + 2000} for i, t in enumerate(("one …", "two ABC", "three four"))]
    cases.append(stream_case("folded", "word", refs, [{"text": t, "delay": 500.0 * i, "elapsed": 500.0 * i} for i, t in enumerate(
        "one zzz ... yyy xx ＴＷＯ abc three… FOUR".split())]))
    refs = [dict(r, text=t) for r, t in zip(refs, ("one ...", "...... two", "three"))]
    cases.append(stream_case("dots", "word", refs, [{"text": t, "delay": 500.0 * i, "elapsed": 500.0 * i} for i, t in enumerate(
        "one zz … … ww two three".split())]))
    refs = sentences(rnd, "word", 60)
    cases.append(stream_case("longer", "word", refs, stream_words(rnd, "word", refs, 0.25)))
    return cases


def omnisteval(folder, recordings):
    """LongYAAL of both logs in folder, each recording one sentence."""
    import yaml
    from omnisteval.data import get_segmentation_order, load_hypothesis_jsonl, load_hypothesis_simulstream, load_reference
    from omnisteval.resegment import resegment
    from omnisteval.scoring import evaluate_instances
    out = []
    with tempfile.TemporaryDirectory() as name:
        tmp = pathlib.Path(name)
        (tmp / "s.json").write_text(json.dumps([{"wav": r["recording"], "offset": 0.0, "duration": r["length"] / 1000}
                                                for r in recordings]))
        (tmp / "r.txt").write_text("".join(r["reference"] + "\n" for r in recordings), encoding="utf-8")
        (tmp / "c.yaml").write_text(yaml.safe_dump({"detokenizer_type": "simuleval", "latency_unit": "word"}))
        for kind in "instances", "simulstream":
            words, cut, refs = load_reference(str(tmp / "s.json"), str(tmp / "r.txt"), False, False)
            order = get_segmentation_order(cut)
            if kind == "instances":
                hyp = load_hypothesis_jsonl(str(folder / "instances.log"), False, order, False)
            else:
                hyp = load_hypothesis_simulstream(str(folder / "simulstream.jsonl"), str(tmp / "c.yaml"), False, order)
            instances, _ = resegment(words, hyp, cut, refs)
            scores, _, _ = evaluate_instances(instances, is_longform=True)
            out.append([scores["long_yaal"], scores["ca_long_yaal"]])
    return out


def readings(folder, unit, recordings):
    """What simulstream, SimulEval and OmniSTEval say of the two logs in folder."""
    from simuleval.evaluator.instance import LogInstance
    from simuleval.evaluator.scorers.latency_scorer import ALScorer, APScorer, ATDScorer, DALScorer, LAALScorer
    from simulstream.metrics.readers import LogReader
    from simulstream.metrics.stats import NormalizedErasure, RealTimeFactor
    config = SimpleNamespace(detokenizer_type="simuleval", latency_unit=unit)
    reader = LogReader(config, str(folder / "simulstream.jsonl"), latency_unit=unit)
    out = {"NE": NormalizedErasure().compute(reader), "RTF": RealTimeFactor().compute(reader), "final": []}
    for name, o in reader.final_outputs_and_latencies().items():
        out["final"].append({"recording": name, "text": o.final_text, "delays": o.ideal_delays,
                             "elapsed": o.computational_aware_delays})
    lines = (folder / "instances.log").read_text(encoding="utf-8").splitlines()
    logs = {i: LogInstance(line, unit) for i, line in enumerate(lines)}
    for key, aware in (("unaware", False), ("aware", True)):
        out[key] = {name: s(computation_aware=aware)(logs) for name, s in (
            ("AL", ALScorer), ("LAAL", LAALScorer), ("AP", APScorer), ("DAL", DALScorer), ("ATD", ATDScorer))}
    out["LongYAAL"] = omnisteval(folder, recordings)
    return out


def log():
    """Logs of translators that take words back."""
    recordings, stream_lines, instances = [], [], []
    for index in range(6):
        rnd = random.Random(3000 + index)
        shown, steps, times, at = [], [], [], 0.0
        while at < 12000:
            at += rnd.choice([480, 480, 960])
            compute = rnd.uniform(5, 300)
            keep = max(0, len(shown) - (rnd.randint(0, 3) if index else 0))
            new = shown[:keep] + [rnd.choice(WORDS) for _ in range(rnd.randint(0, 4))]
            if rnd.random() < 0.2:
                new = list(shown)
            same = 0
            while same < min(len(shown), len(new)) and shown[same] == new[same]:
                same += 1
            stream_lines.append({"id": index, "total_audio_processed": at / 1000, "computation_time": compute / 1000,
                                 "generated_tokens": new[same:], "deleted_tokens": shown[same:]})
            times = times[:same] + [(at, at + compute)] * (len(new) - same)
            steps.append({"audio": at, "elapsed": at + compute, "compute": compute, "text": new})
            shown = new
        name = f"talk {index}.wav"
        stream_lines.insert(len(stream_lines) - len(steps), {"id": index, "metadata": {"wav_name": name}})
        reference = " ".join(rnd.choice(WORDS) for _ in range(20))
        instances.append({"index": index, "prediction": " ".join(shown), "delays": [t[0] for t in times],
                          "elapsed": [t[1] for t in times], "prediction_length": len(shown), "reference": reference,
                          "source": [name], "source_length": at})
        recordings.append({"recording": name, "steps": steps, "reference": reference, "length": at})
    for name, lines in (("simulstream.jsonl", stream_lines), ("instances.log", instances)):
        (HERE / name).write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), encoding="utf-8")
    return {"logs": recordings, "read": readings(HERE, "word", recordings)}


def main():
    if len(sys.argv) > 2 and sys.argv[1] == "read":
        recordings = json.loads((HERE / "log.json").read_text())["logs"]
        print(json.dumps(readings(pathlib.Path(sys.argv[2]), "word", recordings)))
        return
    for name, make in (("quality", quality), ("delay", delay), ("stream", stream), ("log", log)):
        text = json.dumps(make(), ensure_ascii=True, separators=(",", ":"))
        (HERE / f"{name}.json").write_text(text.replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()
