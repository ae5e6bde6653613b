"""Sentences in languages that the pocket model does not understand: it has to stay silent."""
ITALIAN = """il la un una di che non è per con sono ho hai ha siamo casa treno domani oggi sempre molto
bene grazie buongiorno arrivederci vorrei prendere un caffè dove si trova la stazione quanto costa questo
libro perché andiamo al mare ragazzo ragazza bicchiere acqua giorno notte lavoro scuola chiave tavolo
piccolo grande nuovo vecchio adesso ancora mangiare bere parlare leggere città strada""".split()
PORTUGUESE = """o a um uma de que não é para com são tenho tem temos casa comboio amanhã hoje sempre muito
bem obrigado bom dia adeus queria tomar um café onde fica a estação quanto custa este livro porque vamos
à praia rapaz rapariga copo água noite trabalho escola chave mesa pequeno grande novo velho agora ainda
comer beber falar ler cidade rua coração mãe irmão lição""".split()
VOICES = {"en": ["en", "en-us"], "fr": ["fr"], "de": ["de"], "it": ["it"], "pt": ["pt", "pt-br"]}


def sentence(rng, item):
    """Returns (text, language): a translation of item, or a row of Italian or Portuguese words."""
    language = rng.choice(list(VOICES))
    words = {"it": ITALIAN, "pt": PORTUGUESE}.get(language)
    if words is None:
        return item[language], language
    return " ".join(rng.choice(words) for _ in range(rng.randint(3, 9))), language
