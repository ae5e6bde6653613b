package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	oneFile       = "model.safetensors"
	indexFile     = "model.safetensors.index.json"
	maxIndexBytes = 32 << 20
)

// OpenFolder opens the weights of a Hugging Face folder: model.safetensors, or
// the shards that model.safetensors.index.json lists.
func OpenFolder(dir string) (*File, error) {
	single := filepath.Join(dir, oneFile)
	if exists(single) {
		return Open(single)
	}
	index := filepath.Join(dir, indexFile)
	if !exists(index) {
		return nil, fmt.Errorf("safetensors: %s: %s", dir, nothingIn(dir))
	}
	places, err := readIndex(index)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", index, err)
	}
	f := &File{tensors: map[string]Tensor{}}
	if err := f.openShards(dir, places); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// openShards opens every shard once and holds the index against what is there.
func (f *File) openShards(dir string, places map[string]string) error {
	shards := map[string][]string{}
	for name, shard := range places {
		shards[shard] = append(shards[shard], name)
	}
	for _, shard := range sortedKeys(shards) {
		path := filepath.Join(dir, shard)
		if !exists(path) {
			return fmt.Errorf("safetensors: %s: shard %q is missing; %s lists %d tensors in it", dir, shard, indexFile, len(shards[shard]))
		}
		before := len(f.names)
		if err := f.open(path); err != nil {
			return err
		}
		here := map[string]bool{}
		for _, name := range f.names[before:] {
			here[name] = true
		}
		slices.Sort(shards[shard])
		for _, name := range shards[shard] {
			if !here[name] {
				return fmt.Errorf("safetensors: %s: tensor %q is not there, though %s says so", path, name, indexFile)
			}
		}
	}
	return nil
}

// readIndex returns the shard of each tensor.
func readIndex(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxIndexBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxIndexBytes {
		return nil, fmt.Errorf("more than %d bytes", maxIndexBytes)
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("not readable JSON: %w", err)
	}
	if len(index.WeightMap) == 0 {
		return nil, errors.New(`no "weight_map" of tensors to shards`)
	}
	for name, shard := range index.WeightMap {
		if shard != filepath.Base(shard) || strings.ContainsAny(shard, `/\:`+"\x00") || !strings.HasSuffix(shard, ".safetensors") {
			return nil, fmt.Errorf("tensor %q: shard name %q is not allowed, want a plain NAME.safetensors", name, shard)
		}
	}
	return index.WeightMap, nil
}

// nothingIn says what is wrong with a folder that has no weights for us.
func nothingIn(dir string) string {
	if _, err := os.Stat(dir); err != nil {
		return "no such folder"
	}
	for _, pattern := range []string{"*.bin", "*.pt", "*.pth", "*.ckpt"} {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
			return fmt.Sprintf("holds %s, a format that can carry code and is never loaded; save the model as safetensors", filepath.Base(found[0]))
		}
	}
	return fmt.Sprintf("holds neither %s nor %s", oneFile, indexFile)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
