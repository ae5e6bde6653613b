package words

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"sotto/models/tokenizer"
)

var texts = []string{
	"Hello there, how are you? It's 12:20, e-mail me (soon) — \"really\"... 1,234.5 or 10 %!",
	"Qui a préparé l'e-mail important ? « Moi », dit-elle à 12\u00a0h\u00a020 ; 12 345 € aujourd'hui…",
	"¿Quién ha preparado el correo? —Yo —dijo—. ¡Ven!",
	"Er sagte: „Die E-Mail ist da.“ Dann 3,5 % mehr; »gut«.",
	"我们3.5点半见，好吗？他说：“你好！”用 iPhone 15和GPT-4写e-mail。涨了-5%，12:20到。",
	"「今日は、」東京タワーで1,234円ですか。ﾃｽﾄ・データ — か\u3099き",
	"สวัสดีครับ ต่าง ๆ ไปเที่ยว 3 วัน เขาพูดว่า OK น้ำ",
	"ខ្ញុំស្រលាញ់អ្នក។ មួយៗ 12 ថ្ងៃ",
	"မြန်မာစကား။ ဗုဒ္ဓ ၃ ရက်",
	"ເຈົ້າສະບາຍດີ ບໍ່",
	"क्षमा कीजिए। आप कैसे हैं ? ठीक हूँ, 3.5 किलो।",
	"안녕하세요, 각\u1100\u1161\u11a8 3월에 왔어요. 한국어!",
	"Hi 👩‍👩‍👧‍👦! 🇫🇷🇩🇪 👍🏽好👍🏽吗 ❤️ Ame\u0301lie o\u0302\u0323te 1️⃣",
	"كيف حالك؟ بخير، شكرا. ١٢٫٥ ٪ מה שלומך? צה״ל",
}

// toy is a vocabulary made for one text: any pieces, and all bytes.
type toy []string

func newToy() toy {
	v := make(toy, 256)
	for b := range v {
		v[b] = fmt.Sprintf("<0x%02X>", b)
	}
	return v
}

func (v toy) Piece(id int) string {
	if id < 0 || id >= len(v) {
		return ""
	}
	return v[id]
}

// Decode has Gemma's rule for bytes: a run that is not UTF-8 is all U+FFFD.
func (v toy) Decode(ids []int) string {
	var b strings.Builder
	var run []byte
	flush := func() {
		if utf8.Valid(run) {
			b.Write(run)
		} else {
			b.WriteString(strings.Repeat("\uFFFD", len(run)))
		}
		run = run[:0]
	}
	for _, id := range ids {
		switch piece := v.Piece(id); {
		case piece == "":
		case id < 256:
			run = append(run, byte(id))
		default:
			flush()
			b.WriteString(piece)
		}
	}
	flush()
	return b.String()
}

// encode cuts text into random pieces; in every bytes-th of them the characters
// are bytes. Some ids have no text.
func (v *toy) encode(rng *rand.Rand, text string, longest, bytes int) (ids []int) {
	runes := []rune(text)
	for len(runes) > 0 {
		n := min(1+rng.IntN(longest), len(runes))
		piece := string(runes[:n])
		runes = runes[n:]
		if rng.IntN(bytes) == 0 {
			for _, b := range []byte(piece) {
				ids = append(ids, int(b))
			}
			continue
		}
		if rng.IntN(20) == 0 {
			ids = append(ids, -1)
		}
		*v = append(*v, piece)
		ids = append(ids, len(*v)-1)
	}
	return ids
}

// Whatever the pieces: every cut of every beginning is a unit's end of the whole
// text, outside characters and clusters, and stands whatever follows.
func TestCutsStand(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 1500 {
		text := texts[rng.IntN(len(texts))]
		if round%3 == 0 {
			text = shuffled(rng, text)
		}
		v := newToy()
		ids := v.encode(rng, text, 1+rng.IntN(6), 1+rng.IntN(12))
		v.encode(rng, texts[rng.IntN(len(texts))], 3, 4) // pieces for other continuations
		checkReply(t, rng, v, ids, text)
		if t.Failed() {
			return
		}
	}
}

func shuffled(rng *rand.Rand, text string) string {
	runes := []rune(text)
	rng.Shuffle(len(runes), func(i, j int) { runes[i], runes[j] = runes[j], runes[i] })
	return string(runes)
}

func checkReply(t *testing.T, rng *rand.Rand, v toy, ids []int, text string) {
	t.Helper()
	cutter := New(v)
	allowed := clusterEnds(text)
	units := ends(text, true)
	var before []Cut
	for n := range ids {
		cuts, rest := cutter.Cuts(ids[:n], false)
		if len(cuts) < len(before) || !slices.Equal(cuts[:len(before)], before) {
			t.Fatalf("%q: after %d ids the cuts %v became %v", text, n, before, cuts)
		}
		for _, cut := range cuts[len(before):] {
			if at := len(cut.Text); !allowed[at] || !slices.Contains(units, at) || !strings.HasPrefix(text, cut.Text) {
				t.Fatalf("%q: cut %q in a unit", text, cut.Text)
			}
			checkStands(t, rng, v, ids[:cut.Tokens], cut.Text)
		}
		if len(cuts) > 0 && !strings.HasPrefix(text, cuts[len(cuts)-1].Text+rest) || strings.ContainsRune(rest, '\uFFFD') {
			t.Fatalf("%q: the rest %q is not of it", text, rest)
		}
		before = cuts
	}
	cuts, rest := cutter.Cuts(ids, true)
	if len(cuts) == 0 || cuts[len(cuts)-1] != (Cut{len(ids), text}) || rest != "" {
		t.Fatalf("%q: ends with %v and %q", text, cuts, rest)
	}
}

func checkStands(t *testing.T, rng *rand.Rand, v toy, ids []int, text string) {
	t.Helper()
	if got := v.Decode(ids); got != text {
		t.Fatalf("the ids of cut %q are %q", text, got)
	}
	for range 4 {
		other := slices.Clone(ids)
		for range 1 + rng.IntN(4) {
			other = append(other, rng.IntN(len(v)))
		}
		if got := v.Decode(other); !strings.HasPrefix(got, text) {
			t.Fatalf("cut %q became %q", text, got)
		}
	}
}

func clusterEnds(text string) map[int]bool {
	ends, at := map[int]bool{}, 0
	for g := uniseg.NewGraphemes(text); g.Next(); {
		at += len(g.Str())
		ends[at] = true
	}
	return ends
}

func utf8Boundary(text string, n int) bool { return n == len(text) || utf8.RuneStart(text[n]) }

// With one piece for each character no unit is missed.
func TestEveryUnitIsFound(t *testing.T) {
	for _, text := range texts {
		v := newToy()
		var ids []int
		for _, r := range text {
			v = append(v, string(r))
			ids = append(ids, len(v)-1)
		}
		cuts, _ := New(v).Cuts(ids, true)
		at := 0
		for i, unit := range Split(text) {
			at += len(unit)
			if cuts[i].Text != text[:at] {
				t.Fatalf("cut %d of %q is %q", i, text, cuts[i].Text)
			}
		}
	}
}

func TestCutsWaitForWhatFollows(t *testing.T) {
	tests := []struct {
		pieces []string
		want   []int // tokens before each cut
		rest   string
	}{
		{[]string{"Good"}, nil, "Good"},
		{[]string{"Good", " mor"}, []int{1}, " mor"},
		{[]string{"Good", " "}, nil, "Good "},
		{[]string{"Good", " mor", "ning"}, []int{1}, " morning"},
		{[]string{"Good", " morning", "."}, []int{1}, " morning."},
		{[]string{"Good", " morning", ".", " It"}, []int{1, 3}, " It"},
		{[]string{"important", " ?"}, nil, "important ?"},
		{[]string{"important", " ?", " Oui"}, []int{2}, " Oui"},
		{[]string{"important", " ", "O"}, []int{1}, " O"},
		{[]string{"3", ".", "5", " kg"}, []int{3}, " kg"},
		{[]string{"10", " "}, nil, "10 "},
		{[]string{"10", " %", " of"}, []int{2}, " of"},
		{[]string{"12", " 34", "5"}, nil, "12 345"},
		{[]string{"12", " 34", " a"}, []int{1, 2}, " a"},
		{[]string{"我", "们"}, []int{1}, "们"},
		{[]string{"我们", "好", "。", "他"}, []int{1, 3}, "他"},
		{[]string{"用", "i", "Phone", "写"}, []int{1, 3}, "写"},
		{[]string{"two words", " more"}, []int{1}, " more"},
		{[]string{"好", "<0xEF>", "<0xB8>", "<0x8F>"}, nil, "好"},
		{[]string{"好", "<0xE4>", "<0xBD>", "<0xA0>", "吗"}, []int{1}, "你吗"},
	}
	for _, tt := range tests {
		v := newToy()
		var ids []int
		for _, piece := range tt.pieces {
			var b int
			if n, _ := fmt.Sscanf(piece, "<0x%X>", &b); n == 1 {
				ids = append(ids, b)
				continue
			}
			v = append(v, piece)
			ids = append(ids, len(v)-1)
		}
		cuts, rest := New(v).Cuts(ids, false)
		var got []int
		for _, cut := range cuts {
			got = append(got, cut.Tokens)
		}
		if !slices.Equal(got, tt.want) || rest != tt.rest {
			t.Errorf("%q: cuts %v and %q, want %v and %q", tt.pieces, got, rest, tt.want, tt.rest)
		}
	}
}

// The pocket model's vocabulary, bytes for what it lacks.
func TestRealVocabulary(t *testing.T) {
	data, err := os.ReadFile("../../models/pocket/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	cutter := New(tok)
	for _, text := range texts {
		ids := tok.Encode(text)
		var before []Cut
		for n := range ids {
			cuts, _ := cutter.Cuts(ids[:n], false)
			if len(cuts) < len(before) || !slices.Equal(cuts[:len(before)], before) {
				t.Fatalf("%q: the cuts %v became %v", text, before, cuts)
			}
			before = cuts
		}
		cuts, rest := cutter.Cuts(ids, true)
		if last := cuts[len(cuts)-1]; last != (Cut{len(ids), text}) || rest != "" {
			t.Errorf("%q ends with %v and %q", text, last, rest)
		}
	}
	cuts, _ := cutter.Cuts(tok.Encode("Who has prepared the important email?"), true)
	if len(cuts) != 6 {
		t.Errorf("six words have the cuts %v", cuts)
	}
}

func TestNothingToCut(t *testing.T) {
	cutter := New(newToy())
	for _, ids := range [][]int{nil, {-1}, {1 << 30, -5}} {
		if cuts, rest := cutter.Cuts(ids, true); len(cuts) > 0 || rest != "" {
			t.Errorf("%v: %v, %q", ids, cuts, rest)
		}
	}
	if cuts, _ := New(append(newToy(), "End")).Cuts([]int{256, -1, -1}, true); len(cuts) != 1 || cuts[0] != (Cut{3, "End"}) {
		t.Errorf("ids without text after the end: %v", cuts)
	}
	if cuts, rest := cutter.Cuts([]int{0xe4, 0xbd}, true); len(cuts) != 1 || cuts[0].Text != "\uFFFD\uFFFD" || rest != "" {
		t.Errorf("half a character ends as %v, %q", cuts, rest)
	}
}

func BenchmarkCuts(b *testing.B) {
	v := newToy()
	ids := v.encode(rand.New(rand.NewPCG(3, 4)), strings.Repeat(texts[1], 5), 5, 50)
	cutter := New(v)
	b.ReportAllocs()
	for b.Loop() {
		cutter.Cuts(ids, false)
	}
}
