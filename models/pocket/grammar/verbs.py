"""Verbs and auxiliaries; a person is an index: 0 = I, 1 = he or she, 2 = we, 3 = they."""
from .words import verb

BUY = verb("comprar;compro,compra,compramos,compran;compré,compró,compramos,compraron", "buy,buys,bought",
           "acheter;achète,achète,achetons,achètent;acheté;achèter", "kaufen;kaufe,kauft,kaufen,kaufen;gekauft")
SELL = verb("vender;vendo,vende,vendemos,venden;vendí,vendió,vendimos,vendieron", "sell,sells,sold",
            "vendre;vends,vend,vendons,vendent;vendu;vendr",
            "verkaufen;verkaufe,verkauft,verkaufen,verkaufen;verkauft")
LOOK_FOR = verb("buscar;busco,busca,buscamos,buscan;busqué,buscó,buscamos,buscaron",
                "look for,looks for,looked for", "chercher;cherche,cherche,cherchons,cherchent;cherché;chercher",
                "suchen;suche,sucht,suchen,suchen;gesucht")
FIND = verb("encontrar;encuentro,encuentra,encontramos,encuentran;encontré,encontró,encontramos,encontraron",
            "find,finds,found", "trouver;trouve,trouve,trouvons,trouvent;trouvé;trouver",
            "finden;finde,findet,finden,finden;gefunden")
LOSE = verb("perder;pierdo,pierde,perdemos,pierden;perdí,perdió,perdimos,perdieron", "lose,loses,lost",
            "perdre;perds,perd,perdons,perdent;perdu;perdr",
            "verlieren;verliere,verliert,verlieren,verlieren;verloren")
TAKE = verb("llevar;llevo,lleva,llevamos,llevan;llevé,llevó,llevamos,llevaron", "take,takes,took",
            "prendre;prends,prend,prenons,prennent;pris;prendr", "nehmen;nehme,nimmt,nehmen,nehmen;genommen")
RECEIVE = verb("recibir;recibo,recibe,recibimos,reciben;recibí,recibió,recibimos,recibieron",
               "receive,receives,received", "recevoir;reçois,reçoit,recevons,reçoivent;reçu;recevr",
               "bekommen;bekomme,bekommt,bekommen,bekommen;bekommen")
WITH_THINGS = [BUY, SELL, LOOK_FOR, FIND, LOSE, TAKE, RECEIVE]

READ = verb("leer;leo,lee,leemos,leen;leí,leyó,leímos,leyeron", "read,reads,read",
            "lire;lis,lit,lisons,lisent;lu;lir", "lesen;lese,liest,lesen,lesen;gelesen")
WRITE = verb("escribir;escribo,escribe,escribimos,escriben;escribí,escribió,escribimos,escribieron",
             "write,writes,wrote", "écrire;écris,écrit,écrivons,écrivent;écrit;écrir",
             "schreiben;schreibe,schreibt,schreiben,schreiben;geschrieben")
SEND = verb("enviar;envío,envía,enviamos,envían;envié,envió,enviamos,enviaron", "send,sends,sent",
            "envoyer;envoie,envoie,envoyons,envoient;envoyé;enverr",
            "schicken;schicke,schickt,schicken,schicken;geschickt")
PREPARE = verb("preparar;preparo,prepara,preparamos,preparan;preparé,preparó,preparamos,prepararon",
               "prepare,prepares,prepared", "préparer;prépare,prépare,préparons,préparent;préparé;préparer",
               "vorbereiten;bereite,bereitet,bereiten,bereiten;vorbereitet")
FINISH = verb("terminar;termino,termina,terminamos,terminan;terminé,terminó,terminamos,terminaron",
              "finish,finishes,finished", "terminer;termine,termine,terminons,terminent;terminé;terminer",
              "beenden;beende,beendet,beenden,beenden;beendet")
CHECK = verb("revisar;reviso,revisa,revisamos,revisan;revisé,revisó,revisamos,revisaron",
             "check,checks,checked", "vérifier;vérifie,vérifie,vérifions,vérifient;vérifié;vérifier",
             "prüfen;prüfe,prüft,prüfen,prüfen;geprüft")
WITH_DOCUMENTS = [READ, WRITE, SEND, PREPARE, FINISH, CHECK]
SPANISH_PARTICIPLE = dict(leer="leído", escribir="escrito", enviar="enviado", preparar="preparado",
                          terminar="terminado", revisar="revisado")
ENGLISH_PARTICIPLE = dict(write="written")        # where it is not the past form

TENER = ["tengo", "tiene", "tenemos", "tienen"]
PODER = ["puedo", "puede", "podemos", "pueden"]
QUERER = ["quiero", "quiere", "queremos", "quieren"]
NECESITAR = ["necesito", "necesita", "necesitamos", "necesitan"]
BE = ["am", "is", "are", "are"]
AVOIR = ["ai", "a", "avons", "ont"]
ETRE = ["suis", "est", "sommes", "sont"]
DEVOIR = ["dois", "doit", "devons", "doivent"]
POUVOIR = ["peux", "peut", "pouvons", "peuvent"]
VOULOIR = ["veux", "veut", "voulons", "veulent"]
AIMER = ["aime", "aime", "aimons", "aiment"]
WERDEN = ["werde", "wird", "werden", "werden"]
HABEN = ["habe", "hat", "haben", "haben"]
SEIN = ["bin", "ist", "sind", "sind"]
MUESSEN = ["muss", "muss", "müssen", "müssen"]
KOENNEN = ["kann", "kann", "können", "können"]
WOLLEN = ["will", "will", "wollen", "wollen"]
MOEGEN = ["mag", "mag", "mögen", "mögen"]
MOECHTEN = ["möchte", "möchte", "möchten", "möchten"]
BRAUCHEN = ["brauche", "braucht", "brauchen", "brauchen"]
