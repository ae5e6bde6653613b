"""The configurations that goldens are made of, and random ones."""

import random

S, F = "sliding_attention", "full_attention"
BOS, TURN, OPEN, SOFT, CLOSE, FIRST = 2, 5, 7, 8, 9, 16  # ids; ordinary text starts at FIRST


def pattern(sliding, periods):
    return ([S] * sliding + [F]) * periods


def text(**more):
    base = dict(
        vocab_size=320, vocab_size_per_layer_input=320, hidden_size=48, intermediate_size=80, layer_types=pattern(5, 2),
        num_kv_shared_layers=6, num_attention_heads=4, num_key_value_heads=2, head_dim=8, global_head_dim=16,
        sliding_window=512, hidden_size_per_layer_input=8, final_logit_softcapping=30.0, max_position_embeddings=2048,
    )
    base.update(more)
    base["num_hidden_layers"] = len(base["layer_types"])
    return base


def audio(**more):
    base = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, subsampling_conv_channels=[128, 4], output_proj_dims=40)
    return base | more


# name: text, audio, where each clip begins in speech.wav and how many samples it has. The first clip goes through
# both towers, the others through the audio tower. dtype is how the checkpoint stores its weights.
CONFIGS = {
    "e4b": dict(text=text(), audio=audio(), clips=[(0, 48_000)]),
    "e2b": dict(
        text=text(layer_types=pattern(4, 3), num_key_value_heads=1, use_double_wide_mlp=True, num_kv_shared_layers=10, sliding_window=8),
        audio=audio(), steady=4e-6, clips=[(16_000, 32_000 + 321)]),
    "infinite": dict(
        text=text(layer_types=pattern(5, 1), num_kv_shared_layers=0, final_logit_softcapping=None), audio=audio(),
        infinite=True, dtype="F32", clips=[(40_000, 20_000 + 481)]),
    "unclipped": dict(
        text=text(layer_types=[S, F, S, F], num_kv_shared_layers=2, hidden_size=40, final_logit_softcapping=3.0),
        audio=audio(use_clipped_linears=False, num_hidden_layers=2), dtype="F16", clips=[(80_000, 24_000 + 161)]),
    "lengths": dict(
        text=text(layer_types=[S, F], num_kv_shared_layers=0), audio=audio(num_hidden_layers=2),
        clips=[(60_000, n) for n in (9_001, 0, 1, 160, 161, 320, 321, 480, 481, 640, 641, 800, 801, 961, 1_121, 1_280, 1_281,
                                     7_681, 7_841, 8_001, 8_161, 9_000)]),
    "long": dict(
        text=text(layer_types=pattern(3, 2), num_kv_shared_layers=2, sliding_window=16),
        audio=audio(num_hidden_layers=2), clips=[(0, 192_000)]),
    "deep": dict(
        text=text(layer_types=pattern(2, 2), num_kv_shared_layers=3, num_key_value_heads=1), audio=audio(num_hidden_layers=12),
        steady=4e-6, clips=[(100_000, 60_000)]),
    "odd": dict(
        text=text(layer_types=[S, S, F, S, F], num_kv_shared_layers=2, use_double_wide_mlp=True, num_attention_heads=6,
                  num_key_value_heads=3, head_dim=6, hidden_size=42, intermediate_size=54, hidden_size_per_layer_input=5,
                  vocab_size=301, vocab_size_per_layer_input=333, sliding_window=5, final_logit_softcapping=7.5, rms_norm_eps=1e-5,
                  per_layer_config={"2": {"head_dim": 14, "num_key_value_heads": 2}, "4": {"head_dim": 14, "num_key_value_heads": 2}},
                  rope_parameters={S: {"rope_type": "default", "rope_theta": 500.0},
                                   F: {"rope_type": "proportional", "partial_rotary_factor": 0.5, "rope_theta": 20_000.0}}),
        audio=audio(hidden_size=30, num_attention_heads=3, subsampling_conv_channels=[128, 3], conv_kernel_size=3,
                    attention_chunk_size=6, attention_context_left=7, attention_logit_cap=4.0, residual_weight=0.25, output_proj_dims=25),
        dtype="F32", clips=[(120_000, 40_000)]),
    "wide": dict(  # E4B's widths, two layers of each tower
        text=text(layer_types=[S, F], num_kv_shared_layers=0, hidden_size=2560, intermediate_size=10_240, num_attention_heads=8,
                  num_key_value_heads=2, head_dim=256, global_head_dim=512, hidden_size_per_layer_input=256),
        audio=audio(hidden_size=1024, num_hidden_layers=2, num_attention_heads=8, subsampling_conv_channels=[128, 32], output_proj_dims=1536),
        steps=8, prompts=100, steady=4e-6, clips=[(30_000, 5_600)]),
}


def random_config(seed):
    """One tiny configuration that is in no list, and the length of its sound."""
    r = random.Random(seed)
    kv = r.choice([1, 2, 3])
    heads = kv * r.choice([1, 2, 4])
    own = r.choice([[S, F], [S, S, F], [S, F, S, F], pattern(4, 1), pattern(5, 1), [F, S, S, S]])
    shared = r.choice([[], [S, F], [F], pattern(3, 1), pattern(2, 2)])
    types = own + shared + ([] if (own + shared)[-1] == F else [F])
    past = r.randint(3, 14)
    audio_heads = r.choice([1, 2, 3, 4])
    return dict(
        text=text(
            layer_types=types, num_kv_shared_layers=len(types) - len(own), use_double_wide_mlp=r.random() < 0.5,
            hidden_size=r.randint(16, 70), intermediate_size=r.randint(16, 90), num_attention_heads=heads, num_key_value_heads=kv,
            head_dim=2 * r.randint(2, 12), global_head_dim=2 * r.randint(2, 16), sliding_window=r.choice([3, 7, 20, 64, 512]),
            hidden_size_per_layer_input=r.randint(3, 20), vocab_size=r.randint(64, 700), vocab_size_per_layer_input=700,
            final_logit_softcapping=r.choice([None, 5.0, 30.0])),
        audio=audio(
            hidden_size=audio_heads * 2 * r.randint(4, 10), num_attention_heads=audio_heads, num_hidden_layers=r.randint(1, 5),
            subsampling_conv_channels=[128, r.randint(1, 9)], conv_kernel_size=r.randint(1, 7), attention_chunk_size=past + r.randint(0, 1),
            attention_context_left=past + 1, attention_logit_cap=r.choice([3.0, 50.0]), output_proj_dims=r.randint(8, 60),
            use_clipped_linears=r.random() < 0.7, residual_weight=r.choice([0.5, 0.3])),
        infinite=r.random() < 0.2, dtype=r.choice(["F32", "F16", "BF16"]), clips=[(0, r.randint(3_000, 90_000))],
    )
