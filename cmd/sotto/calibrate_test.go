package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto/decoder/policy"
)

func TestCalibrateWritesATable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.json")
	out := works(t, "eval", "--threads", "1", "--to", "es", "--calibrate", path, "../../models/pocket/testset/streams/manifest.jsonl")
	if !strings.Contains(out, "*     5     1") || !strings.Contains(out, path) {
		t.Errorf("%s", out)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if table, err := policy.ReadTable(f); err != nil || len(table.Heads) == 0 {
		t.Errorf("%+v, %v", table, err)
	}
	nowhere := filepath.Join(t.TempDir(), "none", "policy.json")
	checkRefusal(t, call(t, "eval", "--calibrate", nowhere, "../../models/pocket/testset/streams/manifest.jsonl"), 3, "cannot write the policy table", nowhere[:len(nowhere)-len("/policy.json")])
	checkRefusal(t, call(t, "eval", "--calibrate", "beside", "../../models/pocket/testset/streams/manifest.jsonl"), 2, "no place beside it")
	checkRefusal(t, call(t, "eval", "--to", "es", "--calibrate", path, clipManifest(t)), 2, "words with times")
}
