# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Tiny random models of each kind the engine computes, and the logits transformers gives them. Made with
transformers 5.23 and torch 2.13:

    python make_architectures.py

Each folder has a checkpoint as transformers writes it, `older.json` (config.json as before version 5), and
`logits.safetensors`: ids [sequences, tokens] and float32 logits of the ids cut to each length of `lengths`.
"""
import json, os
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

here = os.path.dirname(os.path.abspath(__file__))
shape = dict(vocab_size=37, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=24, rms_norm_eps=1e-5, initializer_range=0.4,
             bos_token_id=1, eos_token_id=2, attn_implementation="eager")


def rope(kind, **settings):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=100.0, **settings))


models = {
    "default": (LlamaForCausalLM, LlamaConfig(**shape, **rope("default")), [24]),
    "linear": (LlamaForCausalLM, LlamaConfig(**shape, **rope("linear", factor=3.0)), [24]),
    # Within the context and beyond it.
    "dynamic": (LlamaForCausalLM, LlamaConfig(**shape, **rope("dynamic", factor=2.0)), [24, 31, 48]),
    "llama3": (LlamaForCausalLM, LlamaConfig(**shape, **rope(
        "llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=12)), [24]),
    "mistral": (MistralForCausalLM, MistralConfig(**{**shape, "head_dim": 6}, sliding_window=7, **rope("default")), [7, 24]),
    "mistral-plain": (MistralForCausalLM, MistralConfig(**shape, sliding_window=None, **rope("default")), [24]),
}
for number, (name, (kind, config, lengths)) in enumerate(models.items()):
    torch.manual_seed(number)
    folder = os.path.join(here, name)
    model = kind(config).float().eval()
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.data = 1 + 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    path = os.path.join(folder, "config.json")
    content = json.load(open(path))
    content.pop("transformers_version")
    json.dump(content, open(path, "w"), indent=1)
    parameters = content.pop("rope_parameters")
    content["rope_theta"] = parameters.pop("rope_theta")
    kind_name = parameters.pop("rope_type")
    content["rope_scaling"] = None if kind_name == "default" else {("rope_type" if kind_name == "llama3" else "type"): kind_name, **parameters}
    content["torch_dtype"] = content.pop("dtype")
    json.dump(content, open(os.path.join(folder, "older.json"), "w"), indent=1)
    ids = torch.randint(0, shape["vocab_size"], (2, max(lengths)))
    tensors = {"ids": ids}
    with torch.no_grad():
        for length in lengths:
            tensors[f"logits.{length}"] = model(input_ids=ids[:, :length]).logits.contiguous()
    save_file(tensors, os.path.join(folder, "logits.safetensors"))
