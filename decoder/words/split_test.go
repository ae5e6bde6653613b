package words

import (
	"slices"
	"strings"
	"testing"
)

// Units are written with | between them; "_" is a no-break space.
func TestSplit(t *testing.T) {
	tests := map[string]string{
		"words":                 "How| are| you?| Fine,| thanks.",
		"leading space":         " How|  are|\tyou ",
		"lines":                 "One.|\n- Two.|\n\nThree",
		"inner marks":           "l'e-mail| d’aujourd'hui,| E-Mail-Adresse| col·lecció| U.S.A.| km/h",
		"French spaces":         "Qui| l'a| lu ?| Moi !| « Bien »| dit-il :| oui ;| non.",
		"French no-break":       "Qui_?| « Bien »| «_Très_bien_»| à| 12_h_20,| soit| 10_%.",
		"Spanish":               "¿Quién| es?| —Yo| —dijo—.| ¡Ven!| —¿Qué?",
		"German quotes":         "Er| sagte:| „Ja.“| »Nein«| und| ging.",
		"English quotes":        "“Yes,”| he| said| (really).| 'Tis| \"so\"...",
		"dashes":                "yes—|no –| maybe –| 1–2| wait…|what| …und",
		"dash first":            "- Oui.| - Non.",
		"numbers":               "3,5| und| 12:20| 1.234.567| 10 %| 20 °C,| 5 €| € 7.50| -3| 12 345 678| 12| 3456| 2020| 500| 06| 12| 34",
		"counting":              "1,| 2,| 3| 4| 5.",
		"counted words":         "2| Männer| .NET| 3D| 10 %-ige| A4",
		"Russian":               "Привет,| мир!| Кто-то| идёт.",
		"Greek":                 "Τι| κάνεις;| Καλά·| εσύ;",
		"Arabic":                "كيف| حالك؟| بخير،| شكرا.",
		"Hebrew":                "מה| שלומך?| בית־ספר| צה״ל",
		"Hindi":                 "क्षमा| कीजिए।| आप| कैसे| हैं ?",
		"Bengali":               "আপনি| কেমন| আছেন?| ভালো।",
		"Tamil":                 "நீங்கள்| எப்படி| இருக்கிறீர்கள்?",
		"Korean":                "안녕하세요,| 저는| 3월에| 왔어요.",
		"Armenian":              "Բարեւ,| ինչպե՞ս| ես։",
		"Chinese":               "我|们|三|点|半|见|，|好|吗|？",
		"Chinese marks":         "他|说：|“你|好|！”|我|（也|）|说|《书|》|。",
		"Chinese and Latin":     "我|用| iPhone| 15|和|GPT-4|写|e-mail|。|Hello|，|好",
		"Chinese numbers":       "有|3.5|个|，|12:20|到|１２：３０|，|涨|10%|，|-5|度|，|3-5|天|，|1,234|元|，|$5",
		"Japanese":              "「今|日|は|、」|東|京|タ|ワ|ー|で|す|か|。",
		"Japanese and Latin":    "N|ﾃ|ｽ|ﾄ|（A|）|「B」|C・D",
		"Thai":                  "ส|วั|ส|ดี| ต่า|ง ๆ| ไป|เที่|ย|ว| 3|วั|น|แ",
		"Thai am":               "น้ำ|ใจ|แล้|ว",
		"Lao":                   "ເຈົ້າ|ສະ|ບາ|ຍ|ດີ",
		"Khmer":                 "ខ្ញុំ|ស្រ|លា|ញ់|។|អ្ន|ក",
		"Burmese":               "မြ|န်|မာ|စ|ကား|။|ဗု|ဒ္ဓ",
		"emoji":                 "Hi| 👩‍👩‍👧‍👦!| 🇫🇷🇩🇪| 👍🏽|好|👍🏽|吗|❤️",
		"combining":             "Ame\u0301lie| o\u0302te| 각\u1100\u1161",
		"no letters":            "...",
		"only spaces":           "  ",
		"zero width space":      "ខ្ញុំ|\u200bទៅ",
		"Latin after full stop": "好|。|Hello.|你|好|1.|二",
	}
	for name, marked := range tests {
		marked = strings.ReplaceAll(marked, "_", "\u00a0")
		want, text := strings.Split(marked, "|"), strings.ReplaceAll(marked, "|", "")
		want = joinMarks(want)
		if got := Split(text); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, want)
		}
	}
	if got := Split(""); got != nil {
		t.Errorf("nothing is cut into %q", got)
	}
}

// joinMarks puts East Asian punctuation, set off in the table so that it can be
// read, back to the unit before it.
func joinMarks(marked []string) []string {
	var units []string
	for _, unit := range marked {
		if len(units) > 0 && strings.Trim(unit, "，。？！、：」』》）”។။") == "" {
			units[len(units)-1] += unit
		} else {
			units = append(units, unit)
		}
	}
	return units
}

func FuzzSplit(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Add("1 23\xff\xe4\xbd «")
	f.Fuzz(func(t *testing.T, text string) {
		units := Split(text)
		if joined := strings.Join(units, ""); joined != text {
			t.Fatalf("%q came back as %q", text, joined)
		}
		whole := ends(text, true)
		for n := 0; n < len(text); n += 1 + len(text)/32 {
			for _, end := range ends(text[:n], false) {
				if utf8Boundary(text, n) && !slices.Contains(whole, end) {
					t.Fatalf("%q is cut at %d of %q", text[:n], end, text)
				}
			}
		}
	})
}
