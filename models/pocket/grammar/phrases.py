"""Noun phrases, subjects, days and clock times in four languages at once."""
from collections import namedtuple

from .lexicon import FAMILY, NAMES, WEEKDAYS, WOMEN
from .morphology import (DER, DIES, EIN, MIX, STRONG, UNITS, VOWELS, WEAK, a_or_an, cardinal, de_adjective,
                         de_noun, elide)
from .words import Text

# say is the spoken Spanish, es the written. Genders are those of each language.
Phrase = namedtuple("Phrase", "say es en fr de es_gender fr_gender de_gender plural")
Determined = namedtuple("Determined", "say es en fr de")
OWNERS = {"mi": ("my", "mon", "mein"), "nuestro": ("our", "notre", "unser")}
DECLENSION = dict(the=WEAK, this=WEAK, a=MIX, owned=MIX, count=MIX)


def phrase(noun, kind, adjective=None, count=1, case="nom", owner=None, plural=False):
    """Returns a noun phrase of a kind: the, a, count, this or owned (by owner, mi or nuestro).

    The case is the German one; count is written in digits and spoken in words.
    """
    if kind == "count" and count == 1:
        kind = "a"
    plural = plural or kind == "count"
    bare = _with_adjective(noun, kind, adjective, case, plural)
    gender = "p" if plural else noun.de[1]
    words = _DETERMINERS[kind](bare, noun, gender, plural, case, owner or count)
    return Phrase(*words, noun.es[1], noun.fr[1], noun.de[1], plural)


def _with_adjective(noun, kind, adjective, case, plural):
    """Returns the noun with its adjective and no determiner."""
    form = 2 if plural else 0
    es, en, fr, de = noun.es[form], noun.en[form // 2], noun.fr[form], de_noun(noun, plural, case)
    if adjective is None:
        return Text(es, en, fr, de)
    form_es, form_fr = form + (noun.es[1] == "f"), form + (noun.fr[1] == "f")
    french = adjective.fr[form_fr]
    if adjective.before:
        french = adjective.vowel if form_fr == 0 and fr.startswith(VOWELS) else french
        fr = french + " " + fr
    else:
        fr = fr + " " + french
    declension = STRONG if kind == "count" and plural else DECLENSION[kind]
    gender = "p" if plural else noun.de[1]
    return Text(es + " " + adjective.es[form_es], adjective.en + " " + en, fr,
                de_adjective(adjective.de, declension, case, gender) + " " + de)


def _the(bare, noun, gender, plural, case, _):
    article = {"m": "los" if plural else "el", "f": "las" if plural else "la"}[noun.es[1]]
    french = "les " + bare.fr if plural else elide({"m": "le", "f": "la"}[noun.fr[1]], bare.fr)
    es = article + " " + bare.es
    return Determined(es, es, "the " + bare.en, french, DER[case][gender] + " " + bare.de)


def _a(bare, noun, gender, plural, case, _):
    es = {"m": "un ", "f": "una "}[noun.es[1]] + bare.es
    french = {"m": "un ", "f": "une "}[noun.fr[1]] + bare.fr
    return Determined(es, es, a_or_an(bare.en), french, "ein" + EIN[case][gender] + " " + bare.de)


def _count(bare, noun, gender, plural, case, count):
    written = (f"{count} {text}" for text in bare)
    return Determined(cardinal(count, noun.es[1]) + " " + bare.es, *written)


def _this(bare, noun, gender, plural, case, _):
    es = {"m": "estos " if plural else "este ", "f": "estas " if plural else "esta "}[noun.es[1]] + bare.es
    if plural:
        french = "ces "
    elif noun.fr[1] == "f":
        french = "cette "
    else:
        french = "cet " if bare.fr.startswith(VOWELS) else "ce "
    english = "these " if plural else "this "
    return Determined(es, es, english + bare.en, french + bare.fr, "dies" + DIES[case][gender] + " " + bare.de)


def _owned(bare, noun, gender, plural, case, owner):
    english, french, german = OWNERS[owner]
    if owner == "nuestro":
        spanish = "nuestra" if noun.es[1] == "f" else "nuestro"
        french = "nos" if plural else "notre"
    else:
        spanish = owner
        if plural:
            french = french[0] + "es"
        elif noun.fr[1] == "f" and not bare.fr.startswith(VOWELS):
            french = french[0] + "a"
    es = spanish + ("s " if plural else " ") + bare.es
    return Determined(es, es, english + " " + bare.en, french + " " + bare.fr,
                      german + EIN[case][gender] + " " + bare.de)


_DETERMINERS = dict(the=_the, a=_a, count=_count, this=_this, owned=_owned)


class Subject(namedtuple("Subject", "person es en fr de woman")):
    """Who acts: es is empty where Spanish drops the pronoun."""

    def french(self, verb):
        """Returns subject and verb: j'ai, nous avons."""
        return elide("je", verb) if self.fr == "je" else self.fr + " " + verb

    def english(self, base, third):
        """Returns the English present form."""
        return third if self.person == 1 else base


def subject(choices, pronoun=.55):
    """Draws a subject: a pronoun, a name, a relative, or two names."""
    kind = choices.unit()
    if kind < pronoun:
        if choices.flip(.6):
            return Subject(0, "", "I", "je", "ich", False)
        return Subject(2, "", "we", "nous", "wir", False)
    if kind < pronoun + .25:
        name = choices.pick(NAMES)
        return Subject(1, name, name, name, name, name in WOMEN)
    if kind < pronoun + .38:
        relative = choices.pick(FAMILY)
        mine = phrase(relative, "owned", owner="mi")
        return Subject(1, mine.es, mine.en, mine.fr, mine.de, relative.es[1] == "f")
    a, b = choices.pick(NAMES[:4]), choices.pick(NAMES[4:])
    return Subject(3, f"{a} y {b}", f"{a} and {b}", f"{a} et {b}", f"{a} und {b}", False)


def day(choices):
    """Draws a day: a weekday, tomorrow, today or the day after tomorrow."""
    kind = choices.unit()
    if kind < .55:
        name = choices.pick(WEEKDAYS)
        return Text("el " + name.es, "on " + name.en, name.fr, "am " + name.de)
    if kind < .75:
        return Text("mañana", "tomorrow", "demain", "morgen")
    if kind < .9:
        return Text("hoy", "today", "aujourd'hui", "heute")
    return Text("pasado mañana", "the day after tomorrow", "après-demain", "übermorgen")


Clock = namedtuple("Clock", "say es en fr de")
MINUTES = [(0, 5), (15, 2), (30, 3), (45, 2), (10, 1), (20, 1), (5, .6), (25, .6), (40, .6), (50, .6)]
QUARTERS = {0: "", 15: " y cuarto", 30: " y media"}
BEFORE_THE_HOUR = {40: " menos veinte", 45: " menos cuarto", 50: " menos diez"}


def _hour(hour):
    return "la una" if hour == 1 else "las " + UNITS[hour]


def clock(choices):
    """Draws a time of day; from twenty to the hour on Spanish counts back from the next hour."""
    hour, minute = choices.between(1, 12), choices.weighted(MINUTES)
    if minute in BEFORE_THE_HOUR:
        say = _hour(hour % 12 + 1) + BEFORE_THE_HOUR[minute]
    else:
        say = _hour(hour) + QUARTERS.get(minute, " y " + UNITS[minute] if minute < 30 else "")
    digits = f"{hour}:{minute:02d}"
    french = f"{hour} h" + (f" {minute:02d}" if minute else "")
    return Clock(say, ("la " if hour == 1 else "las ") + digits, digits, french, digits + " Uhr")
