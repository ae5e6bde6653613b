"""Tests of the streams: their scripts, their sound against their times, and the committed part."""
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import tempfile
import unittest

import numpy as np
from scipy.io import wavfile

import outside
import script
import streams
import voices
from grammar import LANGUAGES, Choices, draw, split
from speech import Speaker

HERE = os.path.dirname(os.path.abspath(__file__))
COMMITTED = os.path.join(HERE, "testset", "streams")
ESPEAK = shutil.which("espeak-ng") and os.path.isdir(voices.INSTALLED)
FIELDS = ["id", "audio", "source", "kind", "duration_ms", "text", "references", "sentences", "words"]
RATE = streams.RATE


def manifest(folder, name="manifest.jsonl"):
    """Returns the records of a set."""
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return [json.loads(row) for row in file]


def level(signal, start, end):
    """Returns the level in dB between two times in ms."""
    part = signal[start * RATE // 1000:end * RATE // 1000]
    return 10 * np.log10(np.mean(part.astype(np.float64) ** 2) + 1e-12)


class Manifest(unittest.TestCase):
    """What has to hold for every record."""

    def fits(self, record):
        self.assertEqual(list(record), FIELDS)
        self.assertEqual(record["text"], record["references"]["es"])
        if record["kind"] == "none":
            self.assertEqual((record["text"], record["sentences"], record["words"]), ("", [], []))
            self.assertEqual(record["references"], dict.fromkeys(LANGUAGES, ""))
            return
        self.assertEqual((record["kind"], record["source"]), ("speech", "es"))
        for language, whole in record["references"].items():
            self.assertEqual(" ".join(s["references"][language] for s in record["sentences"]), whole)
        self.assertEqual(" ".join(word["text"] for word in record["words"]), record["text"])
        self.in_order(record)

    def in_order(self, record):
        """Sentences follow each other, and the words lie inside their sentence in order."""
        words, end = list(record["words"]), 0
        for sentence in record["sentences"]:
            self.assertLessEqual(end, sentence["start_ms"])
            at, end = sentence["start_ms"], sentence["end_ms"]
            for word in sentence["references"]["es"].split():
                row = words.pop(0)
                self.assertEqual(row["text"], word)
                self.assertLessEqual(at, row["start_ms"] + 1)
                self.assertLess(row["start_ms"], row["end_ms"])
                self.assertLessEqual(row["end_ms"], end + 1)
                at = row["start_ms"]
        self.assertLess(end, record["duration_ms"])

    def louder(self, record, signal):
        """Speech is louder than the pauses around it."""
        self.assertEqual(len(signal) * 1000 // RATE, record["duration_ms"])
        inside = np.zeros(record["duration_ms"] + 1, bool)
        for word in record["words"]:
            inside[word["start_ms"]:word["end_ms"]] = True
        follow = [s["start_ms"] for s in record["sentences"][1:]] + [record["duration_ms"]]
        for sentence, after in zip(record["sentences"], follow):
            start, end = sentence["start_ms"], sentence["end_ms"]
            self.assertTrue(inside[start + 2:end - 2].mean() > .9, (record["id"], start))
            if after - end > 400:                              # 250 ms are left to the room
                speech, pause = level(signal, start, end), level(signal, end + 250, after)
                self.assertGreater(speech, pause + 9, (record["id"], start))


class Scripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shapes = [script.shape(index) for index in range(40)]
        cls.scripts = [script.write(script.chance("streams", 3, f"s{index:02d}")[0], shape)
                       for index, shape in enumerate(cls.shapes)]

    def test_sentences_and_voices_are_held_out(self):
        for plan in self.scripts:
            self.assertTrue(script.FEWEST <= len(plan.lines) <= script.MOST)
            for line in plan.lines:
                self.assertEqual(split(line.item["say"], line.item["tpl"]), "test")
                self.assertIn(line.voice, voices.TEST)

    def test_pauses(self):
        pauses = np.array([line.pause for plan in self.scripts for line in plan.lines])
        holes = [plan for plan in self.scripts if max(line.pause for line in plan.lines) >= script.HOLE[0]]
        self.assertEqual(len(holes), 4)
        self.assertEqual(sum(plan.mute is not None for plan in holes), 2)
        self.assertTrue(.4 < np.mean((pauses >= .3) & (pauses <= 1.2)))
        self.assertTrue(.05 < np.mean(pauses < .06) < .2)
        self.assertTrue(all(pause <= 2.5 or 4 <= pause <= 8 for pause in pauses))

    def test_every_sort_of_stream_is_there(self):
        self.assertEqual({shape.bed for shape in self.shapes}, set(script.BEDS))
        for channel in ("opus", "room"):
            self.assertGreaterEqual(sum(shape.channel == channel for shape in self.shapes), 5)
        self.assertEqual({shape.voices[0] for shape in self.shapes}, set(voices.TEST))
        both = [plan for plan, shape in zip(self.scripts, self.shapes) if len(shape.voices) == 2]
        self.assertEqual(len(both), 10)
        for plan in both:
            self.assertEqual(len({line.voice for line in plan.lines}), 2)
        for plan in self.scripts:
            self.assertTrue(15 <= plan.ratio <= 40)

    def test_only_repetition_streams_repeat(self):
        for plan, shape in zip(self.scripts, self.shapes):
            says = [line.item["say"] for line in plan.lines]
            thrice = sum(a == b == c for a, b, c in zip(says, says[1:], says[2:]))
            self.assertEqual(thrice, 3 if shape.repeats else 0)
            self.assertEqual(len(set(says)), len(script.TIMES) if shape.repeats else len(says))
        self.assertEqual(sum(shape.repeats for shape in self.shapes), 4)

    def test_a_script_follows_from_set_seed_and_name(self):
        def at(*name):
            return script.write(script.chance(*name)[0], self.shapes[5])
        self.assertEqual(at("streams", 3, "s05"), self.scripts[5])
        for other in (("committed", 3, "s05"), ("streams", 4, "s05"), ("streams", 3, "s06")):
            self.assertNotEqual(at(*other), self.scripts[5])


class Outside(unittest.TestCase):
    def test_spanish_has_words_that_the_grammar_has_not(self):
        rng = random.Random(1)
        known = {word for _ in range(20000) for word in draw(Choices(rng))["say"].strip("¿?").split()}
        self.assertEqual({language: len(texts) for language, texts in outside.TEXTS.items()},
                         {"es": 50, "en": 10, "it": 10, "pt": 10})
        for text in outside.TEXTS["es"]:
            self.assertTrue(set(outside.plain(text).strip("¿?").split()) - known, text)


@unittest.skipUnless(ESPEAK, "needs espeak-ng")
class Sound(Manifest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.data = os.path.join(cls.folder.name, "espeak")
        for part, chosen, seed, count in (("a", "streams", 3, 7), ("b", "streams", 3, 2), ("c", "streams", 4, 2),
                                          ("d", "foreign", 3, 1)):
            streams.build(chosen, seed, count, os.path.join(cls.folder.name, part), cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def read(self, part, name):
        with open(os.path.join(self.folder.name, part, name), "rb") as file:
            return file.read()

    def records(self, part):
        """Yields (record, signal) of a set."""
        for record in manifest(os.path.join(self.folder.name, part)):
            rate, pcm = wavfile.read(os.path.join(self.folder.name, part, record["audio"]))
            self.assertEqual((rate, pcm.dtype, pcm.ndim), (RATE, np.int16, 1))
            yield record, pcm.astype(np.float32) / 32768

    def test_a_smaller_set_has_the_same_bytes_and_another_seed_has_not(self):
        for name in ("s00.wav", "s01.wav", "n00.wav"):
            self.assertEqual(self.read("a", name), self.read("b", name), name)
            self.assertNotEqual(self.read("a", name), self.read("c", name), name)
        rows, fewer = self.read("a", "manifest.jsonl").splitlines(), self.read("b", "manifest.jsonl").splitlines()
        self.assertEqual([rows[0], rows[1], rows[7]], fewer)

    def test_records_fit_the_sound(self):
        for record, signal in self.records("a"):
            self.fits(record)
            if record["kind"] == "none":
                self.assertTrue(30000 <= record["duration_ms"] <= 90000)
                self.assertTrue(.001 < np.abs(signal).max() <= 1)
            else:
                self.louder(record, signal)

    def test_sorts_lie_where_they_are_said_to(self):
        records = {record["id"]: (record, signal) for record, signal in self.records("a") if record["kind"] == "none"}
        rows = manifest(os.path.join(self.folder.name, "a"), "sorts.jsonl")
        self.assertEqual([row["id"] for row in rows], list(records))
        for row in rows:
            record, signal = records[row["id"]]
            starts = [piece["start_ms"] for piece in row["pieces"]]
            self.assertEqual(starts, sorted(starts))
            self.assertLessEqual(row["pieces"][-1]["end_ms"], record["duration_ms"])
            self.assertGreaterEqual(len({piece["sort"] for piece in row["pieces"]}), 5)
            for piece in row["pieces"]:
                start, end = piece["start_ms"] + 100, piece["end_ms"] - 850      # the next may overlap by 0.8 s
                if end > start + 1000:
                    self.assertEqual(level(signal, start + 800, end) < -110, piece["sort"] == "silence", piece)

    def test_foreign(self):
        rows = list(self.records("d"))
        self.assertEqual(len(rows), 80)
        for record, signal in rows:
            self.fits(record)
            self.assertEqual(record["kind"], "speech" if record["source"] == "es" else "none")
            self.assertGreater(np.abs(signal).max(), .05)

    def test_sentences_begin_and_end_where_the_sound_does(self):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            found = pool.apply(_edges, (self.data,))
        self.assertGreaterEqual(len(found), script.FEWEST)
        for first, last in found:
            self.assertTrue(0 <= first <= .06 and 0 <= last <= .15, (first, last))


def _edges(data):
    """Returns how far, in seconds, the sound of each sentence lies inside its place."""
    plan = script.write(script.chance("edges", 1, 1)[0], script.shape(0))
    signal, places = streams.perform(plan, Speaker(data), np.inf)
    outer, result = signal.copy(), []         # outer: what lies outside every sentence
    for _, first, last, _ in places:
        loud = np.flatnonzero(np.abs(signal[first:last]) > .01 * np.abs(signal[first:last]).max())
        result.append((loud[0] / RATE, (last - first - loud[-1]) / RATE))
        outer[first:last] = 0
    return result if not outer.any() else []


class Committed(Manifest):
    def test_records_and_files(self):
        rows = manifest(COMMITTED)
        self.assertEqual([row["id"] for row in rows], ["s00", "s01", "s02", "s03", "n00", "n01"])
        files = {row["audio"] for row in rows} | {"manifest.jsonl", "sorts.jsonl"}
        self.assertEqual(set(os.listdir(COMMITTED)), files)
        self.assertLess(sum(os.path.getsize(os.path.join(COMMITTED, file)) for file in files), 900_000)
        for row in rows:
            self.fits(row)
            low, high = (30000, 46000) if row["kind"] == "speech" else (20000, 20000)
            self.assertTrue(low <= row["duration_ms"] <= high, row["id"])

    def test_sentences_are_those_of_the_held_out_script(self):
        for row, shape in zip(manifest(COMMITTED), streams.COMMITTED):
            plan = script.write(script.chance("committed", streams.SEED, row["id"])[0], shape)
            self.assertGreaterEqual(len(row["sentences"]), script.FEWEST)
            for sentence, line in zip(row["sentences"], plan.lines):
                self.assertEqual(split(line.item["say"], line.item["tpl"]), "test")
                self.assertEqual(sentence["references"], {k: line.item[k] for k in LANGUAGES})
                self.assertEqual(sentence["voice"], line.voice)

    @unittest.skipUnless(shutil.which("opusdec"), "needs opusdec")
    def test_sound(self):
        for row in manifest(COMMITTED)[:len(streams.COMMITTED)]:
            raw = subprocess.run(["opusdec", "--quiet", "--rate", str(RATE), "--no-dither",
                                  os.path.join(COMMITTED, row["audio"]), "-"], check=True, capture_output=True).stdout
            self.louder(row, np.frombuffer(raw, "<i2").astype(np.float32) / 32768)


if __name__ == "__main__":
    unittest.main()
