"""The training graph and its export equal transformers' Gemma 4."""
import os
import tempfile
import unittest

import numpy as np
import torch
from transformers import Gemma4ForConditionalGeneration

import export
import pair
from batch import HEAD, SOFT, TAILS, pack, sound
from grammar import LANGUAGES
from network import LANGUAGE, TEXT, Audio, Text, init


def spread():
    """Returns weights whose every norm and scale matters."""
    weights = init(3)
    torch.manual_seed(4)
    for name, w in weights.items():
        if w.dim() == 1:
            w.mul_(1 + .3 * torch.rand_like(w)).add_(.1 * torch.randn_like(w))
    for i in range(TEXT["num_hidden_layers"]):
        weights[f"{LANGUAGE}layers.{i}.layer_scalar"] = torch.ones(1)
    return weights


class Network(unittest.TestCase):
    def test_equals_transformers(self):
        weights = spread()
        model = Gemma4ForConditionalGeneration(export.configuration()).float().eval()
        missing, unexpected = model.load_state_dict(weights, strict=False)
        self.assertFalse([n for n in missing if not n.endswith(("_min", "_max", "lm_head.weight"))
                          and "vision" not in n])
        self.assertFalse(unexpected)
        rng = np.random.default_rng(5)
        arrays = [rng.normal(-3, 2, (n, 128)).astype(np.float32) for n in (203, 150)]
        empty = dict.fromkeys(LANGUAGES, "") | {"spans": [], "prefixes": [
            {"frame": 100, "es": "La estación", "en": "The station", "fr": "La gare", "de": "Der Bahnhof"}]}
        records = [empty | {"es": "Hay dos.", "en": "There are 2.", "spans": [[0, 400], [400, 800]]}, empty]
        mel, rows, tokens = sound(arrays)
        with torch.no_grad():
            heard, _, _ = Audio(weights)(mel, rows)
            batch = pack(records, tokens)
            text = Text(weights)
            logits = text.logits(text(batch, heard))
            for b in range(2):
                self._check(model, mel[b, :rows[b]], batch, b, tokens[b], logits[b])

    def _check(self, model, mel, batch, b, tokens, logits):
        """Compares the first reply of sample b with a whole prompt through transformers."""
        first = int((batch.labels[b] == batch.labels[b, 0]).nonzero()[0])
        reply = batch.ids[b, batch.wanted[b, first] + 1:]
        length = int((batch.labels[b] == 6).nonzero()[0]) + 1          # up to the first <turn|>
        ids = HEAD + [SOFT] * tokens + TAILS["es"] + reply[:length - 1].tolist()
        out = model(input_ids=torch.tensor([ids]), input_features=mel[None],
                    input_features_mask=torch.ones(1, len(mel), dtype=torch.bool))
        want = out.logits[0, -length:]
        self.assertLess(float((logits[:length] - want).abs().max()), 2e-3)

    def test_export_loads(self):
        with tempfile.TemporaryDirectory() as folder:
            export.write_folder(folder, spread())
            model = Gemma4ForConditionalGeneration.from_pretrained(folder)
            self.assertEqual(model.config.text_config.num_kv_shared_layers, TEXT["num_kv_shared_layers"])
            self.assertTrue(os.path.getsize(os.path.join(folder, "model.safetensors")) < 9e6)

    def test_a_pair_read_back_is_what_was_written(self):
        weights = spread()
        for kind, close in (("F32", 1e-6), ("Q8_0", .02)):
            with tempfile.TemporaryDirectory() as folder:
                for write, name in zip((export.write_text, export.write_audio), pair.FILES):
                    write(os.path.join(folder, name), weights, export.TYPES[kind])
                again = pair.load(folder)
            self.assertEqual(set(again), set(init()))
            for name, w in again.items():
                self.assertLessEqual(float((w - weights[name]).abs().max()), close * float(weights[name].abs().max()), name)

    def test_a_pair_of_another_model_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            weights = spread()
            weights[LANGUAGE + "norm.weight"] = torch.ones(64)
            for write, name in zip((export.write_text, export.write_audio), pair.FILES):
                write(os.path.join(folder, name), weights, export.TYPES.F32)
            with self.assertRaisesRegex(ValueError, "output_norm.weight of 128"):
                pair.load(folder)


if __name__ == "__main__":
    unittest.main()
