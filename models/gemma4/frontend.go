package gemma4

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// checkFrontEnd reads the files that say how sound becomes log-mel rows and
// text becomes ids, and refuses what differs from what is built in. A file
// that is missing has Gemma 4's published values.
func checkFrontEnd(dir string) error {
	for _, f := range []struct {
		name  string
		check func(object)
	}{
		{"processor_config.json", checkProcessor},
		{"preprocessor_config.json", checkExtractor},
		{"tokenizer_config.json", checkTokenizer},
	} {
		o, err := readObject(filepath.Join(dir, f.name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		f.check(o)
		if *o.fault != nil {
			return *o.fault
		}
	}
	return nil
}

func checkProcessor(o object) {
	o.only("audio_ms_per_token", 40.0)
	checkExtractor(o.inside("feature_extractor"))
	checkExtractor(o.inside("audio_processor"))
	checkExtractor(o) // older writers put its keys at the top
}

// checkExtractor names every setting of the feature extractor.
func checkExtractor(o object) {
	o.only("feature_extractor_type", "Gemma4AudioFeatureExtractor")
	o.only("feature_size", float64(melBins))
	o.only("sampling_rate", 16000.0)
	o.only("frame_length", 320.0)
	o.only("frame_length_ms", 20.0)
	o.only("hop_length", 160.0)
	o.only("hop_length_ms", 10.0)
	o.only("fft_length", 512.0)
	o.only("fft_overdrive", false)
	o.only("min_frequency", 0.0)
	o.only("max_frequency", 8000.0)
	o.only("mel_floor", 0.001)
	o.only("preemphasis", 0.0)
	o.only("dither", 0.0)
	o.only("input_scale_factor", 1.0)
	o.only("padding_value", 0.0)
	o.only("per_bin_mean")
	o.only("per_bin_stddev")
}

func checkTokenizer(o object) {
	o.only("clean_up_tokenization_spaces", false)
	o.only("add_prefix_space", false)
}
