"""Writes golden.json: random logits and the probabilities that transformers'
logits processors leave of them. Run: python golden.py > golden.json"""

import json

import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

SETTINGS = [
    (1.0, 0, 0.0), (0.3, 0, 0.0), (2.5, 0, 0.0),
    (1.0, 1, 0.0), (1.0, 5, 0.0), (0.7, 64, 0.0), (1.0, 500, 0.0),
    (1.0, 0, 0.95), (1.5, 0, 0.5), (1.0, 0, 0.01),
    (1.0, 64, 0.95), (0.6, 20, 0.8), (1.7, 3, 0.9), (1.0, 7, 1.0),
]


def probabilities(logits, temperature, top_k, top_p):
    scores = TemperatureLogitsWarper(temperature)(None, logits)
    if top_k:
        scores = TopKLogitsWarper(top_k)(None, scores)
    if 0 < top_p < 1:
        scores = TopPLogitsWarper(top_p)(None, scores)
    return scores.softmax(-1)[0]


def rounded(logits):
    """Multiples of 1/16: short in JSON, exact in float32, and often equal."""
    return (logits * 16).round() / 16


cases = []
for i, (temperature, top_k, top_p) in enumerate(SETTINGS):
    torch.manual_seed(i)
    # Without top-p equals are welcome: top-k has to keep all of them. With it
    # a cut between equals would depend on torch's sort.
    spread = rounded(torch.randn(1, 160) * 4)
    logits = spread if not 0 < top_p < 1 else torch.randn(1, 160) * 4
    kept = probabilities(logits, temperature, top_k, top_p)
    cases.append({
        "temperature": temperature, "top_k": top_k, "top_p": top_p,
        "logits": [float(f"{v:.9g}") for v in logits[0].tolist()],
        "kept": {str(j): float(f"{p:.7g}") for j, p in enumerate(kept.tolist()) if p > 0},
    })
print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]")
