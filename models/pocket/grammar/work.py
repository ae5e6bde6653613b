"""Templates: what was done and will be done, meetings, charts."""
from .lexicon import (COLOURS, EVENTS, FUTURE_TIMES, GENERAL, MONTHS, NAMES, OF_DOCUMENTS, PAST_TIMES, THINGS,
                      WEEKDAYS, WRITABLE)
from .morphology import cardinal, elide
from .phrases import clock, day, phrase, subject
from .verbs import (AVOIR, DEVOIR, ENGLISH_PARTICIPLE, HABEN, KOENNEN, MUESSEN, PODER, POUVOIR,
                    SPANISH_PARTICIPLE, TENER, WERDEN, WITH_DOCUMENTS, WITH_THINGS)
from .words import Text, join, question, statement


def past(choices):
    """Ayer compré un coche rojo. Mi hermana vendió tres sillas la semana pasada."""
    who, paper = subject(choices, .5), choices.flip(.35)
    verb = choices.pick(WITH_DOCUMENTS if paper else WITH_THINGS)
    noun, person = choices.pick(WRITABLE if paper else THINGS), who.person
    adjective = choices.pick(OF_DOCUMENTS if paper else COLOURS + GENERAL) if choices.flip(.5) else None
    kind, count = choices.pick(["a", "the", "owned", "count"]), choices.between(2, 9)
    owner = "nuestro" if person == 2 else "mi"
    if kind == "owned" and person in (1, 3):
        kind = "the"
    it, object_ = (phrase(noun, kind, adjective, count, case, owner if kind == "owned" else None)
                   for case in ("nom", "acc"))
    time, first = choices.pick(PAST_TIMES), choices.flip(.4)
    did = Text(verb.es.past[person], verb.en.past, who.french(AVOIR[person]) + " " + verb.fr.participle + " " + it.fr,
               HABEN[person])
    if first:
        return statement(
            say=join(time.es, who.es, did.es, it.say), es=join(time.es, who.es, did.es, it.es),
            en=join(time.en, who.en, did.en, it.en), fr=time.fr + ", " + did.fr,
            de=join(time.de, did.de, who.de, object_.de, verb.de.participle))
    return statement(
        say=join(who.es, did.es, it.say, time.es), es=join(who.es, did.es, it.es, time.es),
        en=join(who.en, did.en, it.en, time.en), fr=did.fr + " " + time.fr,
        de=join(who.de, did.de, time.de, object_.de, verb.de.participle))


def future(choices):
    """Mañana compraremos dos maletas. Tengo que enviar el informe antes del viernes. No puedo..."""
    who, paper = subject(choices, .5), choices.flip(.5)
    verb = choices.pick(WITH_DOCUMENTS if paper else WITH_THINGS[:4])
    noun = choices.pick(WRITABLE if paper else THINGS)
    adjective = choices.pick(OF_DOCUMENTS if paper else COLOURS + GENERAL) if choices.flip(.45) else None
    kind, count = choices.pick(["a", "the", "this", "count"]), choices.between(2, 9)
    it, object_ = (phrase(noun, kind, adjective, count, case) for case in ("nom", "acc"))
    time, mode = choices.pick(FUTURE_TIMES), choices.pick(["will", "must", "can"])
    definite = kind in ("the", "this")
    if mode == "will":
        return _will(who, verb, it, object_, time)
    if mode == "must":
        return _must(who, verb, it, object_, choices.pick(WEEKDAYS), definite)
    return (_can_not if definite else _can)(who, verb, it, object_, time)


def _will(who, verb, it, object_, time):
    person = who.person
    start = join(time.es, who.es, verb.es.future[person])
    return statement(
        say=join(start, it.say), es=join(start, it.es), en=join(time.en, who.en, "will", verb.en.base, it.en),
        fr=time.fr + ", " + join(who.french(verb.fr.future[person]), it.fr),
        de=join(time.de, WERDEN[person], who.de, object_.de, verb.de.infinitive))


def _must(who, verb, it, object_, weekday, definite):
    """A definite German object stands before the time, an indefinite one after it."""
    person = who.person
    start, end = join(who.es, TENER[person], "que", verb.es.infinitive), "antes del " + weekday.es
    time = "vor " + weekday.de
    middle = join(object_.de, time) if definite else join(time, object_.de)
    return statement(
        say=join(start, it.say, end), es=join(start, it.es, end),
        en=join(who.en, who.english("have", "has"), "to", verb.en.base, it.en, "before", weekday.en),
        fr=join(who.french(DEVOIR[person]), verb.fr.infinitive, it.fr, "avant", weekday.fr),
        de=join(who.de, MUESSEN[person], middle, verb.de.infinitive))


def _can_not(who, verb, it, object_, time):
    person = who.person
    start = join(who.es, "no", PODER[person], verb.es.infinitive)
    return statement(
        say=join(start, it.say, time.es), es=join(start, it.es, time.es),
        en=join(who.en, "can't", verb.en.base, it.en, time.en),
        fr=join(who.french("ne " + POUVOIR[person]), "pas", verb.fr.infinitive, it.fr, time.fr),
        de=join(who.de, KOENNEN[person], object_.de, time.de, "nicht", verb.de.infinitive))


def _can(who, verb, it, object_, time):
    person = who.person
    start = join(who.es, PODER[person], verb.es.infinitive)
    return statement(
        say=join(start, it.say, time.es), es=join(start, it.es, time.es),
        en=join(who.en, "can", verb.en.base, it.en, time.en),
        fr=join(who.french(POUVOIR[person]), verb.fr.infinitive, it.fr, time.fr),
        de=join(who.de, KOENNEN[person], time.de, object_.de, verb.de.infinitive))


def event(choices):
    """La reunión con Pedro empieza el lunes a las nueve."""
    noun = choices.pick(EVENTS)
    it = phrase(noun, choices.pick(["the", "owned"]), owner="nuestro")
    name = choices.pick(NAMES) if choices.flip(.4) else None
    at, time = day(choices), clock(choices)
    verb = Text("empieza", "starts", "commence", "beginnt")
    if choices.flip(.35):
        verb = Text("termina", "ends", "se termine", "endet")
    with_ = [f"{word} {name}" if name else "" for word in ("con", "with", "avec", "mit")]
    start = join(it.es, with_[0], verb.es, at.es, "a")
    return statement(
        say=join(start, time.say), es=join(start, time.es),
        en=join(it.en, with_[1], verb.en, at.en, "at", time.en),
        fr=join(it.fr, with_[2], verb.fr, at.fr, "à", time.fr),
        de=join(it.de, with_[3], verb.de, at.de, "um", time.de))


def cancel(choices):
    """La reunión del martes se ha cancelado. La reunión del martes se ha cambiado al jueves."""
    noun, weekday = choices.pick(EVENTS), choices.pick(WEEKDAYS)
    it, cancelled = phrase(noun, "the"), choices.flip()
    agreement = "e" if it.fr_gender == "f" else ""
    other = choices.pick([name for name in WEEKDAYS if name != weekday])
    start = Text(join(it.es, "del", weekday.es, "se ha"), join(weekday.en + "'s", noun.en[0], "has been"),
                 join(it.fr, "de", weekday.fr, "a été"), join(it.de, "am", weekday.de, "wurde"))
    if cancelled:
        return statement(es=start.es + " cancelado", en=start.en + " cancelled", fr=start.fr + " annulé" + agreement,
                         de=start.de + " abgesagt")
    return statement(
        es=join(start.es, "cambiado al", other.es), en=join(start.en, "moved to", other.en),
        fr=join(start.fr, "reporté" + agreement, "à", other.fr), de=join(start.de, "auf", other.de, "verschoben"))


_FIGURES = [Text("los resultados", "the results", "les résultats", "die Ergebnisse"),
            Text("las ventas", "the sales", "les ventes", "die Verkäufe"),
            Text("los gastos", "the expenses", "les dépenses", "die Ausgaben")]
_SHOWING = [Text("la siguiente diapositiva", "the next slide", "la diapositive suivante", "die nächste Folie"),
            Text("este gráfico", "this chart", "ce graphique", "diese Grafik"),
            Text("la última tabla", "the last table", "le dernier tableau", "die letzte Tabelle"),
            Text("este informe", "this report", "ce rapport", "dieser Bericht")]


def slide(choices):
    """La siguiente diapositiva muestra los resultados de enero. Las ventas han subido un diez por ciento."""
    month, figures, slide_ = choices.pick(MONTHS), choices.pick(_FIGURES), choices.pick(_SHOWING)
    of = Text("de " + month.es, "for " + month.en, elide("de", month.fr), "vom " + month.de)
    about = Text(*(join(a, b) for a, b in zip(figures, of)))
    if choices.flip(.6):
        return statement(
            es=join(slide_.es, "muestra", about.es), en=join(slide_.en, "shows", about.en),
            fr=join(slide_.fr, "montre", about.fr), de=join(slide_.de, "zeigt", about.de))
    percent, up = choices.between(2, 60), choices.flip()
    start = join(about.es, "han", "subido" if up else "bajado", "un")
    return statement(
        say=join(start, cardinal(percent), "por ciento"), es=join(start, str(percent), "%"),
        en=join(about.en, "have gone", "up" if up else "down", "by", f"{percent}%"),
        fr=join(about.fr, "ont", "augmenté" if up else "baissé", "de", str(percent), "%"),
        de=join(about.de, "sind um", str(percent), "%", "gestiegen" if up else "gesunken"))


def who(choices):
    """¿Quién ha enviado el informe? ¿Cuándo va a leer Ana la carta? ¿Ya has escrito la lista?"""
    verb, noun = choices.pick(WITH_DOCUMENTS), choices.pick(WRITABLE)
    adjective = choices.pick(OF_DOCUMENTS) if choices.flip(.4) else None
    it, object_ = phrase(noun, "the", adjective), phrase(noun, "the", adjective, case="acc")
    kind = choices.unit()
    done = Text(SPANISH_PARTICIPLE[verb.es.infinitive], ENGLISH_PARTICIPLE.get(verb.en.base, verb.en.past),
                verb.fr.participle, verb.de.participle)
    if kind < .4:
        return question(
            es=join("quién ha", done.es, it.es), en=join("who has", done.en, it.en),
            fr=join("qui a", done.fr, it.fr), de=join("wer hat", object_.de, done.de))
    name = choices.pick(NAMES)
    if kind < .7:
        return question(
            es=join("cuándo va a", verb.es.infinitive, name, it.es),
            en=join("when is", name, "going to", verb.en.base, it.en),
            fr=join("quand est-ce que", name, "va", verb.fr.infinitive, it.fr),
            de=join("wann wird", name, object_.de, verb.de.infinitive))
    return question(
        es=join("ya has", done.es, it.es), en=join("have you already", done.en, it.en),
        fr=join("as-tu déjà", done.fr, it.fr), de=join("hast du", object_.de, "schon", done.de))
