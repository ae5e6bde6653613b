"""Trains the pocket model on shards of synth.py; stops and resumes at any time.

usage: python train.py --data DIR --out DIR [--utterances N] [--workers N] [--start DIR] [--float32]

Every reply of a sample (four languages, and streaming prefixes) is learnt
behind one hearing of its sound; a CTC head on the audio tower and two guided
attention heads speed up the start and are dropped at export. --workers
processes share the work of each step, one core each. OUT/last.pt is the newest
checkpoint, OUT/metrics.jsonl the log. A second call goes on from last.pt, on
any number of workers.

--start is the second phase: it begins with the GGUF pair in that folder, reads
the set refine, and needs neither helper.
"""
import argparse
import json
import os
import random
import time
from collections import namedtuple

import torch
import torch.distributed as dist
import torch.nn.functional as F

from batch import Shards, augment, characters, pack, sound, SYMBOLS
from network import AUDIO, Audio, Text, init
from pair import load

# set: of shards. rate: the highest. warm: steps of warm-up. hold: share of the run at full rate. last: final share
# of the rate. average: of the exported weights, per step. helpers: CTC head and guided attention.
Phase = namedtuple("Phase", "set rate warm hold last average helpers")
FIRST = Phase("train", 1.5e-3, 400, .55, .03, .999, True)
SECOND = Phase("refine", 3e-4, 50, .2, .02, .99, False)
BUDGET, EVERY = 5000, 20           # padded log-mel rows per worker and step; steps per line of the log
CTC, GUIDE, GUIDED = .5, .3, 60000 # weights; utterances after which guidance ends
SMOOTHING, DECAY, CLIP = .05, .02, 1.0
HEADS = [(0, 0), (1, 0), (1, 1)]   # guided: (full layer, head)

# Freed memory stays with the process, and oneDNN keeps the kernel of every shape.
FAST = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "16384", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def losses(weights, records, arrays, guide, half=True):
    """Returns (what is minimised, cross-entropy, CTC) of a batch; half: products are in bfloat16."""
    mel, rows, tokens = sound(arrays)
    batch = pack(records, tokens)
    audio, text, watch = Audio(weights), Text(weights), []
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        heard, tower, counts = audio(mel, rows)
        logits = text.logits(text(batch, heard, watch))
    labels = batch.labels.flatten()
    entropy = F.cross_entropy(logits.flatten(0, 1), labels, ignore_index=-100, label_smoothing=SMOOTHING)
    if "ctc.weight" not in weights:
        return entropy, entropy.detach(), torch.zeros(())
    ctc = spelling(weights, records, tower, counts)
    total = entropy + CTC * ctc
    if guide > 0:
        total = total + guide * guidance(batch, heard.shape[1], watch)
    return total, entropy.detach(), ctc.detach()


def spelling(weights, records, tower, counts):
    """Returns the CTC loss of the spoken letters, per letter."""
    scores = F.linear(tower.float(), weights["ctc.weight"], weights["ctc.bias"]).log_softmax(-1).transpose(0, 1)
    targets, lengths = characters(records)
    ctc = F.ctc_loss(scores, targets, counts, lengths, reduction="none", zero_infinity=True)
    return (ctc / torch.where(lengths > 0, lengths, counts)).mean()   # where nobody speaks, a frame counts as a letter


def guidance(batch, tokens, watch):
    """Returns -log of the attention that guided heads give to each word's sound."""
    rows, places = (batch.spans[..., 1] >= 0).nonzero(as_tuple=True)
    if not len(rows):
        return torch.zeros(())
    spans, index = batch.spans[rows, places], torch.arange(tokens)
    inside = (index >= spans[:, :1]) & (index <= spans[:, 1:])
    total = 0
    for layer, head in HEADS:
        mass = watch[layer][rows, head, places, batch.audio:batch.audio + tokens]
        total = total - ((mass * inside).sum(-1) + 1e-4).log().mean()
    return total / len(HEADS)


def rate(phase, done, total, step):
    share = done / total
    fall = 1 if share < phase.hold else max(phase.last, 1 - (1 - phase.last) * (share - phase.hold) / (1 - phase.hold))
    return phase.rate * min(1, (step + 1) / phase.warm) * fall


def begin(phase, start):
    """Returns the weights that a run begins with."""
    if start:
        return load(start)
    weights = init()
    weights["ctc.weight"] = torch.randn(len(SYMBOLS) + 1, AUDIO["output_proj_dims"]) * .05
    weights["ctc.bias"] = torch.zeros(len(SYMBOLS) + 1)
    return weights


class State:
    """All that a checkpoint holds."""

    def __init__(self, phase, out, start):
        self.phase, self.path = phase, os.path.join(out, "last.pt")
        saved = torch.load(self.path) if os.path.exists(self.path) else None
        self.weights = saved["weights"] if saved else begin(phase, start)
        self.names = sorted(self.weights)
        self.average = saved["average"] if saved else {n: w.clone() for n, w in self.weights.items()}
        self.done, self.step, self.pool = saved["progress"] if saved else (0, 0, 0)
        for w in self.weights.values():
            w.requires_grad_()
        plain = [n for n in self.names if self.weights[n].dim() < 2 or "embed_tokens" in n]
        self.optimiser = torch.optim.AdamW(
            [{"params": [self.weights[n] for n in self.names if n not in plain], "weight_decay": DECAY},
             {"params": [self.weights[n] for n in plain], "weight_decay": 0.}],
            lr=phase.rate, betas=(.9, .98), foreach=True)
        if saved:
            self.optimiser.load_state_dict(saved["optimiser"])

    def save(self):
        torch.save({"weights": {n: w.detach() for n, w in self.weights.items()}, "average": self.average,
                    "progress": (self.done, self.step, self.pool), "set": self.phase.set, "optimiser": self.optimiser.state_dict()},
                   self.path + ".part")
        os.replace(self.path + ".part", self.path)

    def update(self, learning_rate, world):
        """Applies the workers' mean gradient and moves the average."""
        parameters = [self.weights[n] for n in self.names]
        if world > 1:
            flat = torch.cat([p.grad.flatten() for p in parameters])
            dist.all_reduce(flat)
            torch._foreach_copy_([p.grad for p in parameters],
                                 [g.view_as(p) for g, p in zip((flat / world).split([p.numel() for p in parameters]), parameters)])
        torch.nn.utils.clip_grad_norm_(parameters, CLIP, foreach=True)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.optimiser.step()
        self.optimiser.zero_grad()
        with torch.no_grad():
            keep = min(self.phase.average, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_([self.average[n] for n in self.names], [p.detach() for p in parameters], 1 - keep)
        self.step += 1


def train(rank, world, args):
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if world > 1:
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29531", "GLOO_SOCKET_IFNAME": "lo"}
        dist.init_process_group("gloo", rank=rank, world_size=world)
    phase = SECOND if args.start else FIRST
    state, shards = State(phase, args.out, args.start), Shards(args.data, phase.set)
    if rank == 0:
        print(f"{len(shards)} samples, {sum(w.numel() for w in state.weights.values())} weights, "
              f"from utterance {state.done}", flush=True)
    saved, seen, sums, began = time.time(), 0, [0, 0, 0], time.time()
    for pool, batches in shards.pools(state.pool, 1, BUDGET):
        rng = random.Random(f"{pool}/{rank}")
        for at in range(0, len(batches) - world + 1, world):
            indices = batches[at + rank]
            records = [shards.record(i) for i in indices]
            arrays = [augment(rng, shards.rows(i)) for i in indices]
            guide = GUIDE * max(0, min(1, 2 - 2 * state.done / GUIDED)) * phase.helpers
            total, entropy, ctc = losses(state.weights, records, arrays, guide, not args.float32)
            total.backward()
            state.update(rate(phase, state.done, args.utterances, state.step), world)
            count = sum(len(b) for b in batches[at:at + world])
            state.done, seen = state.done + count, seen + count
            sums = [sums[0] + float(entropy), sums[1] + float(ctc), sums[2] + 1]
            if rank == 0 and sums[2] == EVERY:
                log(args.out, state, sums, seen / (time.time() - began), guide)
                seen, sums, began = 0, [0, 0, 0], time.time()
            if state.done >= args.utterances:
                break
        state.pool = pool + 1
        if rank == 0 and (time.time() - saved > 120 or state.done >= args.utterances):
            state.save()
            saved = time.time()
        if state.done >= args.utterances:
            break


def log(out, state, sums, speed, guide):
    line = {"utterances": state.done, "step": state.step, "entropy": round(sums[0] / sums[2], 4),
            "ctc": round(sums[1] / sums[2], 4), "per_second": round(speed, 1), "guide": round(guide, 3),
            "rate": state.optimiser.param_groups[0]["lr"]}
    with open(os.path.join(out, "metrics.jsonl"), "a") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--utterances", type=int, default=240000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--start", help="folder of a GGUF pair: the second phase, from these weights")
    parser.add_argument("--float32", action="store_true", help="for processors that are slow at bfloat16")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    os.environ |= FAST
    torch.multiprocessing.spawn(train, (args.workers, args), args.workers)


if __name__ == "__main__":
    main()
