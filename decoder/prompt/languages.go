package prompt

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sotto/decoder/words"
)

// names gives the English name, as prompts spell it, of each ISO 639-1 code.
var names = map[string]string{
	"af": "Afrikaans", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali",
	"bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
	"en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish",
	"fil": "Filipino", "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew",
	"hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic",
	"it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer", "kn": "Kannada",
	"ko": "Korean", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam",
	"mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "my": "Burmese", "ne": "Nepali", "nl": "Dutch",
	"no": "Norwegian", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
	"si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "so": "Somali", "sq": "Albanian", "sr": "Serbian",
	"sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tr": "Turkish",
	"uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu",
}

// Codes returns all language codes in their order.
func Codes() []string { return slices.Sorted(maps.Keys(names)) }

// Name returns the English name of a language code. An unknown one is an error
// that names the nearest.
func Name(code string) (string, error) {
	if name, ok := names[code]; ok {
		return name, nil
	}
	for known, name := range names {
		if strings.EqualFold(code, known) || strings.EqualFold(code, name) {
			return "", fmt.Errorf("unknown language %.32q; write %q", code, known)
		}
	}
	return "", fmt.Errorf("unknown language %.32q; nearest is %s", code, nearest(code))
}

// nearest returns the code whose name or spelling needs the fewest edits.
func nearest(word string) string {
	best, fewest := "", 1<<30
	word = strings.ToLower(word[:min(len(word), 32)])
	for _, code := range Codes() {
		n := min(words.Edits(word, code), words.Edits(word, strings.ToLower(names[code])))
		if n < fewest {
			best, fewest = code, n
		}
	}
	return fmt.Sprintf("%q (%s)", best, names[best])
}
