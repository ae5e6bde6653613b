"""What the pocket model cannot know: Spanish beyond its grammar, and other languages.

Nothing is expected of it but nonsense or silence; the foreign set of streams.py measures which.
"""
import re

SPANISH = """El perro de mi vecino ladra todas las noches.
La policía detuvo a tres sospechosos cerca del puente.
Los científicos descubrieron una nueva especie de rana en la selva.
¿Has visto alguna vez una ballena?
Mi tía cultiva tomates y pimientos en su jardín.
El gobierno aprobó la ley después de un largo debate.
No me acuerdo de cómo se apaga esta máquina.
Las hojas secas crujían bajo nuestros pies.
El dentista me sacó una muela y todavía me duele.
Cuando era niño soñaba con ser astronauta.
La temperatura bajará diez grados durante el fin de semana.
Se me cayó el paraguas en un charco.
El volcán lleva dos meses expulsando ceniza.
Tendrías que haberme avisado antes de marcharte.
Aquella canción me recuerda a mi juventud.
El río se desbordó y las calles quedaron cubiertas de barro.
¿Quién ganó las elecciones en tu pueblo?
Prefiero el invierno porque me encanta esquiar.
El médico le recomendó descansar y beber mucha agua.
Los albañiles terminaron el tejado antes de la tormenta.
Nadie sabe por qué cerraron la fábrica.
El museo expone cuadros del siglo diecinueve.
Ojalá tuviéramos más tiempo para charlar.
La abogada presentó pruebas contra la empresa.
El gato se escondió debajo del sofá al oír los truenos.
Hay que lavar la ropa blanca por separado.
Las abejas son imprescindibles para la agricultura.
Mi sobrino colecciona monedas antiguas.
El tren se detuvo en medio del túnel sin explicación.
Dicen que el desierto florece una vez cada siete años.
Perdí la paciencia y colgué el teléfono.
El equipo local empató en el último minuto.
La harina se mezcla con huevos, azúcar y mantequilla.
No hace falta que grites, te oigo perfectamente.
El barco zarpó al amanecer con rumbo al norte.
Según la encuesta, la mayoría prefiere trabajar desde casa.
El bebé se durmió en cuanto arrancó el coche.
Apaga las luces cuando salgas, por favor.
La nieve cubría los tejados de la aldea.
El profesor explicó la fotosíntesis con un dibujo.
Nos perdimos en el bosque y caminamos durante horas.
La inflación ha subido medio punto este trimestre.
El carpintero lijó la madera antes de pintarla.
¿Por qué no arreglas la bisagra de esa puerta?
El náufrago sobrevivió comiendo cocos y pescado crudo.
Vuestra propuesta nos parece demasiado arriesgada.
La orquesta ensayó la sinfonía hasta medianoche.
Una ardilla cruzó corriendo la carretera.
El satélite envía imágenes de la superficie lunar.
Sin electricidad tuvimos que cenar a la luz de las velas."""
ENGLISH = """The bridge was closed because of the storm.
My neighbour keeps bees behind the old barn.
Could you turn the music down a little?
Scientists found water under the surface of the moon.
We walked along the river until it got dark.
The jury has not reached a verdict yet.
She wrote the whole novel in six weeks.
Remember to lock the gate before you leave.
Nobody expected the match to end like that.
The recipe calls for butter, flour and three eggs."""
ITALIAN = """Il ponte è rimasto chiuso per tutta la notte.
Mia nonna prepara la pasta fresca ogni domenica.
Potresti abbassare un poco la musica?
Il treno per Torino parte dal binario sette.
Abbiamo camminato lungo il fiume fino al tramonto.
Non mi ricordo dove ho messo gli occhiali.
I ragazzi giocano a pallone nel cortile.
Domani dovrebbe piovere su tutta la costa.
Il medico mi ha consigliato di riposare.
Che bella giornata per andare in montagna."""
PORTUGUESE = """A ponte ficou fechada durante toda a noite.
A minha avó faz pão fresco todos os domingos.
Podes baixar um pouco a música?
O comboio para o Porto parte da linha sete.
Caminhámos ao longo do rio até ao anoitecer.
Não me lembro onde deixei os óculos.
Os meninos jogam à bola no pátio.
Amanhã deve chover em toda a costa.
O médico aconselhou-me a descansar.
Que belo dia para subir à montanha."""
TEXTS = {"es": SPANISH.splitlines(), "en": ENGLISH.splitlines(),
         "it": ITALIAN.splitlines(), "pt": PORTUGUESE.splitlines()}


def plain(text):
    """Returns a text as it is spoken: lower case, no marks but those of a question."""
    return re.sub(r"[.,]", "", text).lower()
