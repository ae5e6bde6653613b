package tokenizer

import (
	"os"
	"strings"
	"testing"
)

func TestJSONRefusesByName(t *testing.T) {
	data, err := os.ReadFile(pocketFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"a file cut short", string(data[len(data)/2:]), "", "want"},
		{"something after it", "\n", "]", "want the end"},
		{"another model", `"BPE"`, `"Unigram"`, "Unigram"},
		{"no model type", `"type": "BPE", `, "", "model.type is missing"},
		{"no normalizer", `"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, `, "", "normalizer is missing"},
		{"another normalizer", `"normalizer": {"type": "Replace"`, `"normalizer": {"type": "NFKC"`, "NFKC"},
		{"another pre-tokenizer", `"type": "Split"`, `"type": "Metaspace"`, "Metaspace"},
		{"another decoder", `{"type": "Fuse"}`, `{"type": "Strip"}`, "Strip"},
		{"no byte fallback", `"byte_fallback": true`, `"byte_fallback": false`, "byte_fallback"},
		{"merges ignored", `"ignore_merges": false`, `"ignore_merges": true`, "ignore_merges"},
		{"dropout", `"dropout": null`, `"dropout": 0.1`, "dropout"},
		{"an unknown token that is none", `"unk_token": "<unk>"`, `"unk_token": "<none>"`, "<none>"},
		{"a stripping token", `"lstrip": false`, `"lstrip": true`, "lstrip"},
		{"a normalized token", `"normalized": false`, `"normalized": true`, "normalized"},
		{"an added token with another id", `"id": 0`, `"id": 9`, "<pad>"},
		{"an unknown field", `"padding": null`, `"paddling": null`, "paddling"},
		{"a merge of unknown pieces", `["e", "r"]`, `["e", "☃"]`, "☃"},
		{"a merge of three pieces", `["e", "r"]`, `["e", "r", "s"]`, "3 pieces"},
		{"a negative id", `"<pad>": 0`, `"<pad>": -1`, "id -1"},
		{"a huge id", `"<pad>": 0`, `"<pad>": 99999999`, "id 99999999"},
		{"two pieces of one id", `"<eos>": 1`, `"<eos>": 0`, "id 0 is both"},
		{"a piece that is not UTF-8", `"<eos>": 1`, "\"\xff\": 1", "not UTF-8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(string(data), test.old, test.new, 1)
			if changed == string(data) {
				t.Fatalf("%s is not in the file", test.old)
			}
			_, err := FromJSON([]byte(changed))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that names %q", err, test.want)
			}
		})
	}
}
