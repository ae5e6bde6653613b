"""Templates: wishes, likes, prices, comparisons and objects."""
from .lexicon import (BILL, BOOK, CHAIR, CITIES, COLD, COLOURS, CONCERT, CONTRACT, DOCUMENTS, FAMILY, FILM,
                      FOOD, GENERAL, GIFT, HOT, ICE_CREAM, INVOICE, KEY, LETTER, MAP, MASS, NAMES, NEWSPAPER,
                      OF_FOOD, OF_TEXTS, OFFICE, PARTY, PHOTO, PLACES, REPORT, SERVED, SUITCASE, TABLE, THINGS)
from .morphology import EIN, cardinal, elide, fr_predicate
from .phrases import phrase, subject
from .verbs import (AIMER, AVOIR, BRAUCHEN, BUY, MOECHTEN, MOEGEN, NECESITAR, QUERER, VOULOIR, WOLLEN)
from .words import NOTHING, Text, join, question, statement


def want(choices):
    """Ana quiere dos manzanas verdes. Necesitamos una mesa grande para mi madre."""
    who, wish, edible = subject(choices), choices.pick("qn") == "q", choices.flip()
    noun = choices.pick(FOOD if edible else THINGS)
    adjective = choices.pick(_wanted(noun, edible)) if choices.flip(.55) else None
    count = 1 if choices.flip(.4) else choices.between(2, 12)
    if noun == ICE_CREAM:
        count = 1
    it, object_ = phrase(noun, "count", adjective, count), phrase(noun, "count", adjective, count, "acc")
    person = who.person
    if wish:
        es, en = QUERER[person], who.english("want", "wants")
        fr, de = who.french(VOULOIR[person]) + " " + it.fr, MOECHTEN[person]
    else:
        es, en = NECESITAR[person], who.english("need", "needs")
        fr, de = who.french(AVOIR[person]) + " besoin " + elide("de", it.fr), BRAUCHEN[person]
    whom = _beneficiary(choices, who) if choices.flip(.35) else NOTHING
    return statement(
        say=join(who.es, es, it.say, whom.es), es=join(who.es, es, it.es, whom.es),
        en=join(who.en, en, it.en, whom.en), fr=join(fr, whom.fr), de=join(who.de, de, object_.de, whom.de))


def _wanted(noun, edible):
    """Returns the adjectives that a wanted thing may have."""
    if not edible:
        return COLOURS + GENERAL
    return [COLD, HOT] if noun.es[0] in SERVED else OF_FOOD


def _beneficiary(choices, who):
    """Draws for whom; nobody when it would be the subject."""
    if choices.flip(.4):
        name = choices.pick([name for name in NAMES if name != who.es])
        return Text("para " + name, "for " + name, "pour " + name, "für " + name)
    relative = choices.pick(FAMILY)
    mine, object_ = phrase(relative, "owned", owner="mi"), phrase(relative, "owned", owner="mi", case="acc")
    if mine.es == who.es:
        return NOTHING
    return Text("para " + mine.es, "for " + mine.en, "pour " + mine.fr, "für " + object_.de)


_ORDERED = FOOD + [MAP, CHAIR, KEY, NEWSPAPER, BILL, BILL, INVOICE]


def bring(choices):
    """¿Me puede traer la cuenta, por favor?"""
    noun = choices.pick(_ORDERED)
    kind = "the" if noun is BILL else choices.pick(["the", "a", "count"])
    count = choices.between(2, 6)
    if noun == ICE_CREAM and kind == "count":
        kind = "a"
    it, object_ = phrase(noun, kind, None, count), phrase(noun, kind, None, count, "acc")
    us, please = choices.flip(.4), choices.flip(.6)
    whom, comma = "nos" if us else "me", "," if please else ""
    return question(
        say=join(whom, "puede traer", it.say, "por favor" if please else ""),
        es=join(whom, "puede traer", it.es + comma, "por favor" if please else ""),
        en=join("can you bring", "us" if us else "me", it.en + comma, "please" if please else ""),
        fr=join("pouvez-vous", "nous apporter" if us else "m'apporter", it.fr + comma,
                "s'il vous plaît" if please else ""),
        de=join("können Sie", "uns" if us else "mir", "bitte" if please else "", object_.de, "bringen"))


def like(choices):
    """Me gusta el café. A mi hermana no le gustan las películas."""
    noun = choices.pick(FOOD + [FILM, CONCERT, PARTY])
    mass = noun.es[0] in MASS
    plural = choices.flip(.5) and not mass
    it, kind, negative = phrase(noun, "the", plural=plural), choices.unit(), choices.flip(.3)
    pronoun, who, person = _liker(choices, kind)
    general = mass or plural
    en = noun.en[plural] if general else "the " + noun.en[0]
    de = noun.de[2 if plural else 0] if general else phrase(noun, "the", case="acc").de
    if negative:
        none = "kein" + EIN["acc"]["p" if plural else noun.de[1]]
        de = none + " " + de if general else de + " nicht"
    es = join(*pronoun[:-1], "no" if negative else "", pronoun[-1], "gustan" if plural else "gusta", it.es)
    third = person == 1
    verb = ("doesn't like" if third else "don't like") if negative else ("likes" if third else "like")
    loves = f"n'{AIMER[person]} pas" if negative else AIMER[person]
    french = elide("je", loves) if who.fr == "je" else join(who.fr, loves)
    return statement(es=es, en=join(who.en, verb, en), fr=join(french, it.fr), de=join(who.de, MOEGEN[person], de))


def _liker(choices, kind):
    """Returns (Spanish words of the dative, the last one being the pronoun; who; person)."""
    if kind < .4:
        return ["me"], Text("", "I", "je", "ich"), 0
    if kind < .6:
        return ["nos"], Text("", "we", "nous", "wir"), 2
    if kind < .8:
        name = choices.pick(NAMES)
        return ["a", name, "le"], Text(name, name, name, name), 1
    mine = phrase(choices.pick(FAMILY), "owned", owner="mi")
    return ["a", mine.es, "le"], mine, 1


def price(choices):
    """Este abrigo cuesta ochenta euros. ¿Cuánto cuestan estas llaves? Un billete a Roma cuesta..."""
    kind, euros = choices.unit(), choices.between(2, 99)
    if kind >= .75:
        city = choices.pick(CITIES)
        return _cost("un billete a " + city.es, "a ticket to " + city.en, "un billet pour " + city.fr,
                     "eine Fahrkarte nach " + city.de, False, euros)
    noun = choices.pick(THINGS + FOOD)
    plural = choices.flip(.4) and noun != ICE_CREAM
    if kind < .5:
        colour = choices.pick(COLOURS) if noun in THINGS and choices.flip(.5) else None
        it = phrase(noun, "this", colour, plural=plural)
        return _cost(it.es, it.en, it.fr, it.de, plural, euros)
    it = phrase(noun, "this", plural=plural)
    return question(
        es=join("cuánto", "cuestan" if plural else "cuesta", it.es),
        en=join("how much", "do" if plural else "does", it.en, "cost"),
        fr=join("combien", "coûtent" if plural else "coûte", it.fr),
        de=join("wie viel", "kosten" if plural else "kostet", it.de))


def _cost(es, en, fr, de, plural, euros):
    es = join(es, "cuestan" if plural else "cuesta")
    return statement(
        say=join(es, cardinal(euros, "m"), "euros"), es=join(es, str(euros), "euros"),
        en=join(en, "cost" if plural else "costs", str(euros), "euros"),
        fr=join(fr, "coûtent" if plural else "coûte", str(euros), "euros"),
        de=join(de, "kosten" if plural else "kostet", str(euros), "Euro"))


# Spanish masculine and feminine, English, French masculine and feminine, German.
_COMPARATIVES = [("barato", "barata", "cheaper", "moins cher", "moins chère", "billiger"),
                 ("caro", "cara", "more expensive", "plus cher", "plus chère", "teurer"),
                 ("grande", "grande", "bigger", "plus grand", "plus grande", "größer"),
                 ("nuevo", "nueva", "newer", "plus récent", "plus récente", "neuer"),
                 ("bonito", "bonita", "prettier", "plus joli", "plus jolie", "hübscher")]


def comparison(choices):
    """Este hotel es más barato que el otro."""
    it = phrase(choices.pick(PLACES[:3] + THINGS + PLACES[3:7]), "this")
    masculine, feminine, en, fr_masculine, fr_feminine, de = choices.pick(_COMPARATIVES)
    spanish, other = (feminine, "la otra") if it.es_gender == "f" else (masculine, "el otro")
    article = {"m": "der", "f": "die", "n": "das"}[it.de_gender]
    return statement(
        es=join(it.es, "es más", spanish, "que", other), en=join(it.en, "is", en, "than the other one"),
        fr=join(it.fr, "est", fr_feminine if it.fr_gender == "f" else fr_masculine, "que l'autre"),
        de=join(it.de, "ist", de, "als", article, "andere"))


def possession(choices):
    """El coche de mi hermana es rojo: my sister's car is red."""
    noun = choices.pick(THINGS + [OFFICE, PARTY])
    owner = choices.pick(FAMILY) if choices.flip(.6) else choices.pick(NAMES)
    it = phrase(noun, "the")
    if isinstance(owner, str):
        of = Text(owner, owner + "'s", elide("de", owner), "von " + owner)
    else:
        whose = choices.pick(["mi", "nuestro"])
        one, dative = phrase(owner, "owned", owner=whose), phrase(owner, "owned", owner=whose, case="dat")
        of = Text(one.es, one.en + "'s", elide("de", one.fr), "von " + dative.de)
    adjective = choices.pick((COLOURS if noun in THINGS else []) + GENERAL)
    negative = choices.flip(.25)
    return statement(
        es=join(it.es, "de", of.es, "no" if negative else "", "es", adjective.es[it.es_gender == "f"]),
        en=join(of.en, noun.en[0], "is", "not" if negative else "", adjective.en),
        fr=join(it.fr, of.fr, "n'est pas" if negative else "est", fr_predicate(adjective, it.fr_gender == "f")),
        de=join(it.de, of.de, "ist", "nicht" if negative else "", adjective.de))


def clitic(choices):
    """Las llaves son viejas, pero las necesito: the pronoun follows the gender of each language."""
    noun = choices.pick(THINGS + DOCUMENTS)
    adjective = choices.pick(GENERAL if noun in THINGS else OF_TEXTS)
    plural = choices.flip(.4)
    it = phrase(noun, "the", plural=plural)
    form = 2 if plural else 0
    es_adjective = adjective.es[form + (it.es_gender == "f")]
    fr_adjective = fr_predicate(adjective, form + (it.fr_gender == "f"))
    person, negative = choices.pick([0, 2]), choices.flip()
    pronoun, act = _pronoun(it), _act(choices.pick(["want", "need", "buy"]), person)
    us = Text("", "I", "je", "ich") if person == 0 else Text("", "we", "nous", "wir")
    comma = "" if negative else ","
    start = Text(join(it.es, "son" if plural else "es", es_adjective),
                 join(it.en, "are" if plural else "is", adjective.en),
                 join(it.fr, "sont" if plural else "est", fr_adjective),
                 join(it.de, "sind" if plural else "ist", adjective.de))
    but = Text("y no", "and", "et", "und") if negative else Text("pero", "but", "mais", "aber")
    return statement(
        say=join(start.es, but.es, pronoun.es, act.es),
        es=join(start.es + comma, but.es, pronoun.es, act.es),
        en=join(start.en + comma, but.en, us.en, "don't" if negative else "", act.en, pronoun.en),
        fr=join(start.fr + comma, but.fr, _fr_object(us.fr, pronoun.fr, act.fr, negative)),
        de=join(start.de + comma, but.de, us.de, act.de, pronoun.de, "nicht" if negative else ""))


def _pronoun(it):
    """Returns the object pronoun that stands for a phrase."""
    if it.plural:
        return Text("las" if it.es_gender == "f" else "los", "them", "les", "sie")
    return Text("la" if it.es_gender == "f" else "lo", "it", "la" if it.fr_gender == "f" else "le",
                {"m": "ihn", "f": "sie", "n": "es"}[it.de_gender])


def _act(what, person):
    """Returns the verb of a clitic sentence; French "need" has no verb of its own."""
    if what == "want":
        return Text(QUERER[person], "want", VOULOIR[person], WOLLEN[person])
    if what == "need":
        return Text(NECESITAR[person], "need", "", BRAUCHEN[person])
    return Text(BUY.es.present[person], "buy", BUY.fr.present[person], BUY.de.present[person])


def _fr_object(subject_, pronoun, act, negative):
    """Returns the French clause: je ne l'achète pas, nous en avons besoin."""
    if act:
        clause = elide(pronoun, act) if pronoun != "les" else "les " + act
        return f"{subject_} ne {clause} pas" if negative else f"{subject_} {clause}"
    have = AVOIR[0] if subject_ == "je" else AVOIR[2]
    if negative:
        return f"{subject_} n'en {have} pas besoin"
    return elide(subject_, f"en {have} besoin") if subject_ == "je" else f"{subject_} en {have} besoin"


_LYING = [BOOK, SUITCASE, MAP, KEY, LETTER, GIFT, PHOTO, REPORT, CONTRACT, INVOICE]


def there(choices):
    """Hay tres llaves en la mesa negra."""
    count, noun = choices.between(2, 20), choices.pick(_LYING)
    things = phrase(noun, "count", None, count, "acc")
    adjective, place = choices.pick(COLOURS + GENERAL[:4]), choices.pick([TABLE, CHAIR])
    on, dative = phrase(place, "the", adjective), phrase(place, "the", adjective, case="dat")
    return statement(
        say=join("hay", things.say, "en", on.es), es=join("hay", things.es, "en", on.es),
        en=join("there are", things.en, "on", on.en), fr=join("il y a", things.fr, "sur", on.fr),
        de=join("auf", dative.de, "liegen", things.de))
