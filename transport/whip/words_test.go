package whip

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode"

	"sotto"
	"sotto/audio"
	"sotto/audio/ogg"
	"sotto/audio/opus"
	"sotto/cmd/sotto/score"
)

// loss is what a network does to packets.
type loss struct {
	name  string
	share float64 // of the packets that are lost
	burst float64 // that many in a row on average; 0: each by itself
	limit float64 // of wrong words more than without loss, in percent
}

var losses = []loss{
	{"none", 0, 0, 0},
	{"5 %, each by itself", 0.05, 0, 10},
	{"10 %, each by itself", 0.1, 0, 20},
	{"10 %, bursts of 5", 0.1, 5, 30},
	{"10 %, bursts of 8", 0.1, 8, 30},
}

// fates says of each packet whether it is lost. The first and the last are not, since
// nobody would know of them.
func (l loss) fates(random *rand.Rand, packets int) (lost []bool, count int) {
	begin, end := l.share, 1-l.share
	if l.burst > 0 {
		begin, end = l.share/(1-l.share)/l.burst, 1/l.burst
	}
	lost = make([]bool, packets)
	bad := false
	for i := 1; i < packets-1; i++ {
		if bad {
			bad = random.Float64() >= end
		} else {
			bad = random.Float64() < begin
		}
		if lost[i] = bad; bad {
			count++
		}
	}
	return lost, count
}

// utterance is a clip with what is said in it, by language.
type utterance struct {
	File, Kind     string
	Es, En, Fr, De string
	packets        [][]byte
}

func utterances(t *testing.T, most int) (all []utterance) {
	file, err := os.Open(testset + "manifest.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan() && len(all) < most; {
		var u utterance
		if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
			t.Fatal(err)
		}
		if u.Kind == "one" || u.Kind == "many" {
			u.packets = packetsOf(t, testset+u.File)
			all = append(all, u)
		}
	}
	return all
}

const testset = "../../models/pocket/testset/"

// packetsOf returns a clip's packets. Where lost ones can be repaired, it is encoded
// anew: each packet then repeats a little of the one before.
func packetsOf(t *testing.T, name string) (packets [][]byte) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if opus.Repairs {
		data = repeating(t, data)
	}
	r := ogg.NewReader(bytes.NewReader(data))
	for n := 0; ; n++ {
		p, err := r.Next()
		if err != nil {
			return packets
		}
		if n >= 2 {
			packets = append(packets, p.Data)
		}
	}
}

func repeating(t *testing.T, file []byte) []byte {
	r, err := opus.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var pcm []byte
	buf := make([]float32, audio.FrameLen)
	for n, err := r.Read(buf); err == nil; n, err = r.Read(buf) {
		for _, v := range buf[:n] {
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(max(-1, min(1, v))*32767)))
		}
	}
	cmd := exec.Command("opusenc", "--quiet", "--raw", "--raw-rate", "16000", "--raw-chan", "1", "--speech", "--bitrate", "32",
		"--expect-loss", "10", "--set-ctl-int", "4012=1", "-", "-")
	cmd.Stdin = bytes.NewReader(pcm)
	file, err = cmd.Output()
	if err != nil {
		t.Skip("opusenc is not installed: apt-get install opus-tools")
	}
	return file
}

// patient is a voice that waits where a door would drop.
type patient struct{ *sotto.Session }

func (p patient) Offer(f *audio.Frame) { p.Push(context.Background(), f) }

// heard returns what the engine writes of packets of which some are lost, and how
// much it is told was.
func heard(t *testing.T, engine *sotto.Engine, packets [][]byte, lost []bool) (texts map[string]string, told audio.Position) {
	session, err := engine.Open(sotto.SessionOptions{Source: "es", Targets: []string{"en", "fr", "de", "es"}, EveryStep: true})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		e := mustEar(t, patient{session})
		var now time.Duration
		for i, p := range packets {
			if !lost[i] {
				e.put(packet(uint16(i), uint32(i*samplesPerPacket*ticksPerSample), p), opusType, now)
			}
			e.hear(t.Context(), now)
			now += 20 * time.Millisecond
		}
		session.Finish(e.end(t.Context(), now))
	}()
	go session.Run(t.Context())
	texts = make(map[string]string)
	for {
		c, err := session.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return texts, told
		}
		if err != nil {
			t.Fatal(err)
		}
		texts[c.Language] += c.Text()
		told += c.Lost
	}
}

// plain leaves letters and numbers.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }), " ")
}

// tally counts what is wrong, by language.
type tally map[string]*score.ErrorRate

func (y tally) add(t *testing.T, texts map[string]string, u *utterance) {
	for language, want := range map[string]string{"es": u.Es, "en": u.En, "fr": u.Fr, "de": u.De} {
		rate, err := score.WER([]string{plain(texts[language])}, []string{plain(want)})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{language, ""} { // "": all
			if y[key] == nil {
				y[key] = new(score.ErrorRate)
			}
			y[key].Errors += rate.Errors
			y[key].Units += rate.Units
		}
	}
}

// With packets lost no more than so many words are wrong, and every lost packet is
// told. SOTTO_LOSS=all hears all clips over three networks of each kind and gives the
// table of README.md.
func TestWordsUnderLoss(t *testing.T) {
	if testing.Short() {
		t.Skip("it listens for minutes")
	}
	most, seeds := 8, uint64(1)
	if os.Getenv("SOTTO_LOSS") == "all" {
		most, seeds = 1000, 3
	}
	all, engine := utterances(t, most), newEngine(t)
	clean := 100.0
	for _, l := range losses {
		wrong, gone, packets := make(tally), 0, 0
		for seed := range seeds {
			random := rand.New(rand.NewPCG(13, seed))
			for i := range all {
				lost, count := l.fates(random, len(all[i].packets))
				texts, told := heard(t, engine, all[i].packets, lost)
				if diff := int(told)/samplesPerPacket - count; diff < -1 || diff > 1 {
					t.Errorf("%s, %s: %d packets are told to be lost, %d were", l.name, all[i].File, int(told)/samplesPerPacket, count)
				}
				gone, packets = gone+count, packets+len(lost)
				wrong.add(t, texts, &all[i])
			}
		}
		t.Logf("| %s | %.1f | %.1f | %.1f | %.1f | %.1f | of %d words", l.name, 100*float64(gone)/float64(packets),
			wrong["es"].Percent(), wrong["en"].Percent(), wrong["fr"].Percent(), wrong["de"].Percent(), wrong[""].Units)
		clean = min(clean, wrong[""].Percent())
		if wrong[""].Percent() > clean+l.limit {
			t.Errorf("%s: %.1f %% of the words are wrong, %.1f %% without loss", l.name, wrong[""].Percent(), clean)
		}
	}
}
