package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sotto/models/synthetic"
)

// mayBeZero are numbers of the report that can be: the first context is empty,
// mel reads no weights, a plain read may be the fastest.
var mayBeZero = map[string]bool{
	"context_seconds": true, "share_of_read_bandwidth": true, "share_of_peak": true, "read_prefetch_bytes": true,
}

func TestBenchPrintsEverythingAsJSON(t *testing.T) {
	plot := filepath.Join(t.TempDir(), "costs.svg")
	var report map[string]any
	if err := json.Unmarshal([]byte(works(t, "bench", "--quick", "--json", "--plot", plot)), &report); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"version", "quick", "machine", "roofs", "model", "load", "pack", "stations", "ratios", "live", "memory", "context_positions"} {
		if report[name] == nil {
			t.Errorf("no field %q", name)
		}
	}
	checkPositive(t, "", report)
	if memory, _ := report["memory"].(map[string]any); runtime.GOOS == "linux" && memory["resident_bytes"] == nil {
		t.Errorf("memory: %v", memory)
	}
	checkDrawing(t, plot)
}

// checkPositive wants every number above 0 and every text to say something.
func checkPositive(t *testing.T, name string, value any) {
	t.Helper()
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			checkPositive(t, name+"."+key, inner)
		}
	case []any:
		for i, inner := range v {
			checkPositive(t, fmt.Sprintf("%s[%d]", name, i), inner)
		}
	case float64:
		if v < 0 || v == 0 && !mayBeZero[name[strings.LastIndex(name, ".")+1:]] {
			t.Errorf("%s is %v", name, v)
		}
	case string:
		if v == "" {
			t.Errorf("%s is empty", name)
		}
	}
}

// checkDrawing wants well-formed XML with three panels and no number missing.
func checkDrawing(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for d := xml.NewDecoder(strings.NewReader(string(data))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			for _, a := range start.Attr {
				if a.Name.Local == "class" && strings.HasPrefix(a.Value, "line ") {
					lines++
				}
			}
		}
	}
	if lines != 6 || strings.Contains(string(data), "NaN") || strings.Contains(string(data), "Inf") {
		t.Errorf("%d lines, want 6, in\n%s", lines, data)
	}
}

func TestBenchWritesSyntheticWeightsOnce(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SOTTO_CACHE", dir)
	tiny, err := synthetic.ByName("tiny")
	if err != nil {
		t.Fatal(err)
	}
	text, mmproj := synthetic.Paths(dir, tiny)
	first := call(t, "bench", "--synthetic", "tiny", "--quick")
	if first.code != 0 || !strings.Contains(first.stderr, dir) || !exists(text) || !exists(mmproj) {
		t.Fatalf("exit code %d, stderr %q", first.code, first.stderr)
	}
	for _, want := range []string{"synthetic tiny", "the roofs", "encoder", "prefill", "decode", "real-time factor", "ready in", "packing", "llama-bench -m " + text} {
		if !strings.Contains(first.stdout, want) {
			t.Errorf("no %q in\n%s", want, first.stdout)
		}
	}
	works(t, "bench", "--synthetic", "TINY", "--quick", "--threads", "1") // and is quiet
}

func TestBenchOpensFolders(t *testing.T) {
	if out := works(t, "bench", "--quick", "--model", toyDir); !strings.Contains(out, "decode") {
		t.Errorf("got %q", out)
	}
}

func TestBenchRefusals(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SOTTO_CACHE", filepath.Join(dir, "a file", "below"))
	if err := os.WriteFile(filepath.Join(dir, "a file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	svg := filepath.Join(dir, "costs.svg")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"an argument":                {[]string{"e4b"}, exitUsage, "--model"},
		"fewer threads than none":    {[]string{"--threads", "-1"}, exitUsage, "above 0"},
		"threads that are no number": {[]string{"--threads", "two"}, exitUsage, "two"},
		"no such shape":              {[]string{"--synthetic", "e9b"}, exitUsage, "e4b, e2b, tiny"},
		"two models":                 {[]string{"--synthetic", "tiny", "--model", "pocket"}, exitUsage, "say one"},
		"a drawing that is no SVG":   {[]string{"--plot", "costs.png"}, exitUsage, ".svg"},
		"no place for a drawing":     {[]string{"--plot", filepath.Join(dir, "nowhere", "costs.svg")}, exitEnvironment, "name another place"},
		"no place for weights":       {[]string{"--synthetic", "tiny"}, exitEnvironment, "; "},
		"no such model":              {[]string{"--model", filepath.Join(dir, "no.gguf"), "--plot", svg}, exitModel, "no.gguf"},
		"mmproj with pocket":         {[]string{"--mmproj", "m.gguf"}, exitUsage, "--model"},
	} {
		t.Run(name, func(t *testing.T) {
			r := call(t, append([]string{"bench", "--quick"}, c.args...)...)
			if name == "no place for weights" { // it has said what it begins
				_, r.stderr, _ = strings.Cut(r.stderr, "\n")
			}
			checkRefusal(t, r, c.code, c.says)
		})
	}
	if exists(svg) {
		t.Error("a run that failed leaves an empty drawing")
	}
}

func TestBenchIsInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no interrupts between processes")
	}
	cmd := child(t, "bench")
	var told strings.Builder
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(700 * time.Millisecond)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(told.String(), "interrupted") {
		t.Errorf("exit code %d, stderr %q", code, told.String())
	}
}
