// Package doortest has what the tests of doors need: engines, voices, and programs
// of others.
package doortest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
	"sotto/decoder/policy"
	"sotto/models/gemma4"
	"sotto/models/pocket"
)

// What the bundled clip says.
const (
	Spanish = "Buenos días, Elena. El avión a París sale mañana a las 12:20. Si llueve mañana, nos quedaremos en casa. A mi hermana le gustan los conciertos. Quisiera reservar una mesa para 2 personas el sábado a las 9:15. ¿Me puede traer la cuenta, por favor? Muchas gracias."
	English = "Good morning, Elena. The plane to Paris leaves tomorrow at 12:20. If it rains tomorrow, we will stay at home. My sister likes concerts. I would like to book a table for 2 people on Saturday at 9:15. Can you bring me the bill, please? Thank you very much."
	German  = "Guten Morgen, Elena. Das Flugzeug nach Paris fliegt morgen um 12:20 Uhr. Wenn es morgen regnet, bleiben wir zu Hause. Meine Schwester mag Konzerte. Ich möchte am Samstag um 9:15 Uhr einen Tisch für 2 Personen reservieren. Können Sie mir bitte die Rechnung bringen? Vielen Dank."
)

// Toy returns an engine that knows Spanish and English; what it writes is noise
// that depends on all it has heard. folder is the way to the repository.
func Toy(t testing.TB, folder string, seats int) *sotto.Engine {
	t.Helper()
	return engine(t, toy(t, folder), sotto.EngineOptions{Seats: seats})
}

// Polyglot returns a toy that hears and writes any language.
func Polyglot(t testing.TB, folder string, seats int) *sotto.Engine {
	t.Helper()
	model := toy(t, folder)
	model.Config.Profile.Sources, model.Config.Profile.Targets = nil, nil
	return engine(t, model, sotto.EngineOptions{Seats: seats})
}

func toy(t testing.TB, folder string) *gemma4.Model {
	t.Helper()
	model, err := gemma4.Open(folder+"/models/gemma4/gemma4test/testdata/folder", "")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// Pocket returns an engine that knows Spanish, and writes what it means.
func Pocket(t testing.TB, seats int) *sotto.Engine {
	t.Helper()
	model, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	table, err := policy.ReadTable(bytes.NewReader(pocket.Policy))
	if err != nil {
		t.Fatal(err)
	}
	return engine(t, model, sotto.EngineOptions{Seats: seats, Policy: table})
}

func engine(t testing.TB, model *gemma4.Model, opt sotto.EngineOptions) *sotto.Engine {
	t.Helper()
	t.Cleanup(func() { model.Close() })
	e, err := sotto.NewEngine(model, opt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Clip returns the first seconds of the bundled Spanish voice, 16 kHz; 0: all of
// it. Its sentences last from 0.5 to 1.5, 2.5 to 5.2 and 6.1 to 8.4 s.
func Clip(t testing.TB, seconds float64) []float32 {
	t.Helper()
	samples, err := demo()
	if err != nil {
		t.Fatal(err)
	}
	if seconds > 0 {
		samples = samples[:int(seconds*audio.RateHz)]
	}
	return slices.Clone(samples)
}

// demo decodes the clip once.
var demo = sync.OnceValues(func() (samples []float32, err error) {
	source, err := intake.Open(context.Background(), bytes.NewReader(pocket.Demo), "demo.ogg")
	if err != nil {
		return nil, err
	}
	defer source.Close()
	for buf := make([]float32, 4096); ; {
		n, err := source.Read(buf)
		samples = append(samples, buf[:n]...)
		if err == io.EOF {
			return samples, nil
		}
		if err != nil {
			return nil, err
		}
	}
})

// Babble is sound as uneven as speech.
func Babble(seconds float64, rate int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 2))
	syllable := rate / 5
	samples, pitch := make([]float32, int(seconds*float64(rate))), 0.0
	for i := range samples {
		if i%syllable == 0 {
			pitch = 100 + 100*rng.Float64()
		}
		v := 0.0
		for h := 1.0; h <= 12; h++ {
			v += math.Sin(2*math.Pi*h*pitch*float64(i)/float64(rate)) / h
		}
		samples[i] = float32(0.12 * v * math.Sin(math.Pi*float64(i%syllable)/float64(syllable)))
	}
	return samples
}

// Silence is so many seconds of it, 16 kHz.
func Silence(seconds float64) []float32 { return make([]float32, int(seconds*audio.RateHz)) }

// S16 writes samples as 16-bit integers.
func S16(samples []float32) (out []byte) {
	for _, x := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(max(-1, min(1, x))*math.MaxInt16)))
	}
	return out
}

// F32 writes samples as floats.
func F32(samples []float32) (out []byte) {
	for _, x := range samples {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

// Await waits until something holds.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not so: %s", what)
		}
	}
}

// Python is the interpreter that has module, or the test is skipped; what is what
// has to be installed.
func Python(t testing.TB, module, what string) string {
	t.Helper()
	leftOut(t)
	python := cmp.Or(os.Getenv("SOTTO_TEST_PYTHON"), "python3")
	if err := exec.Command(python, "-c", "import "+module).Run(); err != nil {
		t.Skipf("%s has no %s (%v): pip install %s, and name that Python in SOTTO_TEST_PYTHON", python, module, err, what)
	}
	return python
}

// Node is the program that has a module, or the test is skipped.
func Node(t testing.TB, module, what string) string {
	t.Helper()
	leftOut(t)
	if err := exec.Command("node", "-e", "require('"+module+"')").Run(); err != nil {
		t.Skipf("node has no %s (%v): npm install %s, and name its node_modules in NODE_PATH", module, err, what)
	}
	return "node"
}

func leftOut(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("programs of others are left out of short runs")
	}
}

// Run runs a program with sound on its standard input and reads the JSON that it
// prints.
func Run(t testing.TB, into any, sound []byte, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var says strings.Builder
	cmd.Stdin, cmd.Stderr = bytes.NewReader(sound), &says
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, says.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("%v in %s\n%s", err, out, says.String())
	}
}
