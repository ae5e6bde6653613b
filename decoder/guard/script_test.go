package guard

import (
	"os"
	"regexp"
	"testing"
)

// Each language in its own words.
var greetings = map[string]string{
	"af": "Goeie môre, hoe gaan dit?", "ar": "صباح الخير، كيف حالك؟", "az": "Sabahınız xeyir, necəsiniz?", "be": "Добрай раніцы, як справы?",
	"bg": "Добро утро, как сте?", "bn": "শুভ সকাল, কেমন আছেন?", "bs": "Dobro jutro, kako ste?", "ca": "Bon dia, com esteu?",
	"cs": "Dobré ráno, jak se máte?", "cy": "Bore da, sut ydych chi?", "da": "Godmorgen, hvordan går det?", "de": "Guten Morgen, wie geht es Ihnen?",
	"el": "Καλημέρα, τι κάνετε;", "en": "Good morning, how are you?", "es": "Buenos días, ¿cómo está?", "et": "Tere hommikust, kuidas läheb?",
	"eu": "Egun on, zer moduz?", "fa": "صبح بخیر، حال شما چطور است؟", "fi": "Hyvää huomenta, mitä kuuluu?", "fil": "Magandang umaga, kumusta ka?",
	"fr": "Bonjour, comment allez-vous ?", "ga": "Dia duit ar maidin, conas atá tú?", "gl": "Bos días, como está?", "gu": "સુપ્રભાત, તમે કેમ છો?",
	"he": "בוקר טוב, מה שלומך?", "hi": "सुप्रभात, आप कैसे हैं?", "hr": "Dobro jutro, kako ste?", "hu": "Jó reggelt, hogy van?",
	"hy": "Բարի լույս, ինչպե՞ս եք։", "id": "Selamat pagi, apa kabar?", "is": "Góðan daginn, hvað segirðu?", "it": "Buongiorno, come sta?",
	"ja": "おはようございます、お元気ですか。", "ka": "დილა მშვიდობისა, როგორ ხართ?", "kk": "Қайырлы таң, қалайсыз?", "km": "អរុណសួស្តី តើអ្នកសុខសប្បាយទេ?",
	"kn": "ಶುಭೋದಯ, ಹೇಗಿದ್ದೀರಿ?", "ko": "좋은 아침입니다, 어떻게 지내세요?", "lo": "ສະບາຍດີຕອນເຊົ້າ, ສະບາຍດີບໍ່?", "lt": "Labas rytas, kaip sekasi?",
	"lv": "Labrīt, kā jums klājas?", "mk": "Добро утро, како сте?", "ml": "സുപ്രഭാതം, സുഖമാണോ?", "mn": "Өглөөний мэнд, сайн байна уу?",
	"mr": "सुप्रभात, तुम्ही कसे आहात?", "ms": "Selamat pagi, apa khabar?", "my": "မင်္ဂလာနံနက်ခင်းပါ၊ နေကောင်းလား။", "ne": "शुभ प्रभात, तपाईंलाई कस्तो छ?",
	"nl": "Goedemorgen, hoe gaat het?", "no": "God morgen, hvordan har du det?", "pa": "ਸ਼ੁਭ ਸਵੇਰ, ਤੁਸੀਂ ਕਿਵੇਂ ਹੋ?", "pl": "Dzień dobry, jak się pan ma?",
	"pt": "Bom dia, como está?", "ro": "Bună dimineața, ce mai faceți?", "ru": "Доброе утро, как дела?", "si": "සුබ උදෑසනක්, කොහොමද?",
	"sk": "Dobré ráno, ako sa máte?", "sl": "Dobro jutro, kako ste?", "so": "Subax wanaagsan, sidee tahay?", "sq": "Mirëmëngjes, si jeni?",
	"sr": "Добро јутро, како сте?", "sv": "God morgon, hur mår du?", "sw": "Habari za asubuhi, hujambo?", "ta": "காலை வணக்கம், எப்படி இருக்கிறீர்கள்?",
	"te": "శుభోదయం, ఎలా ఉన్నారు?", "th": "สวัสดีตอนเช้า สบายดีไหม", "tr": "Günaydın, nasılsınız?", "uk": "Доброго ранку, як справи?",
	"ur": "صبح بخیر، آپ کیسے ہیں؟", "uz": "Xayrli tong, qalaysiz?", "vi": "Chào buổi sáng, bạn khỏe không?", "yo": "Ẹ káàárọ̀, ṣé dáadáa ni?",
	"zh": "早上好，你最近好吗？", "zu": "Sawubona, unjani namhlanje?",
}

// Families of languages whose greetings cannot be told apart by letters.
var family = map[string]string{
	"ar": "arabic", "fa": "arabic", "ur": "arabic", "hi": "devanagari", "mr": "devanagari", "ne": "devanagari",
	"be": "cyrillic", "bg": "cyrillic", "mk": "cyrillic", "mn": "cyrillic", "ru": "cyrillic", "uk": "cyrillic",
	"bn": "bn", "el": "el", "gu": "gu", "he": "he", "hy": "hy", "ja": "ja", "ka": "ka", "km": "km", "kn": "kn", "ko": "ko", "lo": "lo",
	"ml": "ml", "my": "my", "pa": "pa", "si": "si", "ta": "ta", "te": "te", "th": "th", "zh": "zh",
}

// Languages of two scripts, left out where the one is asked for in the other.
var mixed = map[string]bool{"az": true, "bs": true, "kk": true, "sr": true, "uz": true, "pa": true}

func TestEveryLanguageReadsItself(t *testing.T) {
	source, err := os.ReadFile("../prompt/languages.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`"([a-z]{2,3})": +"[A-Z]`).FindAllSubmatch(source, -1)
	if len(found) < 70 || len(found) != len(greetings) {
		t.Errorf("%d languages and %d greetings", len(found), len(greetings))
	}
	for _, match := range found {
		code := string(match[1])
		if greetings[code] == "" || !Script(greetings[code], code) {
			t.Errorf("%s is not written %q", code, greetings[code])
		}
		if code != "ja" && code != "zh" && Script(greetings["ja"], code) || code != "ko" && Script(greetings["ko"], code) {
			t.Errorf("%s has no letters of its own", code)
		}
	}
}

// Every pair of languages with different letters is told apart.
func TestOtherLanguagesAreTold(t *testing.T) {
	for have, text := range greetings {
		for want := range greetings {
			a, b := family[have], family[want]
			if a == b || mixed[have] || mixed[want] || have == "zh" && want == "ja" {
				continue
			}
			if Script(text, want) {
				t.Errorf("%q passes for %s", text, want)
			}
		}
	}
}

func TestScript(t *testing.T) {
	tests := []struct {
		text, language string
		want           bool
	}{
		{"", "en", true},
		{"12:20, 3.5 % — ?!", "ja", true},
		{"Dobro jutro, kako ste?", "sr", true},
		{"Доброе утро", "xx", true},
		{"The area is π r², with Δ in Ω.", "en", true},
		{"π", "en", true},
		{"The word 你好世界 means hello world.", "en", true},
		{"He said Спасибо to everybody there.", "en", true},
		{"你好。", "en", false},
		{"はい。", "en", false},
		{"Да, конечно.", "en", false},
		{"I bought 市場で野菜を買いました", "en", false},
		{"OK", "ja", true},
		{"iPhone 15 Pro", "zh", true},
		{"NHKです", "ja", true},
		{"Microsoft Windows 11 を使う", "ja", true},
		{"Мы используем Microsoft PowerPoint и Google Docs", "ru", true},
		{"Good morning everybody", "ru", false},
		{"Please subscribe to the channel です", "ja", false},
		{"東京都知事選挙結果", "ja", true},
		{"今天天气很好我们一起去公园吧", "ja", false},
		{"これはペンです", "zh", false},
		{"今天天气很好", "ko", false},
		{"大韓民國의 역사를 배웁니다", "ko", true},
		{"ＡＢＣは３つ", "ja", true},
		{"𝒜𝒷𝒸 ℝ", "ru", true},
		{"ਸਤ ਸ੍ਰੀ ਅਕਾਲ", "hi", false},
	}
	for _, tt := range tests {
		if got := Script(tt.text, tt.language); got != tt.want {
			t.Errorf("%s %q: %v", tt.language, tt.text, got)
		}
	}
}
