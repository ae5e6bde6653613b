"""Templates: feelings, weather, requests, names and fixed phrases."""
from .lexicon import CITIES, COLOURS, FAMILY, GENERAL, NAMES, OPENED, WOMEN
from .morphology import cardinal, elide
from .phrases import phrase, subject
from .verbs import AVOIR, BE, ETRE, HABEN, SEIN, TENER
from .words import NOTHING, Text, join, statement

_ACHES = [("la cabeza", "head", "à la tête", "Kopfschmerzen"), ("la espalda", "back", "au dos", "Rückenschmerzen"),
          ("la garganta", "throat", "à la gorge", "Halsschmerzen"),
          ("el estómago", "stomach", "au ventre", "Bauchschmerzen")]
_VERY = Text("mucho", "a lot", "très", "starke")
_TODAY = Text("hoy", "today", "aujourd'hui", "heute")


def hurt(choices):
    """Me duele la cabeza: my head hurts, j'ai mal à la tête, ich habe Kopfschmerzen."""
    part, kind = Text(*choices.pick(_ACHES)), choices.unit()
    extra = choices.pick([NOTHING, _TODAY, _VERY])
    if kind < .5:
        whom = Text("me", "my", "j'ai", "ich habe")
    elif kind < .75:
        name = choices.pick(NAMES)
        whom = Text(f"a {name} le", name + "'s", name + " a", name + " hat")
    else:
        mine = phrase(choices.pick(FAMILY), "owned", owner="mi")
        whom = Text(f"a {mine.es} le", mine.en + "'s", mine.fr + " a", mine.de + " hat")
    after = NOTHING if extra is _VERY else extra
    degree = extra if extra is _VERY else NOTHING
    return statement(
        es=join(whom.es, "duele", degree.es, part.es, after.es), en=join(whom.en, part.en, "hurts", extra.en),
        fr=join(whom.fr, degree.fr, "mal", part.fr, after.fr), de=join(whom.de, extra.de, part.de))


# French and German nouns after avoir and haben; None: another construction.
_STATES = [Text("hambre", "hungry", "faim", "Hunger"), Text("sed", "thirsty", "soif", "Durst"),
           Text("sueño", "sleepy", "sommeil", None), Text("prisa", "in a hurry", None, None),
           Text("miedo", "afraid", "peur", "Angst"), Text("razón", "right", "raison", "recht")]


def state(choices):
    """Tengo hambre: I am hungry, j'ai faim, ich habe Hunger."""
    who, what = subject(choices, .5), choices.pick(_STATES)
    negative = choices.flip(.25)
    return statement(
        es=join(who.es, "no" if negative else "", TENER[who.person], what.es),
        en=join(who.en, BE[who.person], "not" if negative else "", what.en),
        fr=_fr_state(who, what, negative), de=_de_state(who, what, negative))


def _fr_state(who, what, negative):
    if what.fr:
        have = AVOIR[who.person]
        return who.french(f"n'{have} pas" if negative else have) + " " + what.fr
    be = ETRE[who.person]
    clause = who.french(elide("ne", be) + " pas" if negative else be)
    return clause + " pressé" + ("e" if who.woman else "s" if who.person >= 2 else "")


def _de_state(who, what, negative):
    if what.es == "sueño":
        return join(who.de, SEIN[who.person], "nicht" if negative else "", "müde")
    have = join(who.de, HABEN[who.person])
    if what.es == "prisa":
        return join(have, "es", "nicht" if negative else "", "eilig")
    if what.es == "razón":
        return join(have, "nicht" if negative else "", what.de)
    none = "keine" if what.de == "Angst" else "keinen"
    return join(have, none if negative else "", what.de)


def command(choices):
    """Abra la ventana, por favor. No cierre la puerta."""
    noun, opens = choices.pick(OPENED), choices.flip()
    negative, please = choices.flip(.35), choices.flip(.5)
    adjective = choices.pick(COLOURS + GENERAL[:3]) if choices.flip(.4) else None
    it, object_ = phrase(noun, "the", adjective), phrase(noun, "the", adjective, case="acc")
    verb = Text("abra", "open", "ouvrez", "öffnen") if opens else Text("cierre", "close", "fermez", "schließen")
    es = join("no" if negative else "", verb.es, it.es)
    order = elide("ne", verb.fr) + " pas" if negative else verb.fr
    return statement(
        say=es + (" por favor" if please else ""), es=es + (", por favor" if please else ""),
        en=join("don't" if negative else "", verb.en, it.en) + (", please" if please else ""),
        fr=join(order, it.fr) + (", s'il vous plaît" if please else ""),
        de=join(verb.de, "Sie", "bitte" if please else "", object_.de, "nicht" if negative else ""))


# The German clause is (subject, predicate): the time stands between them.
_WEATHER = [("llueve", "it rains", "il pleut", ("es", "regnet")), ("nieva", "it snows", "il neige", ("es", "schneit")),
            ("hace sol", "it is sunny", "il fait beau", ("die Sonne", "scheint")),
            ("hace frío", "it is cold", "il fait froid", ("es", "kalt ist")),
            ("hace calor", "it is hot", "il fait chaud", ("es", "heiß ist")),
            ("hace viento", "it is windy", "il y a du vent", ("es", "windig ist"))]
_PLANS = [Text("iremos en tren", "go by train", "prendrons le train", "fahren wir mit dem Zug"),
          Text("iremos a pie", "walk", "irons à pied", "gehen wir zu Fuß"),
          Text("iremos en coche", "drive", "irons en voiture", "fahren wir mit dem Auto"),
          Text("nos quedaremos en casa", "stay at home", "resterons à la maison", "bleiben wir zu Hause"),
          Text("cenaremos en el hotel", "have dinner at the hotel", "dînerons à l'hôtel",
               "essen wir im Hotel zu Abend"),
          Text("visitaremos el museo", "visit the museum", "visiterons le musée", "besuchen wir das Museum"),
          Text("iremos al cine", "go to the cinema", "irons au cinéma", "gehen wir ins Kino"),
          Text("volveremos a casa", "go back home", "rentrerons à la maison", "gehen wir nach Hause")]
_DAYS = [NOTHING, Text("mañana", "tomorrow", "demain", "morgen"),
         Text("el sábado", "on Saturday", "samedi", "am Samstag"),
         Text("el domingo", "on Sunday", "dimanche", "am Sonntag"),
         Text("esta tarde", "this afternoon", "cet après-midi", "heute Nachmittag")]


def condition(choices):
    """Si llueve mañana, iremos en tren."""
    (es, en, fr, (subject_, predicate)), plan = choices.pick(_WEATHER), choices.pick(_PLANS)
    at = choices.pick(_DAYS)
    return statement(
        say=join("si", es, at.es, plan.es), es=join("si", es, at.es) + ", " + plan.es,
        en=join("if", en, at.en) + ", we will " + plan.en, fr=join("s'" + fr, at.fr) + ", nous " + plan.fr,
        de=join("wenn", subject_, at.de, predicate) + ", " + plan.de)


_FIXED = [Text("buenos días", "good morning", "bonjour", "guten Morgen"),
          Text("buenas noches", "good night", "bonne nuit", "gute Nacht"),
          Text("muchas gracias", "thank you very much", "merci beaucoup", "vielen Dank"),
          Text("de nada", "you are welcome", "de rien", "gern geschehen"),
          Text("hasta mañana", "see you tomorrow", "à demain", "bis morgen"),
          Text("hasta luego", "see you later", "à plus tard", "bis später"),
          Text("lo siento mucho", "I am very sorry", "je suis vraiment désolé", "es tut mir sehr leid"),
          Text("¿hay alguna pregunta?", "are there any questions?", "y a-t-il des questions ?",
               "gibt es Fragen?"),
          Text("¿me oyen bien?", "can you hear me well?", "vous m'entendez bien ?", "hören Sie mich gut?"),
          Text("no entiendo", "I do not understand", "je ne comprends pas", "ich verstehe nicht"),
          Text("vamos a empezar", "let us begin", "commençons", "fangen wir an"),
          Text("¿puede repetir, por favor?", "can you repeat, please?",
               "pouvez-vous répéter, s'il vous plaît ?", "können Sie das bitte wiederholen?"),
          Text("hable más despacio, por favor", "speak more slowly, please",
               "parlez plus lentement, s'il vous plaît", "sprechen Sie bitte langsamer"),
          Text("gracias por su atención", "thank you for your attention", "merci de votre attention",
               "danke für Ihre Aufmerksamkeit")]
_NAMED = {"buenos días", "buenas noches", "muchas gracias", "hasta mañana", "hasta luego", "lo siento mucho",
          "no entiendo"}


def fixed(choices):
    """Buenos días, Ana. ¿Me oyen bien?"""
    text = choices.pick(_FIXED)
    name = choices.pick(NAMES) if choices.flip(.6) and text.es in _NAMED else ""
    written = (part + (", " + name if name else "") + ("" if part.endswith("?") else ".") for part in text)
    return dict(say=join(text.es.replace(",", ""), name), **Text(*written)._asdict())


def name(choices):
    """Me llamo Ana y soy de Sevilla. Mi padre se llama Pedro y tiene sesenta años."""
    who, city = choices.pick(NAMES), choices.pick(CITIES)
    if choices.flip():
        return statement(
            es=f"me llamo {who} y soy de {city.es}", en=f"my name is {who} and I am from {city.en}",
            fr=f"je m'appelle {who} et je suis {elide('de', city.fr)}", de=f"ich heiße {who} und komme aus {city.de}")
    relative, age = choices.pick(FAMILY), choices.between(2, 89)
    if (who in WOMEN) != (relative.es[1] == "f"):
        return name(choices)
    mine = phrase(relative, "owned", owner="mi")
    start = f"{mine.es} se llama {who} y tiene"
    return statement(
        say=f"{start} {cardinal(age, 'm')} años", es=f"{start} {age} años",
        en=f"{mine.en} is called {who} and is {age} years old", fr=f"{mine.fr} s'appelle {who} et a {age} ans",
        de=f"{mine.de} heißt {who} und ist {age} Jahre alt")
