#!/usr/bin/env python3
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Writes goldens.json: AdamW, clipping, schedules and sampling filters in plain double precision.

Needs nothing but Python 3.9 or newer. Formulas: Loshchilov and Hutter 2019 (AdamW, in torch.optim.AdamW's order),
torch.nn.utils.clip_grad_norm_, transformers' schedules and logits processors.
Run: python3 make_goldens.py > goldens.json
"""
import json
import math
import random

rng = random.Random(20240)


def adamw(lr, decay, beta1=0.9, beta2=0.95, eps=1e-8, size=6, steps=5):
    start = [rng.gauss(0, 1) for _ in range(size)]
    p, m, v, rows = list(start), [0.0] * size, [0.0] * size, []
    for t in range(1, steps + 1):
        g = [rng.gauss(0, 10.0 ** rng.randint(-4, 1)) for _ in range(size)]
        for i in range(size):
            p[i] *= 1 - lr * decay
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
            denominator = math.sqrt(v[i]) / math.sqrt(1 - beta2**t) + eps
            p[i] -= lr / (1 - beta1**t) * m[i] / denominator
        rows.append({"gradient": g, "parameter": list(p), "first": list(m), "second": list(v)})
    return {"learningRate": lr, "weightDecay": decay, "beta1": beta1, "beta2": beta2, "epsilon": eps,
            "start": start, "steps": rows}


def clip(limit, scale):
    g = [rng.gauss(0, scale) for _ in range(9)]
    norm = math.sqrt(sum(x * x for x in g))
    return {"limit": limit, "gradient": g, "norm": norm, "coefficient": min(1.0, limit / (norm + 1e-6))}


def schedule(shape, peak, total, warmup):
    rates = []
    for step in range(total):
        if step < warmup:
            factor = step / max(1, warmup)
        elif shape == "constant":
            factor = 1.0
        elif shape == "linear":
            factor = max(0.0, (total - step) / max(1, total - warmup))
        else:
            factor = max(0.0, 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup))))
        rates.append(peak * factor)
    return {"schedule": shape, "peak": peak, "total": total, "warmup": warmup, "rates": rates}


def softmax(x):
    top = max(x)
    e = [math.exp(v - top) for v in x]
    return [v / sum(e) for v in e]


def sampling(temperature, top_k, top_p, min_p, penalty):
    logits = [round(rng.gauss(0, 2), 4) for _ in range(12)]
    history = [rng.randrange(12) for _ in range(5)]
    x = list(logits)
    for i in set(history):
        x[i] = x[i] * penalty if x[i] < 0 else x[i] / penalty
    x = [v / temperature for v in x]
    if top_k:
        edge = sorted(x, reverse=True)[min(top_k, len(x)) - 1]
        x = [v if v >= edge else -math.inf for v in x]
    if top_p < 1:
        p, mass = softmax(x), 0.0
        for i in sorted(range(len(x)), key=lambda i: x[i])[:-1]:
            mass += p[i]
            if mass <= 1 - top_p:
                x[i] = -math.inf
    if min_p:
        p = softmax(x)
        x = [v if q >= min_p * max(p) else -math.inf for v, q in zip(x, p)]
    return {"temperature": temperature, "topK": top_k, "topP": top_p, "minP": min_p, "repetitionPenalty": penalty,
            "logits": logits, "history": history, "probabilities": softmax(x)}


print(json.dumps({
    "adamw": [adamw(1e-2, 0.0), adamw(1e-2, 0.1), adamw(8e-6, 1e-5)],
    "clip": [clip(1.0, 0.01), clip(1.0, 3.0), clip(0.3, 30.0)],
    "schedules": [schedule(shape, 8e-6, total, warmup)
                  for shape in ("constant", "linear", "cosine") for total, warmup in ((20, 1), (7, 0), (5, 5))],
    "sampling": [sampling(*options) for options in (
        (1.0, 0, 1.0, 0.0, 1.0), (0.7, 5, 1.0, 0.0, 1.0), (1.3, 0, 0.6, 0.0, 1.0), (1.0, 0, 1.0, 0.2, 1.0),
        (1.0, 0, 1.0, 0.0, 1.5), (0.8, 6, 0.9, 0.05, 1.2))],
}, indent=1))
