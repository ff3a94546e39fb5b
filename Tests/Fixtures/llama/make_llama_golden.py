#!/usr/bin/env python3
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Write the golden files beside this script: tiny Llama models and what a float64 implementation makes of them.

Usage: python3 make_llama_golden.py

Needs numpy alone. The forward pass is written from the definition in float64; gradients are central differences of it,
so they share no formula with the engine's backward pass. Two runs give the same bytes.
"""

import json
import math
import struct
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
IGNORE = -100

MODELS = {
    # head_dim is not hidden_size / heads; two query heads share a key head; the newer spelling of config.json.
    "untied": {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 19, "hidden_size": 8,
        "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 4, "max_position_embeddings": 32, "rms_norm_eps": 1e-5, "hidden_act": "silu",
        "tie_word_embeddings": False, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "bos_token_id": 1, "eos_token_id": [2, 3], "dtype": "float32",
    },
    # Tied head, stretched rotary frequencies, no head_dim, no num_key_value_heads; the older spelling.
    "tied": {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 17, "hidden_size": 12,
        "intermediate_size": 10, "num_hidden_layers": 2, "num_attention_heads": 3, "max_position_embeddings": 64,
        "rms_norm_eps": 1e-3, "hidden_act": "silu", "tie_word_embeddings": True, "rope_theta": 500.0,
        "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 16},
        "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32",
    },
}
RANK, ALPHA, TARGETS = 2, 3.0, ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def save(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in tensors.items():
        raw = np.ascontiguousarray(value, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def dimensions(c):
    heads = c["num_attention_heads"]
    return heads, c.get("num_key_value_heads", heads), c.get("head_dim", c["hidden_size"] // heads)


def shapes(c):
    heads, kv_heads, d = dimensions(c)
    h, f = c["hidden_size"], c["intermediate_size"]
    result = {"model.embed_tokens.weight": (c["vocab_size"], h)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        result |= {
            p + "input_layernorm.weight": (h,), p + "self_attn.q_proj.weight": (heads * d, h),
            p + "self_attn.k_proj.weight": (kv_heads * d, h), p + "self_attn.v_proj.weight": (kv_heads * d, h),
            p + "self_attn.o_proj.weight": (h, heads * d), p + "post_attention_layernorm.weight": (h,),
            p + "mlp.gate_proj.weight": (f, h), p + "mlp.up_proj.weight": (f, h), p + "mlp.down_proj.weight": (h, f)}
    result["model.norm.weight"] = (h,)
    if not c["tie_word_embeddings"]:
        result["lm_head.weight"] = (c["vocab_size"], h)
    return result


def inverse_frequencies(c):
    d = dimensions(c)[2]
    rope = c.get("rope_parameters") or {"rope_theta": c["rope_theta"], **(c["rope_scaling"] or {})}
    inverse = rope["rope_theta"] ** (-np.arange(0, d, 2, dtype=np.float64) / d)
    if rope.get("rope_type") != "llama3":
        return inverse
    result = []
    for f in inverse:
        wavelength = 2 * math.pi / f
        if wavelength < rope["original_max_position_embeddings"] / rope["high_freq_factor"]:
            result.append(f)
        elif wavelength > rope["original_max_position_embeddings"] / rope["low_freq_factor"]:
            result.append(f / rope["factor"])
        else:
            smooth = (rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]) / (
                rope["high_freq_factor"] - rope["low_freq_factor"])
            result.append((1 - smooth) * f / rope["factor"] + smooth * f)
    return np.array(result)


def forward(c, p, ids, positions, segments):
    """Logits of one row, token by token where the definition is per token."""
    heads, kv_heads, d = dimensions(c)
    t = len(ids)

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + c["rms_norm_eps"]) * p[name]

    def linear(x, name):
        y = x @ p[name + ".weight"].T
        if name + ".lora_A.weight" in p:
            y = y + ALPHA / RANK * (x @ p[name + ".lora_A.weight"].T) @ p[name + ".lora_B.weight"].T
        return y

    angles = np.outer(positions, inverse_frequencies(c))
    turn = np.exp(1j * angles)                                   # [t, d/2]

    def rotate(x):                                               # element i and i + d/2 are one complex number
        z = (x[..., : d // 2] + 1j * x[..., d // 2:]) * turn[:, None, :]
        return np.concatenate([z.real, z.imag], -1)

    seen = np.tril(np.ones((t, t), bool)) & (segments[:, None] == segments[None, :])
    x = p["model.embed_tokens.weight"][ids]
    for i in range(c["num_hidden_layers"]):
        base = f"model.layers.{i}."
        h = norm(x, base + "input_layernorm.weight")
        q = rotate(linear(h, base + "self_attn.q_proj").reshape(t, heads, d))
        k = rotate(linear(h, base + "self_attn.k_proj").reshape(t, kv_heads, d))
        v = linear(h, base + "self_attn.v_proj").reshape(t, kv_heads, d)
        mixed = np.zeros((t, heads, d))
        for head in range(heads):
            group = head // (heads // kv_heads)
            scores = np.where(seen, q[:, head] @ k[:, group].T / math.sqrt(d), -np.inf)
            e = np.exp(scores - scores.max(-1, keepdims=True))
            mixed[:, head] = e / e.sum(-1, keepdims=True) @ v[:, group]
        x = x + linear(mixed.reshape(t, heads * d), base + "self_attn.o_proj")
        h = norm(x, base + "post_attention_layernorm.weight")
        gate = linear(h, base + "mlp.gate_proj")
        x = x + linear(gate / (1 + np.exp(-gate)) * linear(h, base + "mlp.up_proj"), base + "mlp.down_proj")
    head = "model.embed_tokens.weight" if c["tie_word_embeddings"] else "lm_head.weight"
    return norm(x, "model.norm.weight") @ p[head].T


def row_losses(c, p, batch):
    """Sum of negative log-likelihoods and number of targets of every row."""
    result = []
    for row in batch:
        logits = forward(c, p, np.array(row["ids"]), np.array(row["positions"]), np.array(row["segments"]))
        logp = logits - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True)) - logits.max(
            -1, keepdims=True)
        total, count = 0.0, 0
        for t in range(len(row["ids"]) - 1):
            label = row["labels"][t + 1]
            if label != IGNORE and row["segments"][t] == row["segments"][t + 1]:
                total, count = total - logp[t, label], count + 1
        result.append((total, count))
    return result


def mean_loss(c, p, batch):
    rows = row_losses(c, p, batch)
    return sum(r[0] for r in rows) / sum(r[1] for r in rows)


def gradients(c, p, batch, names):
    result, step = {}, 1e-5
    for name in names:
        flat, grad = p[name].reshape(-1), np.zeros(p[name].size)
        for i in range(flat.size):
            kept = flat[i]
            flat[i] = kept + step
            above = mean_loss(c, p, batch)
            flat[i] = kept - step
            below = mean_loss(c, p, batch)
            flat[i] = kept
            grad[i] = (above - below) / (2 * step)
        result[name] = grad.reshape(p[name].shape)
    return result


def make_batch(rng, vocab):
    """A row of two isolated documents, a short row, and a row with a masked prompt."""
    def row(lengths, masked):
        ids = [int(v) for v in rng.integers(0, vocab, sum(lengths))]
        return {"ids": ids, "labels": [IGNORE] * masked + ids[masked:],
                "positions": [i for n in lengths for i in range(n)],
                "segments": [s for s, n in enumerate(lengths) for _ in range(n)]}
    return [row([5, 4], 0), row([3], 0), row([7], 3)]


def main():
    for seed, (name, c) in enumerate(MODELS.items()):
        rng = np.random.Generator(np.random.PCG64(41 + seed))
        p = {}
        for key, shape in shapes(c).items():
            value = 1 + 0.3 * rng.standard_normal(shape) if len(shape) == 1 else 0.5 * rng.standard_normal(shape)
            p[key] = value.astype(np.float32).astype(np.float64)
        out = HERE / name
        write_json(out / "config.json", c)
        save(out / "model.safetensors", p)
        batch = make_batch(rng, c["vocab_size"])
        rows = row_losses(c, p, batch)
        write_json(out / "batch.json", {"rows": batch, "nll_sums": [r[0] for r in rows],
                                        "targets": [r[1] for r in rows], "loss": mean_loss(c, p, batch)})
        logits = {f"logits.{i}": forward(c, p, np.array(r["ids"]), np.array(r["positions"]), np.array(r["segments"]))
                  for i, r in enumerate(batch)}
        save(out / "golden.safetensors", logits | gradients(c, p, batch, list(p)))

        low = {}
        for key in p:
            module = key.removesuffix(".weight")
            if module.rsplit(".", 1)[-1] in TARGETS:
                outputs, inputs = p[key].shape
                low[module + ".lora_A.weight"] = 0.5 * rng.standard_normal((RANK, inputs))
                low[module + ".lora_B.weight"] = 0.5 * rng.standard_normal((outputs, RANK))
        low = {k: v.astype(np.float32).astype(np.float64) for k, v in low.items()}
        save(out / "adapter/adapter_model.safetensors", {"base_model.model." + k: v for k, v in low.items()})
        write_json(out / "adapter/adapter_config.json", {
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": ALPHA, "lora_dropout": 0.0,
            "bias": "none", "target_modules": TARGETS, "use_rslora": False, "use_dora": False})
        both = p | low
        write_json(out / "adapter/loss.json", {"loss": mean_loss(c, both, batch)})
        save(out / "adapter/golden.safetensors", gradients(c, both, batch, list(low)))


if __name__ == "__main__":
    main()
