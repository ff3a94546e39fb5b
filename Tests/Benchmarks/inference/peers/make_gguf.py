# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""make_gguf.py OUT.gguf --size 134m --format bfloat16|q8_0|q4_0: a LLaMA of random weights for llama.cpp.

All matrices have the format, but the embedding and the head of q4_0, which are q8_0, as ours are.
"""
import argparse

import gguf
import numpy

SIZES = {"15m": (288, 768, 6, 6, 6), "134m": (768, 2048, 12, 12, 12), "1b": (2048, 5632, 22, 32, 4)}
TYPES = {"bfloat16": gguf.GGMLQuantizationType.BF16, "q8_0": gguf.GGMLQuantizationType.Q8_0,
         "q4_0": gguf.GGMLQuantizationType.Q4_0}
VOCABULARY = 32000

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("out")
parser.add_argument("--size", default="134m")
parser.add_argument("--format", default="bfloat16")
options = parser.parse_args()
hidden, intermediate, layers, heads, key_heads = SIZES[options.size]
head = hidden // heads
kind = TYPES[options.format]
outer = gguf.GGMLQuantizationType.Q8_0 if options.format == "q4_0" else kind
numbers = numpy.random.default_rng(1)

writer = gguf.GGUFWriter(options.out, "llama")
writer.add_context_length(8192)
writer.add_embedding_length(hidden)
writer.add_block_count(layers)
writer.add_feed_forward_length(intermediate)
writer.add_head_count(heads)
writer.add_head_count_kv(key_heads)
writer.add_rope_dimension_count(head)
writer.add_rope_freq_base(10000.0)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_vocab_size(VOCABULARY)
writer.add_tokenizer_model("none")


def matrix(name, rows, columns, kind=kind):
    values = (numbers.standard_normal((rows, columns), dtype=numpy.float32) * 0.02)
    writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)


def norm(name):
    writer.add_tensor(name, numpy.ones(hidden, dtype=numpy.float32))


matrix("token_embd.weight", VOCABULARY, hidden, outer)
for layer in range(layers):
    block = f"blk.{layer}."
    norm(block + "attn_norm.weight")
    matrix(block + "attn_q.weight", heads * head, hidden)
    matrix(block + "attn_k.weight", key_heads * head, hidden)
    matrix(block + "attn_v.weight", key_heads * head, hidden)
    matrix(block + "attn_output.weight", hidden, heads * head)
    norm(block + "ffn_norm.weight")
    matrix(block + "ffn_gate.weight", intermediate, hidden)
    matrix(block + "ffn_up.weight", intermediate, hidden)
    matrix(block + "ffn_down.weight", hidden, intermediate)
norm("output_norm.weight")
matrix("output.weight", VOCABULARY, hidden, outer)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
