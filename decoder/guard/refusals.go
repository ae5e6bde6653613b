package guard

// stop ends a sentence, so that "the audio is unclear to me" goes on.
const stop = ` ?(?:[.,;:!]|$)`

var english = phrases{
	excuse: `(?:i'm|i am) (?:so |very |really )?sorry|sorry|(?:my )?apologies|i apologi[sz]e|unfortunately|but|however|i'm afraid`,
	talk: []string{
		`i(?: can't| cannot| can not|'m unable to| am unable to|'m not able to| am not able to) (?:directly |currently |actually )?(?:` +
			`(?:process|transcribe|analy[sz]e|interpret|translate)(?: or \w+)? (?:the |this |that |any |an |your |provided |given |attached |content of |speech in )*audio` +
			`|(?:process|transcribe)(?: or \w+)? (?:the |this |any |your |provided )*(?:speech|sound|recording)` +
			`|(?:hear|listen to|access|play)(?: or \w+)? (?:audio (?:files?|clips?|input|content|recordings)|any audio file)` +
			`|(?:hear|listen to) or (?:process|transcribe|translate|understand) (?:the |any )?audio` +
			`|(?:hear|understand|detect|find|make out) (?:any |the )?(?:speech|words|spoken words|dialogue) in (?:the|this|your) (?:provided )?(?:audio|recording|clip|segment))`,
		`as an? (?:text-based )?(?:ai|artificial intelligence|(?:large )?language model)(?: (?:language )?(?:model|assistant|system))?(?: (?:trained|developed|made|created) by \w+)?,? i(?:'m|'ve)? `,
		`i(?:'m| am) (?:just |only )?an? (?:text-based )?(?:ai|artificial intelligence|(?:large )?language model)(?: (?:language )?(?:model|assistant))?(?:,|\.| and| so| i)[^.]{0,30}(?:can't|cannot|can not|unable|not able|don't|do not)`,
		`i (?:don't|do not) have (?:the (?:ability|capability) to (?:hear|listen|process|transcribe)|access to (?:the |your |any )?audio|an audio (?:file|clip))`,
		`i can only (?:process|understand|work with|read) text`,
		`(?:please|could you|can you)(?: please)? provide (?:me )?(?:with )?(?:the|an|your) (?:audio|speech segment|speech file)`,
		`(?:the|this|your) (?:provided|given|attached) (?:audio|recording|speech segment)`,
		`(?:the|this|your) (?:audio|recording|speech segment)(?: (?:file|clip|segment|input|recording|sample))? (?:you (?:have )?)?provided`,
		`(?:the|this|your) (?:audio|recording|speech segment)(?: (?:file|clip|segment|input|recording|sample))? (?:` +
			`(?:is|was|appears|appears to be|seems|seems to be) (?:completely |entirely |mostly |too )?(?:empty|silent|blank|unclear|inaudible|unintelligible|corrupted|short|noisy|quiet)(?: (?:to|and i|so i) |` + stop + `)` +
			`|(?:contains|has) (?:no|only|just|mostly) (?:discernible |audible |clear |intelligible |recogni[sz]able |human |background )*(?:speech|spoken|words|silence|noise|static|talking|dialogue)` +
			`|(?:does not|doesn't|did not|didn't) (?:seem to |appear to )?contain (?:any )?(?:discernible |audible |clear |intelligible |recogni[sz]able |human )*(?:speech|spoken|words|talking|dialogue))`,
		`(?:there (?:is|was)|there's|i (?:can |could )?(?:hear|detect)) (?:no|not any) (?:discernible |audible |clear |intelligible |recogni[sz]able |human )*(?:speech|spoken words|spoken content|talking|dialogue) (?:(?:present |detected )?in (?:the|this|your) (?:provided )?(?:audio|recording|clip|segment)|to transcribe|to translate|detected)`,
		`no (?:audible |discernible |clear )?(?:speech|audio)(?: (?:was|is|has been|file was))?(?: (?:detected|provided|found|attached|present|recogni[sz]ed))` + stop,
		`(?:it (?:seems|appears|looks like)(?: that)? )(?:no audio (?:file|clip|was)|(?:the|your) audio (?:file|clip) (?:is|was|did))`,
		`(?:(?:sure|certainly|of course|okay|ok)[,.!]* )?here(?:'s| is) (?:the|your|a) (?:\w+ )?(?:transcription|transcript|translation)\b[^:]{0,60}:`,
	},
}

var spanish = phrases{
	excuse: `lo siento(?: mucho)?|lo lamento|disculpa|disculpe|perdón|perdona|lamentablemente|desafortunadamente|me temo que|pero`,
	talk: []string{
		`(?:yo )?no (?:puedo|me es posible|soy capaz de|estoy en condiciones de) (?:directamente )?(?:` +
			`(?:procesar|transcribir|analizar|interpretar|traducir)(?: [oni]+ \w+)? (?:el |este |ese |ningún |un |los |su |tu |archivos? de |contenido de |segmento de )*audio` +
			`|(?:escuchar|oír|acceder a|reproducir) (?:archivos de audio|audios|contenido de audio))`,
		`como (?:una? )?(?:ia\b|inteligencia artificial|modelo de (?:lenguaje|ia)|asistente (?:de ia|virtual))[^.,]{0,30}, (?:yo )?no (?:puedo|tengo|soy)`,
		`soy (?:solo |sólo )?(?:una? )?(?:ia\b|modelo de lenguaje|inteligencia artificial)[^.]{0,30} no (?:puedo|tengo|soy)`,
		`no tengo (?:la capacidad de (?:escuchar|oír|procesar|transcribir)|acceso (?:al|a) audio)`,
		`(?:por favor,? )?(?:proporciona|proporcione|proporcióname|proporcióneme) (?:el|un|su|tu) (?:archivo de |segmento de )?audio`,
		`(?:el|este) (?:archivo de |segmento de |clip de )?audio(?: que (?:has|ha|me has))? proporcionado`,
		`(?:el|este) (?:archivo de |segmento de |clip de )?audio (?:` +
			`(?:está|parece|parece estar|estaba|es) (?:completamente |demasiado )?(?:vacío|en silencio|en blanco|dañado|inaudible|poco claro|ininteligible|incomprensible)` + stop +
			`|no (?:es claro|está claro|se entiende)` + stop +
			`|no (?:contiene|tiene) (?:ningun[ao]? |ningún )?(?:voz|habla|palabras?|discurso)|solo contiene (?:silencio|ruido))`,
		`no (?:hay|se (?:detecta|detectó|escucha|oye|ha detectado)) (?:ningún |ninguna )?(?:voz|habla|discurso|palabras?)(?: \w+)? (?:en (?:el|este) (?:audio|segmento|clip)|que transcribir|para transcribir|que traducir)`,
		`aquí (?:está|tienes|tiene) la (?:transcripción|traducción)[^:]{0,60}:`,
	},
}

var french = phrases{
	excuse: `(?:je suis )?(?:vraiment )?(?:désolée?|navrée?)|toutes mes excuses|pardon|malheureusement|je m'excuse|je regrette|mais`,
	talk: []string{
		`je (?:ne )?(?:peux pas|suis pas (?:capable de|en mesure de|en mesure d')|parviens pas à|puis(?: pas)?) ?(?:directement )?(?:` +
			`(?:traiter|transcrire|analyser|interpréter|traduire)(?: ou \w+)? (?:le |l'|cet |ce |un |les |de |d'|des |aucun |votre |fichiers? |contenu |segment |enregistrement )*audio` +
			`|(?:écouter|entendre|accéder|lire) (?:de |d'|des |à des |aux )?(?:fichiers audio|contenus? audio))`,
		`en tant qu(?:e |')(?:une? )?(?:ia\b|intelligence artificielle|(?:grand )?modèle de langage|modèle d'ia|assistant (?:ia\b|virtuel|d'ia))[^.,]{0,30},? je `,
		`je suis (?:seulement |juste )?une? (?:ia\b|modèle de langage|intelligence artificielle|assistant ia)[^.]{0,30} (?:ne|n'\w+) (?:peux )?(?:pas|suis pas)`,
		`je n'ai pas (?:la capacité d(?:e |')(?:écouter|entendre|traiter|transcrire)|accès (?:à l'|au fichier |aux fichiers )audio)`,
		`(?:veuillez|merci de|pouvez-vous|pourriez-vous)(?: me)? fournir (?:le |l'|un |votre )(?:fichier |segment |extrait )?audio`,
		`(?:l'|le |ce |cet )(?:fichier |segment |extrait |clip |enregistrement )?audio (?:que vous avez )?fourni`,
		`(?:l'|le |ce |cet )(?:fichier |segment |extrait |clip |enregistrement )?audio (?:` +
			`(?:est|semble|semble être|était) (?:complètement |trop )?(?:vide|silencieux|inaudible|inintelligible|incompréhensible|peu clair|corrompu)` + stop +
			`|n'est pas (?:clair|audible|compréhensible)` + stop +
			`|ne (?:contient|comporte) (?:pas de|aucune?|que du) (?:parole|voix|mot|discours|silence|bruit))`,
		`(?:il n'y a|je n'entends|je ne (?:détecte|perçois)) (?:pas de|aucune?) (?:parole|voix|discours|mot)s? (?:\w+ )?(?:dans (?:l'|cet |le |ce )(?:audio|extrait|fichier|enregistrement|segment)|à transcrire|à traduire)`,
		`aucune (?:parole|voix) (?:n'a été )?détectée`,
		`voici la (?:transcription|traduction)[^:]{0,60}:`,
	},
}

var german = phrases{
	excuse: `(?:es )?tut mir leid|entschuldigung|entschuldigen sie|entschuldige|verzeihung|ich bedaure|leider|aber`,
	talk: []string{
		`(?:ich kann|kann ich|ich bin nicht in der lage)(?: leider)?,? (?:die |diese |das |dieses |den |ihre |deine |bereitgestellten? )*(?:audiodatei(?:en)?|audio|audioaufnahmen?|audioinhalte?|audio-datei(?:en)?|tonaufnahmen?)(?: leider)? (?:nicht |zu )(?:direkt )?(?:verarbeiten|transkribieren|übersetzen|analysieren)`,
		`(?:ich kann|kann ich)(?: leider)? keine (?:audiodateien|audioaufnahmen|audioinhalte|audio-dateien|audios?) (?:\w+ )?(?:verarbeiten|transkribieren|übersetzen|analysieren|hören|anhören|abspielen)`,
		`als (?:eine? )?(?:ki\b|künstliche intelligenz|(?:großes )?sprachmodell|ki-(?:modell|assistent|sprachmodell))[^.,]{0,20},? (?:kann|habe|bin) ich`,
		`ich bin (?:nur |lediglich )?eine? (?:ki\b|(?:großes )?sprachmodell|künstliche intelligenz|ki-\w+)[^.]{0,20} kann (?:\w+ ){0,3}(?:nicht|keine)`,
		`ich habe (?:keinen? (?:zugriff|zugang) auf (?:die |das |ihre )?audio|nicht die fähigkeit,? (?:audio|zu hören))`,
		`bitte (?:stellen sie|stelle|stell|geben sie)(?: mir)? (?:die|eine|das|ihre) (?:audio|tonaufnahme)`,
		`(?:die|das|der|diese) (?:bereitgestellte|angegebene|übermittelte) (?:audio|tonaufnahme)`,
		`(?:die|das|der|diese) (?:audio(?:datei|aufnahme|clip|segment|spur)?|audio-datei|tonaufnahme|sprachaufnahme) (?:` +
			`(?:ist|war|scheint) (?:völlig |zu )?(?:leer|still|stumm|unklar|unverständlich|leise|kurz|undeutlich|nicht (?:klar|verständlich))(?: zu sein)?` + stop +
			`|enthält (?:keine?n?|nur) (?:\w+ )?(?:sprache|gesprochen\w*|worte|wörter|stille|rauschen|geräusche|inhalt))`,
		`(?:es (?:ist|gibt|wurde)|ich höre) keine (?:\w+ )?(?:sprache|stimmen?|worte) (?:(?:zu hören |vorhanden )?in (?:der|diesem|dieser|dem) (?:audio|ton|aufnahme)|erkannt|erkennbar)`,
		`hier ist die (?:transkription|übersetzung|abschrift)[^:]{0,60}:`,
	},
}

var italian = phrases{
	excuse: `mi dispiace|mi spiace|scusa|scusate|scusi|purtroppo|(?:sono )?spiacente|ma`,
	talk: []string{
		`(?:io )?non (?:posso|riesco a|sono in grado di) (?:direttamente )?(?:` +
			`(?:elaborare|trascrivere|analizzare|tradurre|interpretare)(?: o \w+)? (?:il |l'|lo |questo |quest'|i |gli |un |file |segmento |contenuto |contenuti )*audio` +
			`|(?:ascoltare|sentire|accedere a|accedere ai) (?:i |dei )?(?:file audio|contenuti audio))`,
		`(?:in quanto|come|essendo) (?:un[ao]? |un')?(?:ia\b|intelligenza artificiale|modello linguistico|modello di linguaggio|assistente (?:ia\b|virtuale))[^.,]{0,30}, (?:io )?non (?:posso|ho|sono)`,
		`sono (?:solo )?(?:un[ao]? |un')(?:ia\b|modello linguistico|intelligenza artificiale)[^.]{0,30} non (?:posso|ho|sono)`,
		`non ho (?:la capacità di (?:ascoltare|elaborare|trascrivere)|accesso all'audio)`,
		`(?:per favore,? |si prega di )?(?:fornisci|fornisca|fornire|forniscimi) (?:il |l'|un )(?:file |segmento )?audio`,
		`(?:l'|il |questo )(?:file |segmento |clip )?audio (?:che hai )?fornito`,
		`(?:l'|il |questo )(?:file |segmento |clip )?audio (?:` +
			`(?:è|era|sembra|sembra essere|risulta) (?:completamente |troppo )?(?:vuoto|silenzioso|muto|poco chiaro|inudibile|incomprensibile)` + stop +
			`|non è (?:chiaro|comprensibile|udibile)` + stop +
			`|non contiene (?:alcun |nessun |alcuna )?(?:parlato|voce|parole|discorso)|contiene solo (?:silenzio|rumore))`,
		`non (?:c'è|ci sono|si sente|si sentono|è stato rilevato|è stata rilevata|rilevo) (?:alcuna? |alcun |nessuna? |nessun )?(?:parlato|voce|parole|discorso) (?:nell'audio|nel file|nel segmento|da trascrivere|da tradurre|in questo (?:audio|file))`,
		`ecco la (?:trascrizione|traduzione)[^:]{0,60}:`,
	},
}

var portuguese = phrases{
	excuse: `desculpe|desculpa|lamento|sinto muito|infelizmente|peço desculpas?|perdão|mas|que`,
	talk: []string{
		`(?:eu )?não (?:posso|consigo|sou capaz de|estou em condições de|tenho como) (?:diretamente )?(?:` +
			`(?:processar|transcrever|analisar|traduzir|interpretar)(?: ou \w+)? (?:o |este |esse |um |os |seu |arquivos? de |ficheiros? de |segmento de |conteúdo de )*áudio` +
			`|(?:ouvir|escutar|acessar|aceder a) (?:arquivos de áudio|ficheiros de áudio|conteúdos? de áudio))`,
		`como (?:uma? )?(?:ia|(?:inteligência artificial|modelo de (?:linguagem|língua|ia)|assistente (?:de ia|virtual))[^.,]{0,30}), (?:eu )?não (?:posso|tenho|consigo|sou)`,
		`(?:eu )?sou (?:apenas |só )?(?:uma? )(?:ia\b|modelo de linguagem|inteligência artificial)[^.]{0,30} não (?:posso|tenho|consigo)`,
		`não tenho (?:a capacidade de (?:ouvir|processar|transcrever)|acesso ao áudio)`,
		`(?:por favor,? )?(?:forneça|forneça-me) (?:o |um |seu )(?:arquivo de |ficheiro de |segmento de )?áudio`,
		`(?:o|este|esse) (?:arquivo de |ficheiro de |segmento de |clipe de )?áudio (?:que você )?fornec(?:ido|eu)`,
		`(?:o|este|esse) (?:arquivo de |ficheiro de |segmento de |clipe de )?áudio (?:` +
			`(?:está|parece|parece estar|estava|é) (?:completamente |muito )?(?:vazio|em silêncio|silencioso|pouco claro|inaudível|incompreensível|ininteligível|corrompido)` + stop +
			`|não (?:está|é) (?:claro|compreensível|audível)` + stop +
			`|não contém (?:nenhuma? )?(?:fala|voz|palavras?|discurso)|contém apenas (?:silêncio|ruído))`,
		`não (?:há|foi detectada|foi detetada|se ouve) (?:nenhuma? )?(?:fala|voz|palavras?|discurso) (?:no |neste |nesse )(?:áudio|arquivo|ficheiro|segmento)`,
		`aqui está a (?:transcrição|tradução)[^:]{0,60}:`,
	},
}
