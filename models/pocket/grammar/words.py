"""The shapes of lexicon entries and the small tools of every language."""
import re
from collections import namedtuple

LANGUAGES = ("es", "en", "fr", "de")

# The same thing in four languages.
Text = namedtuple("Text", LANGUAGES)
NOTHING = Text("", "", "", "")

# es, fr, de: (singular, gender, plural); en: (singular, plural).
Noun = namedtuple("Noun", LANGUAGES)

# es, fr: masculine, feminine, masculine plural, feminine plural. de: the stem.
# before: the French adjective precedes; vowel: its masculine before a vowel.
Adjective = namedtuple("Adjective", "es en fr de before vowel")

# Persons are indexes: 0 = I, 1 = he or she, 2 = we, 3 = they.
# es: infinitive, present, past, future; en: base, third person, past;
# fr: infinitive, present, participle, future; de: infinitive, present, participle.
Verb = namedtuple("Verb", LANGUAGES)
SpanishVerb = namedtuple("SpanishVerb", "infinitive present past future")
EnglishVerb = namedtuple("EnglishVerb", "base third past")
FrenchVerb = namedtuple("FrenchVerb", "infinitive present participle future")
GermanVerb = namedtuple("GermanVerb", "infinitive present participle")


def noun(row):
    """Reads 'es,gender,plural|en,plural|fr,gender,plural|de,gender,plural'; _ is a space."""
    return Noun(*(tuple(x.replace("_", " ") for x in part.split(",")) for part in row.strip().split("|")))


def nouns(table):
    """Reads one noun per line."""
    return [noun(row) for row in table.strip().split("\n")]


def adjective(es, en, fr, de, before=False, vowel=None):
    """Reads an adjective; forms are separated by slashes and regular ones may be left out."""
    spanish, french = es.split("/"), fr.split("/")
    if len(spanish) == 1:
        plural = "s" if spanish[0][-1] in "aeiou" else "es"
        spanish = [spanish[0]] * 2 + [spanish[0] + plural] * 2
    elif len(spanish) == 2:
        spanish += [spanish[0] + "s", spanish[1] + "s"]
    if len(french) == 2:
        french += [french[0] if french[0][-1] in "sx" else french[0] + "s", french[1] + "s"]
    return Adjective(tuple(spanish), en, tuple(french), de, before, vowel or french[0])


def verb(es, en, fr, de):
    """Reads a verb; fields are separated by semicolons, persons by commas.

    es: infinitive;present;past  fr: infinitive;present;participle;future stem
    de: infinitive;present;participle
    """
    spanish, french, german = ([field.split(",") for field in x.split(";")] for x in (es, fr, de))
    stem = spanish[0][0]
    return Verb(
        SpanishVerb(stem, spanish[1], spanish[2], [stem + end for end in ("é", "á", "emos", "án")]),
        EnglishVerb(*en.split(",")),
        FrenchVerb(french[0][0], french[1], french[2][0], [french[3][0] + end for end in ("ai", "a", "ons", "ont")]),
        GermanVerb(german[0][0], german[1], german[2][0]))


def join(*parts):
    """Joins the parts that are not empty with single spaces."""
    return " ".join(part for part in parts if part)


def squeeze(text):
    """Removes doubled and outer spaces."""
    return re.sub(r" +", " ", text).strip()


def capital(text):
    """Capitalises the first letter, unless a digit comes first."""
    for i, char in enumerate(text):
        if char.isalpha():
            return text[:i] + char.upper() + text[i + 1:]
        if char.isdigit():
            return text
    return text


def statement(es, en, fr, de, say=None):
    """Returns a sentence that ends in a full stop in every language."""
    return dict(say=say or es, es=es + ".", en=en + ".", fr=fr + ".", de=de + ".")


def question(es, en, fr, de, say=None):
    """Returns a question; the marks are added, es and say without them."""
    return dict(say=f"¿{say or es}?", es=f"¿{es}?", en=en + "?", fr=fr + " ?", de=de + "?")
