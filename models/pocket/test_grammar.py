"""Tests of the grammar, the split, the safe prefixes and the tokenizer."""
import os
import random
import re
import unittest
from collections import Counter, defaultdict

import tokenizers
import transformers

import tokenizer
from align import align
from grammar import LANGUAGES, Choices, draw, split, spoken_words
from grammar.morphology import cardinal
from grammar.prefix import Prefixer

HERE = os.path.dirname(os.path.abspath(__file__))


def draws(count, seed):
    rng = random.Random(seed)
    return [draw(Choices(rng)) for _ in range(count)]


class Sentences(unittest.TestCase):
    LINTS = {
        "es": r"\ba el\b|\bde el\b|  | [,.?]|None",
        "en": r"\b[Aa] [aeio]|\b[Aa]n [^aeiou]|  | [,.?]|\bI (has|wants|needs)\b|\bwe (has|wants|needs)\b|None",
        "fr": r"\b([Ll]e|[Ll]a|[Dd]e|[Qq]ue|[Jj]e|[Nn]e) [aeiouhéèêâô]|\b[dD]e les? |\b[àÀ] les? |  | [.,]"
              r"|[lL]'[^aeiouhéèêâôœA-ZÉ]|None",
        "de": r"  | [,.?]|None"}

    def test_no_sentence_breaks_a_spelling_rule(self):
        for item in draws(20000, 1):
            for language, pattern in self.LINTS.items():
                self.assertIsNone(re.search(pattern, item[language]), item[language])

    def test_sentences_begin_and_end_as_they_should(self):
        for item in draws(3000, 2):
            self.assertRegex(item["say"], r"^[a-zñáéíóúü¿? ]+$")
            for language in LANGUAGES:
                self.assertRegex(item[language], r"^¿?[A-ZÀ-Ý0-9].*[.?]$")
                self.assertEqual(item[language].endswith("?"), item["es"].endswith("?"))

    def test_one_source_has_one_translation(self):
        seen = {}
        for item in draws(40000, 3):
            targets = tuple(item[language] for language in LANGUAGES)
            self.assertEqual(seen.setdefault(" ".join(spoken_words(item)), targets), targets)

    def test_known_translations_can_be_drawn(self):
        known = {item["say"]: item for item in draws(60000, 11)}
        cases = {
            "el coche de mi hermana es rojo":
                ("My sister's car is red.", "La voiture de ma sœur est rouge.",
                 "Das Auto von meiner Schwester ist rot."),
            "si llueve mañana iremos en tren":
                ("If it rains tomorrow, we will go by train.", "S'il pleut demain, nous prendrons le train.",
                 "Wenn es morgen regnet, fahren wir mit dem Zug."),
            "¿nos puede traer la cuenta por favor?":
                ("Can you bring us the bill, please?", "Pouvez-vous nous apporter l'addition, s'il vous plaît ?",
                 "Können Sie uns bitte die Rechnung bringen?")}
        for say, targets in cases.items():
            self.assertEqual(tuple(known[say][language] for language in LANGUAGES[1:]), targets)

    def test_a_recorded_derivation_replays(self):
        for item in draws(500, 4):
            self.assertEqual(draw(Choices(random.Random(0), item["path"])), item)

    def test_numbers_in_words(self):
        for number, gender, words in ((21, "m", "veintiún"), (21, "f", "veintiuna"), (31, "m", "treinta y un"),
                                      (11, "m", "once"), (1, "f", "una"), (76, "", "setenta y seis")):
            self.assertEqual(cardinal(number, gender), words)


class Split(unittest.TestCase):
    def test_every_spoken_word_of_the_test_side_is_common_in_training(self):
        train, test = Counter(), Counter()
        for item in draws(60000, 5):
            side = split(item["say"], item["tpl"])
            if side != "dev":
                (train if side == "train" else test).update(spoken_words(item))
        self.assertGreater(sum(test.values()), 5000)
        # 20 times among the 175,000 sentences of the full training set
        self.assertEqual([word for word in test if train[word] < 20 * 60000 / 175000], [])

    def test_punctuation_and_case_do_not_move_a_sentence(self):
        sides = Counter()
        for item in draws(8000, 6):
            side = split(item["say"], item["tpl"])
            sides[side] += 1
            if item["tpl"] != "fix":
                self.assertEqual(split(" ".join(spoken_words(item)).upper()), side)
        self.assertTrue(120 < sides["test"] < 300 and 120 < sides["dev"] < 300, sides)

    def test_fixed_phrases_are_always_trained(self):
        self.assertTrue(all(split(item["say"], "fix") == "train" for item in draws(20000, 7) if item["tpl"] == "fix"))


class Prefixes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefixer = Prefixer(size=20000)

    def test_safe_words_hold_for_other_sentences_that_begin_alike(self):
        others = defaultdict(list)
        for item in draws(20000, 8):
            words = spoken_words(item)
            for count in range(1, len(words)):
                others[tuple(words[:count])].append(item)
        rng, checked, broken = random.Random(9), 0, 0
        for item in draws(60, 10):
            words = spoken_words(item)
            for count in range(1, len(words)):
                safe = self.prefixer.targets(item, count, rng)
                checked += 1
                broken += any(other[language].split()[:len(safe[language])] != safe[language]
                              for other in others[tuple(words[:count])] for language in LANGUAGES[1:])
        self.assertGreater(checked, 300)
        self.assertLessEqual(broken / checked, 0.01)

    def test_safe_words_begin_the_target_and_grow_with_what_was_heard(self):
        rng = random.Random(12)
        total = 0
        for item in draws(60, 13):
            words = spoken_words(item)
            for count in range(1, len(words) + 1):
                safe = self.prefixer.targets(item, count, rng)
                for language in LANGUAGES:
                    target = item[language].split()
                    self.assertEqual(target[:len(safe[language])], safe[language])
                    if count < len(words) and language != "es":
                        self.assertLessEqual(len(safe[language]), -(-5 * count // 4) + 1)
                total += len(safe["en"])
        self.assertGreater(total, 500)


class Alignment(unittest.TestCase):
    def test_digits_stand_for_several_words(self):
        for written, spoken, spans in (
                ("A las 8:30.", "a las ocho y media", [(0, 1), (1, 2), (2, 5)]),
                ("Hay 21 llaves.", "hay veintiuna llaves", [(0, 1), (1, 2), (2, 3)]),
                ("Sube un 30 %.", "sube un treinta por ciento", [(0, 1), (1, 2), (2, 5), (2, 5)]),
                ("A las 2:45.", "a las tres menos cuarto", [(0, 1), (1, 2), (2, 5)])):
            self.assertEqual(align(written.split(), spoken.split()), spans)

    def test_every_written_word_has_a_place_in_order(self):
        for item in draws(5000, 14):
            spoken = item["say"].split(" ")
            spans = align(item["es"].split(), spoken)
            self.assertEqual((spans[0][0], spans[-1][1]), (0, len(spoken)))
            for (a, b), (c, d) in zip(spans, spans[1:]):
                self.assertTrue(a < b and a <= c and b <= d, item["es"])


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain = tokenizers.Tokenizer.from_file(os.path.join(HERE, "tokenizer.json"))
        cls.auto = transformers.AutoTokenizer.from_pretrained(HERE)

    def test_text_survives(self):
        texts = [item[language] for item in draws(1000, 15) for language in LANGUAGES]
        for text in texts + ["naïve ☃ ünder 42", "日本 x", "  a  b\n"]:
            ids = self.plain.encode(text).ids
            self.assertEqual(self.plain.decode(ids, skip_special_tokens=False), text)
            self.assertEqual(self.auto.encode(text, add_special_tokens=False), ids)

    def test_whole_string_and_word_by_word_agree(self):
        for item in draws(500, 16):
            for language in LANGUAGES:
                pieces = [i for word in tokenizer.words(item[language])
                          for i in self.plain.encode(word.replace(tokenizer.METASPACE, " ")).ids]
                self.assertEqual(self.plain.encode(item[language]).ids, pieces)

    def test_markers_are_single_tokens_with_small_ids(self):
        for i, marker in enumerate(tokenizer.SPECIALS):
            self.assertEqual(self.plain.encode(marker).ids, [i])
        self.assertEqual(self.auto.vocab_size, tokenizer.SIZE)


if __name__ == "__main__":
    unittest.main()
