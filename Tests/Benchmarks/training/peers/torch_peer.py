# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""torch_peer.py: what a user would write with PyTorch, transformers and PEFT, timed as our driver is.

Random weights of the same dimensions, random ids, AdamW (fused) with clipping, as many steps; speed is that of the median
step, the first not counted.
bfloat16 is autocast over float32 weights in full training, and a bfloat16 model under LoRA, as their documents say.
Prints one JSON line.
"""
import argparse
import json
import resource
import statistics
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

SIZES = {"15m": (288, 768, 6, 6, 6), "134m": (768, 2048, 12, 12, 12), "1b": (2048, 5632, 22, 32, 4)}
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--size", default="134m", choices=SIZES)
arguments.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
arguments.add_argument("--lora", default="no", choices=["yes", "no"])
arguments.add_argument("--recompute", default="none", choices=["none", "block"])
arguments.add_argument("--seq", type=int, default=512)
arguments.add_argument("--batch", type=int, default=4)
arguments.add_argument("--steps", type=int, default=4)
arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
options = arguments.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
hidden, intermediate, layers, heads, key_heads = SIZES[options.size]
model = LlamaForCausalLM(LlamaConfig(
    vocab_size=32000, hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=layers,
    num_attention_heads=heads, num_key_value_heads=key_heads, max_position_embeddings=8192, rms_norm_eps=1e-5,
    tie_word_embeddings=False, attn_implementation="sdpa"))
half = options.precision == "bfloat16"
if options.lora == "yes":
    from peft import LoraConfig, get_peft_model
    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=PROJECTIONS, task_type="CAUSAL_LM"))
    if half:
        model = model.to(torch.bfloat16)
if options.recompute == "block":
    model.gradient_checkpointing_enable()
model.train()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-5, betas=(0.9, 0.95), eps=1e-8, weight_decay=1e-5, fused=True)
ids = torch.randint(3, 32000, (options.batch, options.seq))
autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=half)
seconds = []
for _ in range(options.steps + 1):
    began = time.perf_counter()
    with autocast:
        loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    seconds.append(time.perf_counter() - began)
print(json.dumps({
    "system": f"torch {torch.__version__}", "tokensPerSecond": options.batch * options.seq / statistics.median(seconds[1:]),
    "loss": loss.item(), "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
