"""Nouns, adjectives, names, places and times."""
from .words import Text, adjective, noun, nouns

FOOD = nouns("""
manzana,f,manzanas|apple,apples|pomme,f,pommes|Apfel,m,Äpfel
naranja,f,naranjas|orange,oranges|orange,f,oranges|Orange,f,Orangen
bocadillo,m,bocadillos|sandwich,sandwiches|sandwich,m,sandwichs|Sandwich,n,Sandwiches
ensalada,f,ensaladas|salad,salads|salade,f,salades|Salat,m,Salate
sopa,f,sopas|soup,soups|soupe,f,soupes|Suppe,f,Suppen
café,m,cafés|coffee,coffees|café,m,cafés|Kaffee,m,Kaffees
té,m,tés|tea,teas|thé,m,thés|Tee,m,Tees
cerveza,f,cervezas|beer,beers|bière,f,bières|Bier,n,Biere
zumo,m,zumos|juice,juices|jus,m,jus|Saft,m,Säfte
pastel,m,pasteles|cake,cakes|gâteau,m,gâteaux|Kuchen,m,Kuchen
helado,m,helados|ice_cream,ice_creams|glace,f,glaces|Eis,n,Eis
pizza,f,pizzas|pizza,pizzas|pizza,f,pizzas|Pizza,f,Pizzas
vino,m,vinos|wine,wines|vin,m,vins|Wein,m,Weine""")
ICE_CREAM = FOOD[10]
MASS = ("café", "té", "vino", "sopa", "zumo", "helado", "cerveza")   # liked as a substance, in the singular
SERVED = ("café", "té", "sopa", "zumo")                               # hot or cold

THINGS = nouns("""
libro,m,libros|book,books|livre,m,livres|Buch,n,Bücher
coche,m,coches|car,cars|voiture,f,voitures|Auto,n,Autos
maleta,f,maletas|suitcase,suitcases|valise,f,valises|Koffer,m,Koffer
mapa,m,mapas|map,maps|carte,f,cartes|Karte,f,Karten
mesa,f,mesas|table,tables|table,f,tables|Tisch,m,Tische
silla,f,sillas|chair,chairs|chaise,f,chaises|Stuhl,m,Stühle
llave,f,llaves|key,keys|clé,f,clés|Schlüssel,m,Schlüssel
camisa,f,camisas|shirt,shirts|chemise,f,chemises|Hemd,n,Hemden
abrigo,m,abrigos|coat,coats|manteau,m,manteaux|Mantel,m,Mäntel
reloj,m,relojes|watch,watches|montre,f,montres|Uhr,f,Uhren
teléfono,m,teléfonos|phone,phones|téléphone,m,téléphones|Telefon,n,Telefone
ordenador,m,ordenadores|computer,computers|ordinateur,m,ordinateurs|Computer,m,Computer
bicicleta,f,bicicletas|bicycle,bicycles|vélo,m,vélos|Fahrrad,n,Fahrräder
paraguas,m,paraguas|umbrella,umbrellas|parapluie,m,parapluies|Regenschirm,m,Regenschirme
periódico,m,periódicos|newspaper,newspapers|journal,m,journaux|Zeitung,f,Zeitungen
carta,f,cartas|letter,letters|lettre,f,lettres|Brief,m,Briefe
regalo,m,regalos|gift,gifts|cadeau,m,cadeaux|Geschenk,n,Geschenke
foto,f,fotos|photo,photos|photo,f,photos|Foto,n,Fotos""")
BOOK, CAR, SUITCASE, MAP, TABLE, CHAIR, KEY = THINGS[:7]
NEWSPAPER, LETTER, GIFT, PHOTO = THINGS[14:]

DOCUMENTS = nouns("""
informe,m,informes|report,reports|rapport,m,rapports|Bericht,m,Berichte
proyecto,m,proyectos|project,projects|projet,m,projets|Projekt,n,Projekte
contrato,m,contratos|contract,contracts|contrat,m,contrats|Vertrag,m,Verträge
presupuesto,m,presupuestos|budget,budgets|budget,m,budgets|Budget,n,Budgets
correo,m,correos|email,emails|e-mail,m,e-mails|E-Mail,f,E-Mails
problema,m,problemas|problem,problems|problème,m,problèmes|Problem,n,Probleme
pregunta,f,preguntas|question,questions|question,f,questions|Frage,f,Fragen
lista,f,listas|list,lists|liste,f,listes|Liste,f,Listen
mensaje,m,mensajes|message,messages|message,m,messages|Nachricht,f,Nachrichten
factura,f,facturas|invoice,invoices|facture,f,factures|Rechnung,f,Rechnungen""")
REPORT, CONTRACT, PROBLEM, INVOICE = DOCUMENTS[0], DOCUMENTS[2], DOCUMENTS[5], DOCUMENTS[9]
WRITABLE = [document for document in DOCUMENTS if document != PROBLEM]
BILL = noun("cuenta,f,cuentas|bill,bills|addition,f,additions|Rechnung,f,Rechnungen")

PLACES = nouns("""
hotel,m,hoteles|hotel,hotels|hôtel,m,hôtels|Hotel,n,Hotels
restaurante,m,restaurantes|restaurant,restaurants|restaurant,m,restaurants|Restaurant,n,Restaurants
estación,f,estaciones|station,stations|gare,f,gares|Bahnhof,m,Bahnhöfe
farmacia,f,farmacias|pharmacy,pharmacies|pharmacie,f,pharmacies|Apotheke,f,Apotheken
museo,m,museos|museum,museums|musée,m,musées|Museum,n,Museen
iglesia,f,iglesias|church,churches|église,f,églises|Kirche,f,Kirchen
banco,m,bancos|bank,banks|banque,f,banques|Bank,f,Banken
mercado,m,mercados|market,markets|marché,m,marchés|Markt,m,Märkte
escuela,f,escuelas|school,schools|école,f,écoles|Schule,f,Schulen
hospital,m,hospitales|hospital,hospitals|hôpital,m,hôpitaux|Krankenhaus,n,Krankenhäuser
aeropuerto,m,aeropuertos|airport,airports|aéroport,m,aéroports|Flughafen,m,Flughäfen
oficina,f,oficinas|office,offices|bureau,m,bureaux|Büro,n,Büros
biblioteca,f,bibliotecas|library,libraries|bibliothèque,f,bibliothèques|Bibliothek,f,Bibliotheken
parque,m,parques|park,parks|parc,m,parcs|Park,m,Parks
cine,m,cines|cinema,cinemas|cinéma,m,cinémas|Kino,n,Kinos
tienda,f,tiendas|shop,shops|magasin,m,magasins|Geschäft,n,Geschäfte""")
OFFICE = PLACES[11]

VEHICLES = nouns("""
tren,m,trenes|train,trains|train,m,trains|Zug,m,Züge
autobús,m,autobuses|bus,buses|bus,m,bus|Bus,m,Busse
avión,m,aviones|plane,planes|avion,m,avions|Flugzeug,n,Flugzeuge
barco,m,barcos|boat,boats|bateau,m,bateaux|Schiff,n,Schiffe
vuelo,m,vuelos|flight,flights|vol,m,vols|Flug,m,Flüge""")

EVENTS = nouns("""
reunión,f,reuniones|meeting,meetings|réunion,f,réunions|Besprechung,f,Besprechungen
clase,f,clases|class,classes|cours,m,cours|Unterricht,m,Unterrichte
película,f,películas|film,films|film,m,films|Film,m,Filme
fiesta,f,fiestas|party,parties|fête,f,fêtes|Party,f,Partys
cena,f,cenas|dinner,dinners|dîner,m,dîners|Abendessen,n,Abendessen
concierto,m,conciertos|concert,concerts|concert,m,concerts|Konzert,n,Konzerte
presentación,f,presentaciones|presentation,presentations|présentation,f,présentations|Präsentation,f,Präsentationen
entrevista,f,entrevistas|interview,interviews|entretien,m,entretiens|Interview,n,Interviews""")
FILM, PARTY, CONCERT = EVENTS[2], EVENTS[3], EVENTS[5]

FAMILY = nouns("""
hermano,m,hermanos|brother,brothers|frère,m,frères|Bruder,m,Brüder
hermana,f,hermanas|sister,sisters|sœur,f,sœurs|Schwester,f,Schwestern
padre,m,padres|father,fathers|père,m,pères|Vater,m,Väter
madre,f,madres|mother,mothers|mère,f,mères|Mutter,f,Mütter
hijo,m,hijos|son,sons|fils,m,fils|Sohn,m,Söhne
hija,f,hijas|daughter,daughters|fille,f,filles|Tochter,f,Töchter
amigo,m,amigos|friend,friends|ami,m,amis|Freund,m,Freunde
amiga,f,amigas|friend,friends|amie,f,amies|Freundin,f,Freundinnen
jefe,m,jefes|boss,bosses|chef,m,chefs|Chef,m,Chefs
abuela,f,abuelas|grandmother,grandmothers|grand-mère,f,grands-mères|Großmutter,f,Großmütter""")

OPENED = nouns("""
puerta,f,puertas|door,doors|porte,f,portes|Tür,f,Türen
ventana,f,ventanas|window,windows|fenêtre,f,fenêtres|Fenster,n,Fenster""") + [SUITCASE, LETTER]

NAMES = ["Ana", "Pedro", "María", "Carlos", "Lucía", "Javier", "Elena", "Miguel"]
WOMEN = {"Ana", "María", "Lucía", "Elena"}

CITIES = [Text(*row.split(",")) for row in """Madrid,Madrid,Madrid,Madrid
Barcelona,Barcelona,Barcelone,Barcelona
Sevilla,Seville,Séville,Sevilla
Valencia,Valencia,Valence,Valencia
París,Paris,Paris,Paris
Londres,London,Londres,London
Roma,Rome,Rome,Rom
Berlín,Berlin,Berlin,Berlin
Lisboa,Lisbon,Lisbonne,Lissabon
Viena,Vienna,Vienne,Wien
Bruselas,Brussels,Bruxelles,Brüssel
Ginebra,Geneva,Genève,Genf
Múnich,Munich,Munich,München
Praga,Prague,Prague,Prag""".split("\n")]
WEEKDAYS = [Text(*row.split(",")) for row in """lunes,Monday,lundi,Montag
martes,Tuesday,mardi,Dienstag
miércoles,Wednesday,mercredi,Mittwoch
jueves,Thursday,jeudi,Donnerstag
viernes,Friday,vendredi,Freitag
sábado,Saturday,samedi,Samstag
domingo,Sunday,dimanche,Sonntag""".split("\n")]
MONTHS = [Text(*row.split(",")) for row in """enero,January,janvier,Januar
febrero,February,février,Februar
marzo,March,mars,März
abril,April,avril,April
mayo,May,mai,Mai
junio,June,juin,Juni
julio,July,juillet,Juli
agosto,August,août,August
septiembre,September,septembre,September
octubre,October,octobre,Oktober
noviembre,November,novembre,November
diciembre,December,décembre,Dezember""".split("\n")]
FUTURE_TIMES = [Text("mañana", "tomorrow", "demain", "morgen"),
                Text("esta noche", "tonight", "ce soir", "heute Abend"),
                Text("la semana que viene", "next week", "la semaine prochaine", "nächste Woche"),
                Text("el lunes", "on Monday", "lundi", "am Montag"),
                Text("el viernes", "on Friday", "vendredi", "am Freitag")]
PAST_TIMES = [Text("ayer", "yesterday", "hier", "gestern"),
              Text("anoche", "last night", "hier soir", "gestern Abend"),
              Text("la semana pasada", "last week", "la semaine dernière", "letzte Woche"),
              Text("el mes pasado", "last month", "le mois dernier", "letzten Monat"),
              Text("esta mañana", "this morning", "ce matin", "heute Morgen")]

RED, WHITE, BLACK, BLUE, GREEN, YELLOW = COLOURS = [
    adjective("rojo/roja", "red", "rouge/rouge", "rot"),
    adjective("blanco/blanca", "white", "blanc/blanche", "weiß"),
    adjective("negro/negra", "black", "noir/noire", "schwarz"),
    adjective("azul", "blue", "bleu/bleue", "blau"),
    adjective("verde", "green", "vert/verte", "grün"),
    adjective("amarillo/amarilla", "yellow", "jaune/jaune", "gelb")]
BIG, SMALL, NEW, OLD, CHEAP, EXPENSIVE, PRETTY = GENERAL = [
    adjective("grande", "big", "grand/grande", "groß", True),
    adjective("pequeño/pequeña", "small", "petit/petite", "klein", True),
    adjective("nuevo/nueva", "new", "nouveau/nouvelle/nouveaux/nouvelles", "neu", True, "nouvel"),
    adjective("viejo/vieja", "old", "vieux/vieille/vieux/vieilles", "alt", True, "vieil"),
    adjective("barato/barata", "cheap", "bon marché/bon marché/bon marché/bon marché", "billig"),
    adjective("caro/cara", "expensive", "cher/chère", "teuer"),
    adjective("bonito/bonita", "pretty", "joli/jolie", "hübsch", True)]
IMPORTANT, URGENT, LONG, SHORT, DIFFICULT, INTERESTING = OF_TEXTS = [
    adjective("importante", "important", "important/importante", "wichtig"),
    adjective("urgente", "urgent", "urgent/urgente", "dringend"),
    adjective("largo/larga", "long", "long/longue", "lang", True),
    adjective("corto/corta", "short", "court/courte", "kurz"),
    adjective("difícil/difícil/difíciles/difíciles", "difficult", "difficile/difficile", "schwierig"),
    adjective("interesante", "interesting", "intéressant/intéressante", "interessant")]
OF_DOCUMENTS = OF_TEXTS + [NEW]
QUIET = adjective("tranquilo/tranquila", "quiet", "calme/calme", "ruhig")
MODERN = adjective("moderno/moderna", "modern", "moderne/moderne", "modern")
OF_PLACES = [QUIET, MODERN, BIG, SMALL, CHEAP, EXPENSIVE, NEW]
COLD = adjective("frío/fría", "cold", "froid/froide", "kalt")
HOT = adjective("caliente", "hot", "chaud/chaude", "heiß")
OF_FOOD = [BIG, SMALL, EXPENSIVE]
