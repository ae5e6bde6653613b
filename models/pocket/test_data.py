"""Tests of the front end, the augmentation, the shards and the committed test set."""
import hashlib
import json
import os
import random
import shutil
import tempfile
import unittest

import numpy as np
import transformers

import augment
import features
import nospeech
import synth
import voices
from grammar import LANGUAGES, split
from grammar.prefix import Prefixer
from refine import HARD, LONGEST, SORTS, Refiner
from samples import RATE, heard
from speech import spans

HERE = os.path.dirname(os.path.abspath(__file__))
ESPEAK = shutil.which("espeak-ng") and os.path.isdir(voices.INSTALLED)


def tone(hertz, seconds, rate):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


class Features(unittest.TestCase):
    def test_equal_to_the_extractor_of_transformers(self):
        reference = transformers.Gemma4AudioFeatureExtractor()
        noise = np.random.default_rng(1)
        for count in (161, 320, 321, 641, 1281, 16000, 16160, 41111):
            signal = (noise.standard_normal(count) * noise.uniform(1e-4, .3)).astype(np.float32)
            got = features.logmel(signal)
            out = reference([signal], sampling_rate=16000, return_tensors="np")
            mask = np.asarray(out["input_features_mask"][0], bool)
            want = np.asarray(out["input_features"][0])[mask]
            self.assertEqual(got.shape, want.shape)
            self.assertLess(np.abs(got - want).max(), 1e-3)

    def test_number_of_frames(self):
        for count, want in ((0, 0), (1, 0), (160, 0), (161, 1), (640, 3), (641, 4), (16000, 99), (480000, 2999)):
            self.assertEqual(features.frames(count), want)
            self.assertEqual(len(features.logmel(np.zeros(count, np.float32))), want)


class Augmentation(unittest.TestCase):
    def peak_hertz(self, signal):
        return np.argmax(np.abs(np.fft.rfft(signal * np.hanning(len(signal))))) * augment.RATE / len(signal)

    def test_resampling_keeps_pitch_and_speed_changes_it(self):
        signal, stretch = augment.resample(tone(1000, 2, 22050))
        self.assertAlmostEqual(self.peak_hertz(signal), 1000, delta=1)
        self.assertAlmostEqual(len(signal), 32000, delta=2)
        self.assertEqual(stretch, 1)
        faster, stretch = augment.resample(tone(1000, 2, 22050), 1.05)
        self.assertAlmostEqual(stretch, 1 / 1.05, delta=.02)        # a fast transform length nearby
        self.assertAlmostEqual(self.peak_hertz(faster), 1000 / stretch, delta=1)
        self.assertAlmostEqual(len(faster), 32000 * stretch, delta=2)

    def test_noise_colours_fall_as_named(self):
        for slope in (0, 1, 2):
            power = np.abs(np.fft.rfft(augment.coloured(np.random.default_rng(2), 160000, slope))) ** 2
            low, high = power[2000:4000].mean(), power[20000:40000].mean()     # 200-400 Hz, 2-4 kHz
            self.assertAlmostEqual(np.log10(low / high), slope, delta=.1)

    def test_telephone_keeps_the_middle_only(self):
        for hertz, kept in ((100, False), (1000, True), (6000, False)):
            out = augment.shaped(tone(hertz, 1, 16000), augment.telephone)
            self.assertEqual(np.std(out[4000:12000]) > .3, kept)

    def test_opus_keeps_the_time(self):
        signal = augment.coloured(np.random.default_rng(3), 32000, 1) * np.float32(.05)
        out = augment.Opus().round_trip(signal, 24000)
        lags = [np.dot(signal[1000:-1000], np.roll(out, k)[1000:-1000]) for k in range(-80, 81)]
        self.assertLessEqual(abs(int(np.argmax(lags)) - 80), 2)

    def test_signals_without_speech_are_sound(self):
        speech = tone(200, 1, 16000)
        for kind in nospeech.KINDS:
            signal = nospeech.make(random.Random(4), np.random.default_rng(4), kind, speech)
            self.assertTrue(np.isfinite(signal).all() and len(signal) >= 7000, kind)
            self.assertEqual(np.abs(signal).max() == 0, kind == "silence")


class Voices(unittest.TestCase):
    @unittest.skipUnless(ESPEAK, "needs espeak-ng")
    def test_held_out_timbres_are_in_no_training_voice(self):
        natural, generated = voices.train_voices()
        held = {voices.timbre(voice) for voice in voices.TEST + voices.DEV} | set(voices.STRESS)
        self.assertFalse({voices.timbre(voice) for voice in natural + generated} & held)
        self.assertEqual((len(natural), len(generated)), (174, 200))
        for family in ("", "fast"), ("adam", "caleb", "klatt4"), ("edward", "edward2"), ("klatt5", "klatt6"):
            self.assertEqual(len({timbre in held for timbre in family}), 1)


    def test_shuffled_pieces_are_as_long_as_asked(self):
        ramp = np.arange(32000, dtype=np.float32)
        for widest in (.12, .2):
            out = nospeech.spoilt(random.Random(6), ramp, "shuffled", widest)
            cuts = np.flatnonzero(np.diff(out) != 1)
            self.assertEqual(sorted(out), sorted(ramp))
            self.assertTrue(640 <= np.median(np.diff(cuts)) <= widest * RATE)      # neighbours may stay together


class Timing(unittest.TestCase):
    def test_words_without_an_onset_share_their_predecessors_span(self):
        self.assertEqual(spans([0, None, 200], 300), [(0, 200), (0, 200), (200, 300)])
        self.assertEqual(spans([None, 50], 300), [(50, 300), (50, 300)])

    def test_what_may_be_written_at_a_cut(self):
        prefixer = Prefixer(size=3000)
        item = next(i for i in prefixer.items if i["tpl"] == "past" and i["say"].startswith("ayer"))
        times = [(100 * k, 100 * k + 100) for k in range(len(item["say"].split(" ")))]
        end = times[-1][1]
        rng = random.Random(5)
        self.assertEqual(heard(prefixer, rng, [(item, times)], 150)["es"], "")
        self.assertEqual(heard(prefixer, rng, [(item, times)], 165)["es"], "Ayer")
        self.assertEqual(heard(prefixer, rng, [(item, times)], end + 250), {k: item[k] for k in LANGUAGES})
        later = [(a + end + 50, b + end + 50) for a, b in times]
        both = heard(prefixer, rng, [(item, times), (item, later)], end + 50 + 165)
        self.assertEqual(both["es"], item["es"] + " Ayer")


@unittest.skipUnless(ESPEAK, "needs espeak-ng")
class Shards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.data = voices.prepare(os.path.join(cls.folder.name, "espeak"))
        cls.prefixer = Prefixer(size=3000)
        for part in ("a", "b"):
            os.makedirs(os.path.join(cls.folder.name, part))
            for split_, count in (("train", 60), ("refine", 60), ("test", 20)):
                synth.apart(synth._shard, split_, 0, split_, count, os.path.join(cls.folder.name, part),
                            cls.prefixer, cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def read(self, part, name):
        with open(os.path.join(self.folder.name, part, name), "rb") as file:
            return file.read()

    def test_a_second_process_makes_the_same_bytes(self):
        for name in ("train.mel.npy", "train.jsonl", "train.sha256", "refine.mel.npy", "refine.jsonl", "test.mel.npy",
                     "test.jsonl"):
            self.assertEqual(self.read("a", name), self.read("b", name), name)

    def test_records_fit_the_frames(self):
        for name in ("train", "refine", "test"):
            mel = np.load(os.path.join(self.folder.name, "a", name + ".mel.npy"))
            records = [json.loads(row) for row in self.read("a", name + ".jsonl").splitlines()]
            self.assertEqual(mel.dtype, np.float16)
            self.assertTrue(np.isfinite(mel).all())
            self.assertEqual(sum(record["frames"] for record in records), len(mel))
            for record in records:
                self.fits(record, name)

    def fits(self, record, name):
        self.assertEqual(len(record["spans"]), len(record["es"].split()))
        self.assertEqual(record["say"] == "", record["kind"] in ("none", "foreign"))
        for start, end in record["spans"]:
            self.assertTrue(0 <= start < end <= record["frames"] * 10 + 25)
        for prefix in record["prefixes"]:
            self.assertTrue(prefix["frame"] % 4 == 0 and 4 <= prefix["frame"] <= record["frames"])
            for language in LANGUAGES:
                words = prefix[language].split()
                self.assertEqual(record[language].split()[:len(words)], words)
        if record["kind"] == "one":
            self.assertEqual(split(record["say"], record["tpl"]), "test" if name == "test" else "train")
        if record["say"]:
            self.assertEqual(record["voice"] in voices.TEST, name == "test")


    def refined(self):
        return [json.loads(row) for row in self.read("a", "refine.jsonl").splitlines()]

    def test_second_phase_has_every_kind(self):
        records = self.refined()
        self.assertEqual({r["kind"] for r in records}, {"one", "many", "beside", "none", "foreign"})
        for r in records:
            if r["kind"] in ("beside", "none"):
                self.assertLessEqual(r["frames"] * 10, LONGEST * 1000 + 2000)
            if r["kind"] == "none":
                self.assertTrue(set(r["tpl"].split("+")) <= set(SORTS))
                self.assertFalse([p for p in r["prefixes"] if p["es"] or p["en"]])

    def test_no_text_before_the_speech_of_a_sample(self):
        early = [(r, p) for r in self.refined() if r["spans"] for p in r["prefixes"] if p["frame"] * 10 < r["spans"][0][1]]
        self.assertGreater(len(early), 0)
        for _, p in early:
            self.assertEqual([p[k] for k in LANGUAGES], [""] * 4)

    def test_clips_without_speech_lie_between_silences(self):
        sampler = Refiner("heldout-nospeech", 3, "nospeech", self.prefixer, self.data)
        for index in range(len(SORTS)):
            signal, record = sampler.sample(index)
            self.assertEqual((record["tpl"], record["say"]), (SORTS[index], ""))
            edges = np.concatenate([signal[:RATE // 4], signal[-RATE // 2:]])
            self.assertLess(np.sqrt(np.mean(edges ** 2)), 10 ** (-59 / 20), record["tpl"])
            if SORTS[index] in HARD:
                self.assertGreater(np.abs(signal).max(), .003)


class TestSet(unittest.TestCase):
    def rows(self):
        for manifest in ("manifest.jsonl", "demo.jsonl"):
            with open(os.path.join(HERE, "testset", manifest), encoding="utf-8") as file:
                yield from map(json.loads, file)

    def test_clips_are_those_of_the_manifest(self):
        total, files = 0, set()
        for row in self.rows():
            with open(os.path.join(HERE, "testset", row["file"]), "rb") as file:
                content = file.read()
            self.assertEqual(hashlib.sha256(content).hexdigest(), row["sha256"], row["file"])
            self.assertTrue(content.startswith(b"OggS"))
            total += len(content)
            files.add(row["file"])
        there = {name for name in os.listdir(os.path.join(HERE, "testset")) if name.endswith(".ogg")}
        self.assertEqual(there, files)
        self.assertLess(total, 800_000)

    def test_sentences_and_voices_are_held_out(self):
        for row in self.rows():
            if row["kind"] in ("one", "prefix"):
                self.assertEqual(split(row["say"], row["tpl"]), "test")
                self.assertIn(row["voice"], voices.TEST)
            if row["kind"] == "demo":
                self.assertEqual({split(s["say"], "") for s in row["sentences"][1:-1]}, {"train"})


if __name__ == "__main__":
    unittest.main()
