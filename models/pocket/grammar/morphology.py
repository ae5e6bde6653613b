"""Agreement, articles, contractions and endings, language by language."""

# ---------------------------------------------------------------- Spanish
UNITS = ("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
         "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco "
         "veintiséis veintisiete veintiocho veintinueve").split()
TENS = {3: "treinta", 4: "cuarenta", 5: "cincuenta", 6: "sesenta", 7: "setenta", 8: "ochenta", 9: "noventa"}


def cardinal(number, gender=""):
    """Returns a number below 100 in words; with a gender it stands before a noun (un, una)."""
    if number < 30:
        word = UNITS[number]
    else:
        word = TENS[number // 10] + (" y " + UNITS[number % 10] if number % 10 else "")
    if number % 10 == 1 and number != 11:
        if gender == "m":
            return "veintiún" if word == "veintiuno" else word[:-1]
        if gender == "f":
            return word[:-1] + "a"
    return word


def es_to(phrase):
    """Puts the preposition a before a noun phrase."""
    return "al " + phrase[3:] if phrase.startswith("el ") else "a " + phrase


def es_of(phrase):
    """Puts the preposition de before a noun phrase."""
    return "del " + phrase[3:] if phrase.startswith("el ") else "de " + phrase


# ---------------------------------------------------------------- English
def a_or_an(phrase):
    """Puts the indefinite article before a phrase."""
    vowel = phrase[0].lower() in "aeiou" and not phrase.startswith("eu")
    return ("an " if vowel else "a ") + phrase


# ---------------------------------------------------------------- French
VOWELS = tuple("aeiouhâàéèêîôûœAEIOUÉH")       # every h of this lexicon is mute


def elide(word, following):
    """Joins le, la, de, que, je or ne with what follows: l'hôtel, j'ai."""
    return word[:-1] + "'" + following if following.startswith(VOWELS) else word + " " + following


def fr_of(phrase):
    """Puts de before a noun phrase: du, des, d'."""
    if phrase.startswith("le "):
        return "du " + phrase[3:]
    if phrase.startswith("les "):
        return "des " + phrase[4:]
    return elide("de", phrase)


def fr_to(phrase):
    """Puts à before a noun phrase: au, aux."""
    if phrase.startswith("le "):
        return "au " + phrase[3:]
    if phrase.startswith("les "):
        return "aux " + phrase[4:]
    return "à " + phrase


def fr_predicate(adjective, form):
    """Returns an adjective after the verb to be; a new thing is neuf there, not nouveau."""
    if adjective.en == "new":
        return ("neuf", "neuve", "neufs", "neuves")[form]
    return adjective.fr[form]


# ---------------------------------------------------------------- German
# Endings by case and gender; p is the plural of all genders.
DER = dict(nom=dict(m="der", f="die", n="das", p="die"), acc=dict(m="den", f="die", n="das", p="die"),
           dat=dict(m="dem", f="der", n="dem", p="den"))
EIN = dict(nom=dict(m="", f="e", n="", p="e"), acc=dict(m="en", f="e", n="", p="e"),
           dat=dict(m="em", f="er", n="em", p="en"))
DIES = dict(nom=dict(m="er", f="e", n="es", p="e"), acc=dict(m="en", f="e", n="es", p="e"),
            dat=dict(m="em", f="er", n="em", p="en"))
MIXED = dict(nom=dict(m="er", f="e", n="es"), acc=dict(m="en", f="e", n="es"))
WEAK, MIX, STRONG = "weak", "mixed", "strong"      # after der or dies; after ein or mein; alone


def de_adjective(stem, declension, case, gender):
    """Returns an attributive adjective; strong ones occur in the plural only."""
    if declension == STRONG:
        end = "en" if case == "dat" else "e"
    elif case == "dat" or gender == "p":
        end = "en"
    elif declension == WEAK:
        end = "en" if case == "acc" and gender == "m" else "e"
    else:
        end = MIXED[case][gender]
    return ("teur" if stem == "teuer" else stem) + end


def de_noun(noun, plural, case):
    """Returns a German noun; the dative plural takes an n."""
    word = noun.de[2] if plural else noun.de[0]
    if plural and case == "dat" and not word.endswith(("n", "s")):
        word += "n"
    return word
