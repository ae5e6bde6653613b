"""The pocket model's task: Spanish sentences with their translations.

Every draw is a dict: say (spoken Spanish in lower case, for synthesis and
CTC), es (written Spanish), en, fr, de, tpl (the template's name) and path
(the derivation). The mapping from say to the rest is a function.
"""
import hashlib
import re

from . import home, shopping, travel, work
from .choices import Choices
from .words import LANGUAGES, capital, squeeze

# (name, template, weight). The names and their order are part of the data's identity.
TEMPLATES = [
    ("when", travel.when, 7), ("sched", travel.schedule, 10), ("delay", travel.delay, 3),
    ("want", shopping.want, 10), ("past", work.past, 12), ("fut", work.future, 12),
    ("clitic", shopping.clitic, 7), ("bring", shopping.bring, 5), ("like", shopping.like, 5),
    ("hurt", home.hurt, 2), ("tener", home.state, 3), ("where", travel.where, 6),
    ("event", work.event, 8), ("cancel", work.cancel, 2), ("dir", travel.direction, 3),
    ("imp", home.command, 4), ("price", shopping.price, 5), ("comp", shopping.comparison, 3),
    ("poss", shopping.possession, 6), ("if", home.condition, 4), ("room", travel.room, 4),
    ("date", travel.date, 2), ("slide", work.slide, 3), ("there", shopping.there, 4),
    ("who", work.who, 6), ("fix", home.fixed, 1.2), ("name", home.name, 3)]
_WEIGHTS = [((name, template), weight) for name, template, weight in TEMPLATES]


def draw(choices):
    """Returns one sentence."""
    name, template = choices.weighted(_WEIGHTS)
    item = template(choices)
    item["say"] = re.sub(r"[.,]", "", item["say"]).strip().lower()
    for language in LANGUAGES:
        item[language] = capital(squeeze(item[language]))
    return item | {"tpl": name, "path": choices.taken}


def split(say, template=""):
    """Returns train, dev or test, by the spoken words: 1 in 40 each is held out.

    The fixed phrases are always train: holding one out would hold out its words.
    """
    if template == "fix":
        return "train"
    key = re.sub(r"[^\wáéíóúüñ ]", "", say.lower())
    part = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 40
    return {0: "test", 1: "dev"}.get(part, "train")


def spoken_words(item):
    """Returns the spoken words of a draw without punctuation."""
    return re.sub(r"[¿?.,]", "", item["say"]).split()
