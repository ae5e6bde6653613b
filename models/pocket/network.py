"""Gemma 4's speech graph over a plain dictionary of tensors, written for training.

The dictionary's names are those of a Hugging Face checkpoint, so that saving it
is exporting it. test_network.py holds this graph against transformers' own
classes. B samples, F log-mel rows (a multiple of 4), T = F / 4 sound tokens,
S text positions; H is a tower's width.
"""
import math

import torch
import torch.nn.functional as F

AUDIO = {"hidden_size": 128, "num_hidden_layers": 5, "num_attention_heads": 4,
         "subsampling_conv_channels": [128, 8], "output_proj_dims": 128}
TEXT = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 6, "num_kv_shared_layers": 3,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"] * 2,
        "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 32, "global_head_dim": 64,
        "sliding_window": 128, "hidden_size_per_layer_input": 32, "vocab_size": 2048}
KEYS = 12                  # sound tokens that one attends to, itself included
CAP = 50.0                 # of the audio tower's attention
SOFTCAP = 30.0             # of the logits
TOWER, EMBED, LANGUAGE = "model.audio_tower.", "model.embed_audio.", "model.language_model."


def init(seed=1):
    """Returns fresh weights: every product keeps the length of its input, every norm starts at 1."""
    torch.manual_seed(seed)
    weights = {}

    def linear(name, rows, cols):
        weights[name] = torch.randn(rows, cols) * cols ** -0.5

    def norm(name, size, value=1.0):
        weights[name + ".weight"] = torch.full((size,), float(value))

    h, (c0, c1) = AUDIO["hidden_size"], AUDIO["subsampling_conv_channels"]
    stem = TOWER + "subsample_conv_projection."
    weights[stem + "layer0.conv.weight"] = torch.randn(c0, 1, 3, 3) / 3
    weights[stem + "layer1.conv.weight"] = torch.randn(c1, c0, 3, 3) * (9 * c0) ** -0.5
    norm(stem + "layer0.norm", c0)
    norm(stem + "layer1.norm", c1)
    linear(stem + "input_proj_linear.weight", h, 32 * c1)
    for i in range(AUDIO["num_hidden_layers"]):
        layer = f"{TOWER}layers.{i}."
        for half in ("feed_forward1.", "feed_forward2."):
            linear(layer + half + "ffw_layer_1.linear.weight", 4 * h, h)
            linear(layer + half + "ffw_layer_2.linear.weight", h, 4 * h)
            norm(layer + half + "pre_layer_norm", h)
            norm(layer + half + "post_layer_norm", h)
        for part in ("q_proj.linear", "k_proj.linear", "v_proj.linear", "post.linear", "relative_k_proj"):
            linear(f"{layer}self_attn.{part}.weight", h, h)
        weights[layer + "self_attn.per_dim_scale"] = torch.zeros(h // AUDIO["num_attention_heads"])
        linear(layer + "lconv1d.linear_start.linear.weight", 2 * h, h)
        linear(layer + "lconv1d.linear_end.linear.weight", h, h)
        weights[layer + "lconv1d.depthwise_conv1d.weight"] = torch.randn(h, 1, 5) * 5 ** -0.5
        for part in ("norm_pre_attn", "norm_post_attn", "norm_out", "lconv1d.pre_layer_norm", "lconv1d.conv_norm"):
            norm(layer + part, h)
    out = AUDIO["output_proj_dims"]
    linear(TOWER + "output_proj.weight", out, h)
    weights[TOWER + "output_proj.bias"] = torch.zeros(out)
    linear(EMBED + "embedding_projection.weight", TEXT["hidden_size"], out)
    _init_text(weights, linear, norm)
    return weights


def _init_text(weights, linear, norm):
    h, ple, layers = TEXT["hidden_size"], TEXT["hidden_size_per_layer_input"], TEXT["num_hidden_layers"]
    vocab, ff = TEXT["vocab_size"], TEXT["intermediate_size"]
    weights[LANGUAGE + "embed_tokens.weight"] = torch.randn(vocab, h) * h ** -0.5
    weights[LANGUAGE + "embed_tokens_per_layer.weight"] = torch.randn(vocab, layers * ple) * ple ** -0.5
    weights[LANGUAGE + "embed_tokens_per_layer.weight"][0] = 0       # the row of sound: no gradient reaches it
    linear(LANGUAGE + "per_layer_model_projection.weight", layers * ple, h)
    norm(LANGUAGE + "per_layer_projection_norm", ple)
    norm(LANGUAGE + "norm", h)
    for i, kind in enumerate(TEXT["layer_types"]):
        layer, d = f"{LANGUAGE}layers.{i}.", head_dim(kind)
        linear(layer + "self_attn.q_proj.weight", TEXT["num_attention_heads"] * d, h)
        linear(layer + "self_attn.o_proj.weight", h, TEXT["num_attention_heads"] * d)
        norm(layer + "self_attn.q_norm", d, d ** -0.25)              # scores are not scaled: start near 1
        if i < first_shared():
            linear(layer + "self_attn.k_proj.weight", TEXT["num_key_value_heads"] * d, h)
            linear(layer + "self_attn.v_proj.weight", TEXT["num_key_value_heads"] * d, h)
            norm(layer + "self_attn.k_norm", d, d ** -0.25)
        linear(layer + "mlp.gate_proj.weight", ff, h)
        linear(layer + "mlp.up_proj.weight", ff, h)
        linear(layer + "mlp.down_proj.weight", h, ff)
        linear(layer + "per_layer_input_gate.weight", ple, h)
        linear(layer + "per_layer_projection.weight", h, ple)
        for part in ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                     "post_feedforward_layernorm", "post_per_layer_input_norm"):
            norm(layer + part, h)


def head_dim(kind):
    return TEXT["global_head_dim"] if kind == "full_attention" else TEXT["head_dim"]


def first_shared():
    """Returns the first layer that reads another's keys and values."""
    return TEXT["num_hidden_layers"] - TEXT["num_kv_shared_layers"]


class _RMS(torch.autograd.Function):
    """Root mean square normalisation in two passes over memory."""

    @staticmethod
    def forward(ctx, x, weight):
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        inverse = torch.rsqrt(size * size / x.shape[-1] + 1e-6)
        y = x * inverse
        ctx.save_for_backward(y, inverse, weight)
        return y if weight is None else y * weight

    @staticmethod
    def backward(ctx, grad):
        y, inverse, weight = ctx.saved_tensors
        product = grad * y
        if weight is None:
            return torch.addcmul(grad, y, product.mean(-1, keepdim=True), value=-1).mul_(inverse), None
        mean = torch.matmul(product, weight)[..., None] / weight.numel()
        grad = torch.addcmul(grad * weight, y, mean, value=-1).mul_(inverse)
        return grad, product.reshape(-1, product.shape[-1]).sum(0)


def rms(x, weight=None):
    return _RMS.apply(x, weight)


class Audio:
    """The audio tower and the projection into the decoder's space."""

    def __init__(self, weights):
        self.w = weights

    def __call__(self, mel, rows):
        """mel [B, F, 128], rows [B] valid ones → (sound tokens [B, T, H text], tower [B, T, out], tokens [B])."""
        x, valid = self.stem(mel, rows)
        allowed = self.mask(valid)
        for i in range(AUDIO["num_hidden_layers"]):
            x = self.layer(f"{TOWER}layers.{i}.", x, allowed)
        tower = F.linear(x, self.w[TOWER + "output_proj.weight"], self.w[TOWER + "output_proj.bias"])
        return F.linear(rms(tower), self.w[EMBED + "embedding_projection.weight"]), tower, valid.sum(1)

    def stem(self, mel, rows):
        stem = TOWER + "subsample_conv_projection."
        b, f, bins = mel.shape
        valid = torch.arange(f) < rows[:, None]
        x = F.pad(mel * valid[..., None], (1, 1, 1, 1))
        x = x.as_strided((b, f // 2, bins // 2, 3, 3), (x.stride(0), 2 * x.stride(1), 2, x.stride(1), 1)).reshape(-1, 9)
        x = (x @ self.w[stem + "layer0.conv.weight"].view(-1, 9).t()).view(b, f // 2, bins // 2, -1)
        x = F.relu(F.layer_norm(x, x.shape[-1:], self.w[stem + "layer0.norm.weight"], None, 1e-6))
        valid = valid[:, ::2]
        x = (x * valid[:, :, None, None]).permute(0, 3, 1, 2)
        kernel = self.w[stem + "layer1.conv.weight"].contiguous(memory_format=torch.channels_last)
        x = F.conv2d(x, kernel, None, 2, 1).permute(0, 2, 3, 1)
        x = F.relu(F.layer_norm(x, x.shape[-1:], self.w[stem + "layer1.norm.weight"], None, 1e-6))
        return F.linear(x.flatten(2), self.w[stem + "input_proj_linear.weight"]), valid[:, ::2]

    @staticmethod
    def mask(valid):
        """Returns what is added to scores, [B, 1, T, T]."""
        index = torch.arange(valid.shape[1])
        distance = index[:, None] - index
        allowed = ((distance >= 0) & (distance < KEYS)) & valid[:, None]
        return torch.zeros(allowed.shape).masked_fill(~allowed, -1e9)[:, None]

    def layer(self, name, x, allowed):
        x = self.feed_forward(name + "feed_forward1.", x)
        y = rms(x, self.w[name + "norm_pre_attn.weight"])
        x = x + rms(self.attention(name + "self_attn.", y, allowed), self.w[name + "norm_post_attn.weight"])
        x = x + self.light_conv(name + "lconv1d.", x)
        x = self.feed_forward(name + "feed_forward2.", x)
        return rms(x, self.w[name + "norm_out.weight"])

    def linear(self, name, x):
        """One clippable linear; calibration replaces this method."""
        return F.linear(x, self.w[name + ".linear.weight"])

    def feed_forward(self, name, x):
        y = self.linear(name + "ffw_layer_1", rms(x, self.w[name + "pre_layer_norm.weight"]))
        y = self.linear(name + "ffw_layer_2", F.silu(y))
        return x + 0.5 * rms(y, self.w[name + "post_layer_norm.weight"])

    def attention(self, name, x, allowed):
        b, t, h = x.shape
        heads = AUDIO["num_attention_heads"]
        d = h // heads
        q, k, v = (self.linear(name + part, x).view(b, t, heads, d).transpose(1, 2)
                   for part in ("q_proj", "k_proj", "v_proj"))
        q = q * (d ** -0.5 / math.log(2) * F.softplus(self.w[name + "per_dim_scale"]))
        k = k * (math.log(1 + math.e) / math.log(2))
        scores = q @ k.transpose(2, 3)
        relative = (positions(h) @ self.w[name + "relative_k_proj.weight"].t()).view(KEYS + 1, heads, d)
        shifted = q @ relative.permute(1, 2, 0)                      # [B, heads, T, 13], distance 12 first
        shifted = F.pad(shifted, (0, t)).reshape(b, heads, t * (t + KEYS + 1))
        shifted = shifted[..., :t * (t + KEYS)].view(b, heads, t, t + KEYS)[..., KEYS:]
        weights = (torch.tanh((scores + shifted) / CAP) * CAP + allowed).softmax(-1)
        return self.linear(name + "post", (weights @ v).transpose(1, 2).reshape(b, t, h))

    def light_conv(self, name, x):
        y = F.glu(self.linear(name + "linear_start", rms(x, self.w[name + "pre_layer_norm.weight"])), -1)
        taps = self.w[name + "depthwise_conv1d.weight"]
        padded = F.pad(y, (0, 0, taps.shape[-1] - 1, 0))
        y = sum(padded[:, j:j + x.shape[1]] * taps[:, 0, j] for j in range(taps.shape[-1]))
        return self.linear(name + "linear_end", F.silu(rms(y, self.w[name + "conv_norm.weight"])))


def positions(width):
    """Returns the sinusoids of distances 12 to 0, [13, width]."""
    count = width // 2
    rates = torch.exp(-torch.arange(count) * (math.log(10000.0) / (count - 1)))
    angles = torch.arange(KEYS, -1, -1)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], -1)


class Text:
    """The decoder over packed sequences: one sound, several replies that do not see each other."""

    def __init__(self, weights):
        self.w = weights

    def __call__(self, batch, sound, watch=None):
        """Returns the last hidden state at batch.wanted, [B, W, H].

        sound [B, T, H] replaces the embeddings of the T positions from
        batch.audio on. Layers that share keys and values are computed where a
        reply is wanted and nowhere else. watch, a list, gets the attention
        weights [B, heads, W, S] of the full layers there.
        """
        start, end = batch.audio, batch.audio + sound.shape[1]
        x = F.embedding(batch.ids, self.w[LANGUAGE + "embed_tokens.weight"]) * TEXT["hidden_size"] ** 0.5
        x = torch.cat([x[:, :start], sound, x[:, end:]], 1)
        ple, shared, wanted = self.per_layer(batch.ids, x), {}, batch.wanted
        turns = {kind: rope(batch.positions, kind) for kind in set(TEXT["layer_types"])}
        masks = {"full_attention": batch.mask[:, None], "sliding_attention": batch.sliding[:, None]}
        for i, kind in enumerate(TEXT["layer_types"]):
            turn, mask = turns[kind], masks[kind]
            if i >= first_shared() - 1:
                if i == first_shared() - 1:                  # from here on only keys and values matter elsewhere
                    shared[kind] = self.keys(f"{LANGUAGE}layers.{i}.", self.before(i, x), turn)
                    x, ple = pick(x, wanted), pick(ple, wanted)
                turn, mask = tuple(pick(t, wanted) for t in turn), pick_rows(mask, wanted)
            elif i < first_shared():
                shared[kind] = self.keys(f"{LANGUAGE}layers.{i}.", self.before(i, x), turn)
            seen = watch if kind == "full_attention" else None
            x = self.layer(i, x, ple[:, :, i], turn, mask, shared[kind], seen)
        return rms(x, self.w[LANGUAGE + "norm.weight"])

    def logits(self, hidden):
        return SOFTCAP * torch.tanh(F.linear(hidden, self.w[LANGUAGE + "embed_tokens.weight"]).float() / SOFTCAP)

    def per_layer(self, ids, x):
        """Returns every layer's own input, [B, S, layers, PLE]."""
        b, s, h = x.shape
        width = TEXT["hidden_size_per_layer_input"]
        own = F.embedding(ids, self.w[LANGUAGE + "embed_tokens_per_layer.weight"], padding_idx=0) * width ** 0.5
        context = F.linear(x, self.w[LANGUAGE + "per_layer_model_projection.weight"]) * h ** -0.5
        context = rms(context.view(b, s, -1, width), self.w[LANGUAGE + "per_layer_projection_norm.weight"])
        return (own.view(b, s, -1, width) + context) * 2 ** -0.5

    def before(self, i, x):
        return rms(x, self.w[f"{LANGUAGE}layers.{i}.input_layernorm.weight"])

    def keys(self, name, n, turn):
        """Returns (keys, values), each [B, S, d]; there is one key/value head."""
        k = rms(F.linear(n, self.w[name + "self_attn.k_proj.weight"]), self.w[name + "self_attn.k_norm.weight"])
        return rotate(k, turn), rms(F.linear(n, self.w[name + "self_attn.v_proj.weight"]))

    def layer(self, i, x, ple, turn, mask, keys_values, watch):
        name = f"{LANGUAGE}layers.{i}."
        w = self.w
        y = self.attention(name + "self_attn.", self.before(i, x), turn, mask, keys_values, watch)
        x = x + rms(y, w[name + "post_attention_layernorm.weight"])
        n = rms(x, w[name + "pre_feedforward_layernorm.weight"])
        y = gelu(F.linear(n, w[name + "mlp.gate_proj.weight"])) * F.linear(n, w[name + "mlp.up_proj.weight"])
        x = x + rms(F.linear(y, w[name + "mlp.down_proj.weight"]), w[name + "post_feedforward_layernorm.weight"])
        y = gelu(F.linear(x, w[name + "per_layer_input_gate.weight"])) * ple
        return x + rms(F.linear(y, w[name + "per_layer_projection.weight"]), w[name + "post_per_layer_input_norm.weight"])

    def attention(self, name, n, turn, mask, keys_values, watch):
        b, s, _ = n.shape
        keys, values = keys_values
        heads, d = TEXT["num_attention_heads"], keys.shape[-1]
        q = rms(F.linear(n, self.w[name + "q_proj.weight"]).view(b, s, heads, d), self.w[name + "q_norm.weight"])
        q = rotate(q.transpose(1, 2), tuple(t[:, None] for t in turn)).reshape(b, heads * s, d)
        weights = (torch.bmm(q, keys.transpose(1, 2)).view(b, heads, s, -1) + mask).softmax(-1)
        if watch is not None:
            watch.append(weights)
        y = torch.bmm(weights.view(b, heads * s, -1), values).view(b, heads, s, d)
        return F.linear(y.transpose(1, 2).reshape(b, s, -1), self.w[name + "o_proj.weight"])


def gelu(x):
    return F.gelu(x, approximate="tanh")


def pick(x, index):
    """Takes rows index [B, W] of x [B, S, ...]."""
    return x[torch.arange(x.shape[0])[:, None], index]


def pick_rows(mask, index):
    """Takes rows index [B, W] of mask [B, 1, S, S]."""
    return pick(mask[:, 0], index)[:, None]


def rope(positions_, kind):
    """Returns (cosines, sines), each [B, S, d]; a full layer turns a quarter of its pairs."""
    d = head_dim(kind)
    if kind == "full_attention":
        turning = d // 8
        rates = torch.cat([1e6 ** (-torch.arange(0, 2 * turning, 2) / d), torch.zeros(d // 2 - turning)])
    else:
        rates = 1e4 ** (-torch.arange(0, d, 2) / d)
    angles = positions_[..., None] * torch.cat([rates, rates])
    return angles.cos(), angles.sin()


def rotate(x, turn):
    cos, sin = turn
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat([-high, low], -1) * sin
