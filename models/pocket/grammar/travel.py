"""Templates: timetables, ways, places and bookings."""
from .lexicon import CITIES, COLOURS, EVENTS, MONTHS, OF_PLACES, PLACES, VEHICLES, WEEKDAYS
from .morphology import cardinal, elide, es_of, fr_of, fr_to
from .phrases import Determined, clock, day, phrase
from .words import NOTHING, Text, join, question, statement


def _leaves(vehicle):
    """Returns the German verb of departure."""
    return {"Flugzeug": "fliegt", "Flug": "geht"}.get(vehicle.de[0], "fährt")


def when(choices):
    """¿A qué hora sale el tren para Madrid el lunes?"""
    vehicle, leaving, city = choices.pick(VEHICLES), choices.flip(), choices.pick(CITIES)
    at = day(choices) if choices.flip() else NOTHING
    it = phrase(vehicle, "the")
    if leaving:
        return question(
            es=join("a qué hora sale", it.es, "para", city.es, at.es),
            en=join("what time does", it.en, "to", city.en, "leave", at.en),
            fr=join("à quelle heure part", it.fr, "pour", city.fr, at.fr),
            de=join("um wie viel Uhr", _leaves(vehicle), it.de, "nach", city.de, at.de))
    return question(
        es=join("a qué hora llega", it.es, "de", city.es, at.es),
        en=join("what time does", it.en, "from", city.en, "arrive", at.en),
        fr=join("à quelle heure arrive", it.fr, elide("de", city.fr), at.fr),
        de=join("um wie viel Uhr kommt", it.de, "aus", city.de, at.de, "an"))


def schedule(choices):
    """El tren a Madrid sale el lunes a las siete y media."""
    vehicle = choices.pick(VEHICLES)
    it = phrase(vehicle, "the", choices.pick(COLOURS) if choices.flip(.2) else None)
    city, at, time = choices.pick(CITIES), day(choices), clock(choices)
    if choices.flip():
        start = join(it.es, "a", city.es, "sale", at.es, "a")
        return statement(
            say=join(start, time.say), es=join(start, time.es),
            en=join(it.en, "to", city.en, "leaves", at.en, "at", time.en),
            fr=join(it.fr, "pour", city.fr, "part", at.fr, "à", time.fr),
            de=join(it.de, "nach", city.de, _leaves(vehicle), at.de, "um", time.de))
    start = join(it.es, "de", city.es, "llega", at.es, "a")
    return statement(
        say=join(start, time.say), es=join(start, time.es),
        en=join(it.en, "from", city.en, "arrives", at.en, "at", time.en),
        fr=join(it.fr, elide("de", city.fr), "arrive", at.fr, "à", time.fr),
        de=join(it.de, "aus", city.de, "kommt", at.de, "um", time.de, "an"))


def delay(choices):
    """El vuelo de Londres tiene veinte minutos de retraso."""
    it, city, minutes = phrase(choices.pick(VEHICLES), "the"), choices.pick(CITIES), choices.between(2, 59)
    start = join(it.es, "de", city.es, "tiene")
    return statement(
        say=join(start, cardinal(minutes, "m"), "minutos de retraso"),
        es=join(start, str(minutes), "minutos de retraso"),
        en=join(it.en, "from", city.en, "is", str(minutes), "minutes late"),
        fr=join(it.fr, elide("de", city.fr), "a", str(minutes), "minutes de retard"),
        de=join(it.de, "aus", city.de, "hat", str(minutes), "Minuten Verspätung"))


# After "excuse me" and in "where is" only the plain adjectives of places are used.
_WHERE = OF_PLACES[1:4] + OF_PLACES[6:]


def where(choices):
    """¿Dónde está la farmacia? ¿Hay un banco cerca de aquí? Hay un banco al lado del hotel."""
    place, kind = choices.pick(PLACES), choices.unit()
    if kind < .45:
        return _where_is(place, choices)
    adjective = choices.pick(OF_PLACES) if choices.flip(.45) else None
    it, object_ = phrase(place, "a", adjective), phrase(place, "a", adjective, case="acc")
    if kind < .75:
        return question(
            es=join("hay", it.es, "cerca de aquí"), en=join("is there", it.en, "near here"),
            fr=join("est-ce qu'il y a", it.fr, "près d'ici"), de=join("gibt es", object_.de, "in der Nähe"))
    beside = choices.pick(PLACES)
    that, dative = phrase(beside, "the"), phrase(beside, "the", case="dat")
    return statement(
        es=join("hay", it.es, "al lado", es_of(that.es)), en=join("there is", it.en, "next to", that.en),
        fr=join("il y a", it.fr, "à côté", fr_of(that.fr)), de=join("es gibt", object_.de, "neben", dative.de))


def _where_is(place, choices):
    it = phrase(place, "the", choices.pick(_WHERE) if choices.flip(.35) else None)
    asked = question(es="dónde está " + it.es, en="where is " + it.en, fr="où est " + it.fr, de="wo ist " + it.de)
    if not choices.flip(.35):
        return asked
    return dict(say="perdone " + asked["say"], es="perdone, " + asked["es"], en="excuse me, " + asked["en"],
                fr="excusez-moi, " + asked["fr"], de="entschuldigen Sie, " + asked["de"])


# The German verb is split: (verb and subject, rest).
_TURNS = [("gire a la derecha", "turn right", "tournez à droite", "biegen Sie", "rechts ab"),
          ("gire a la izquierda", "turn left", "tournez à gauche", "biegen Sie", "links ab"),
          ("siga recto", "go straight ahead", "continuez tout droit", "gehen Sie", "geradeaus")]


def direction(choices):
    """Gire a la derecha después del banco. Siga recto hasta la estación."""
    es, en, fr, verb, rest = choices.pick(_TURNS)
    place = choices.pick(PLACES)
    it, dative = phrase(place, "the"), phrase(place, "the", case="dat")
    before = choices.pick([False, True, False])
    if verb == "gehen Sie":
        to = "zur" if place.de[1] == "f" else "zum"
        return statement(
            es=join(es, "hasta", it.es), en=join(en, "to", it.en), fr=join(fr, "jusqu'" + fr_to(it.fr)),
            de=join(verb, rest, "bis", to, place.de[0]))
    relation = Text("antes", "before", "avant", "vor") if before else Text("después", "after", "après", "nach")
    return statement(
        es=join(es, relation.es, es_of(it.es)), en=join(en, relation.en, it.en),
        fr=join(fr, relation.fr, it.fr), de=join(verb, relation.de, dative.de, rest))


def room(choices):
    """Quisiera reservar una mesa para dos personas el viernes a las nueve."""
    people, weekday = choices.between(1, 6), choices.pick(WEEKDAYS)
    table, nights = choices.flip(), choices.between(2, 9)
    who = _people(people)
    if table:
        time = clock(choices)
        return statement(
            say=join("quisiera reservar una mesa para", who.say, "el", weekday.es, "a", time.say),
            es=join("quisiera reservar una mesa para", who.es, "el", weekday.es, "a", time.es),
            en=join("I would like to book a table for", who.en, "on", weekday.en, "at", time.en),
            fr=join("je voudrais réserver une table pour", who.fr, weekday.fr, "à", time.fr),
            de=join("ich möchte am", weekday.de, "um", time.de, "einen Tisch für", who.de, "reservieren"))
    return statement(
        say=join("quisiera reservar una habitación para", who.say, "para", cardinal(nights, "f"), "noches"),
        es=join("quisiera reservar una habitación para", who.es, "para", str(nights), "noches"),
        en=join("I would like to book a room for", who.en, "for", str(nights), "nights"),
        fr=join("je voudrais réserver une chambre pour", who.fr, "pour", str(nights), "nuits"),
        de=join("ich möchte ein Zimmer für", who.de, "für", str(nights), "Nächte reservieren"))


def _people(count):
    """Returns some people: a single one is written as a word, more in digits."""
    if count == 1:
        return Determined("una persona", "una persona", "one person", "une personne", "eine Person")
    return Determined(cardinal(count, "f") + " personas", f"{count} personas", f"{count} people",
                      f"{count} personnes", f"{count} Personen")


def date(choices):
    """La fiesta es el doce de mayo."""
    it, number, month = phrase(choices.pick(EVENTS), "the"), choices.between(2, 30), choices.pick(MONTHS)
    return statement(
        say=join(it.es, "es el", cardinal(number), "de", month.es),
        es=join(it.es, "es el", str(number), "de", month.es), en=join(it.en, "is on", month.en, str(number)),
        fr=join(it.fr, "est le", str(number), month.fr), de=join(it.de, "ist am", f"{number}.", month.de))
