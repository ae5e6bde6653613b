"""Writes sentences.txt: honest sentences with their language, one a line.

They are 260 draws of the pocket model's grammar in its four languages:

    python3 decoder/guard/testdata/sentences.py > decoder/guard/testdata/sentences.txt
"""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "models/pocket"))

from grammar import LANGUAGES, Choices, draw

rng = random.Random("honest sentences")
lines = [f"{language}\t{item[language]}" for item in (draw(Choices(rng)) for _ in range(260)) for language in LANGUAGES]
print("\n".join(lines))
