# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""make_model.py FOLDER TOKENIZER.json: one LLaMA of random weights (134 M), for both servers.

FOLDER/bfloat16 is a Hugging Face folder whose weights are also there as model.gguf.peer for llama.cpp, FOLDER/q8_0 one with a
model.gguf that both read. The vocabulary is the tokenizer's, filled up to 32,000 with words that no text has.
"""
import json
import math
import pathlib
import struct
import sys

import gguf
import numpy

HIDDEN, INTERMEDIATE, LAYERS, HEADS, VOCABULARY, CONTEXT = 768, 2048, 12, 12, 32000, 2048
folder, source = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
forms = {"bfloat16": gguf.GGMLQuantizationType.BF16, "q8_0": gguf.GGMLQuantizationType.Q8_0}
numbers = numpy.random.default_rng(1)

document = json.loads(source.read_text())
vocabulary = document["model"]["vocab"]
special = {token["id"]: token["content"] for token in document["added_tokens"]}
for number in range(len(vocabulary) + len(special), VOCABULARY):
    vocabulary[f"filler{number}"] = number
configuration = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN, "vocab_size": VOCABULARY,
    "intermediate_size": INTERMEDIATE, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS, "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
    "hidden_act": "silu", "tie_word_embeddings": False, "torch_dtype": "bfloat16", "bos_token_id": None,
    "eos_token_id": next(iter(special), 0)}
for form in forms:
    (folder / form).mkdir(parents=True, exist_ok=True)
    (folder / form / "tokenizer.json").write_text(json.dumps(document))
    (folder / form / "config.json").write_text(json.dumps(configuration))


def bfloat16(rows, columns):
    values = numbers.standard_normal((rows, columns), dtype=numpy.float32) * 0.02
    return (values.view(numpy.uint32) >> 16).astype(numpy.uint16)


tensors = {"model.embed_tokens.weight": bfloat16(VOCABULARY, HIDDEN), "lm_head.weight": bfloat16(VOCABULARY, HIDDEN)}
ones = numpy.full(HIDDEN, 0x3F80, dtype=numpy.uint16)
names = {"model.embed_tokens.weight": "token_embd.weight", "lm_head.weight": "output.weight",
         "model.norm.weight": "output_norm.weight"}
tensors["model.norm.weight"] = ones
for layer in range(LAYERS):
    block, other = f"model.layers.{layer}.", f"blk.{layer}."
    for name, short, shape in [
            ("self_attn.q_proj", "attn_q", (HIDDEN, HIDDEN)), ("self_attn.k_proj", "attn_k", (HIDDEN, HIDDEN)),
            ("self_attn.v_proj", "attn_v", (HIDDEN, HIDDEN)), ("self_attn.o_proj", "attn_output", (HIDDEN, HIDDEN)),
            ("mlp.gate_proj", "ffn_gate", (INTERMEDIATE, HIDDEN)), ("mlp.up_proj", "ffn_up", (INTERMEDIATE, HIDDEN)),
            ("mlp.down_proj", "ffn_down", (HIDDEN, INTERMEDIATE))]:
        tensors[f"{block}{name}.weight"] = bfloat16(*shape)
        names[f"{block}{name}.weight"] = f"{other}{short}.weight"
    for name, short in [("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm")]:
        tensors[f"{block}{name}.weight"] = ones
        names[f"{block}{name}.weight"] = f"{other}{short}.weight"

header, offset = {}, 0
for name, values in tensors.items():
    header[name] = {"dtype": "BF16", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
    offset += values.nbytes
text = json.dumps(header).encode()
text += b" " * (math.ceil(len(text) / 8) * 8 - len(text))
with open(folder / "bfloat16" / "model.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    for values in tensors.values():
        file.write(values.tobytes())

tokens = {**{number: text for text, number in vocabulary.items()}, **special}


def rotary(values):
    """llama.cpp turns neighbouring rows, Hugging Face halves: the rows of q and k in its order."""
    return values.reshape(HEADS, 2, HIDDEN // HEADS // 2, HIDDEN).swapaxes(1, 2).reshape(HIDDEN, HIDDEN)


def write(path, form):
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INTERMEDIATE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([tokens[number] for number in range(VOCABULARY)])
    writer.add_token_types([3 if number in special else 1 for number in range(VOCABULARY)])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in document["model"]["merges"]])
    writer.add_eos_token_id(next(iter(special), 0))
    writer.add_add_bos_token(False)
    for name, values in tensors.items():
        floats = (values.astype(numpy.uint32) << 16).view(numpy.float32)
        if values.ndim == 1:
            writer.add_tensor(names[name], floats)
        else:
            floats = rotary(floats) if "q_proj" in name or "k_proj" in name else floats
            writer.add_tensor(names[name], gguf.quants.quantize(numpy.ascontiguousarray(floats), form), raw_dtype=form)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(path)


write(folder / "bfloat16" / "model.gguf.peer", forms["bfloat16"])
write(folder / "q8_0" / "model.gguf", forms["q8_0"])
