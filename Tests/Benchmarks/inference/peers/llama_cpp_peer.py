# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""llama_cpp_peer.py MODEL.gguf [--threads N] [--prompt N] [--decode N] [--batch N,N] [--repeat N]

llama.cpp's speed at a prompt and at decoding several sequences at once, as one JSON line. It is called through its C
functions, so that Python's own work is a few microseconds a step.
"""
import argparse
import json
import statistics
import time

import llama_cpp

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--prompt", type=int, default=512)
parser.add_argument("--decode", type=int, default=128)
parser.add_argument("--batch", default="1")
parser.add_argument("--repeat", type=int, default=3)
options = parser.parse_args()
batches = [int(number) for number in options.batch.split(",")]
most = max(batches)

llama_cpp.llama_backend_init()
quiet = llama_cpp.llama_log_callback(lambda *_: None)
llama_cpp.llama_log_set(quiet, None)
model = llama_cpp.llama_model_load_from_file(options.model.encode(), llama_cpp.llama_model_default_params())
settings = llama_cpp.llama_context_default_params()
settings.n_ctx = most * (options.prompt + options.decode + 64)
settings.n_batch = settings.n_ubatch = 512
settings.n_seq_max = most
settings.n_threads = settings.n_threads_batch = options.threads
settings.no_perf = True
context = llama_cpp.llama_init_from_model(model, settings)
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
batch = llama_cpp.llama_batch_init(512, 0, 1)


def decode(rows):
    """Rows are (token, position, sequence, whether logits are wanted)."""
    batch.n_tokens = len(rows)
    for index, (token, position, sequence, wanted) in enumerate(rows):
        batch.token[index] = token
        batch.pos[index] = position
        batch.n_seq_id[index] = 1
        batch.seq_id[index][0] = sequence
        batch.logits[index] = wanted
    if llama_cpp.llama_decode(context, batch):
        raise RuntimeError("llama_decode failed")


def prompt(sequence, wanted):
    for start in range(0, options.prompt, 512):
        end = min(options.prompt, start + 512)
        decode([(3 + i * 7919 % (vocabulary - 3), i, sequence, wanted and i == options.prompt - 1)
                for i in range(start, end)])


def forget():
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)


prompts, decodes = [], {}
for _ in range(options.repeat + 1):
    forget()
    began = time.perf_counter()
    prompt(0, True)
    prompts.append(options.prompt / (time.perf_counter() - began))
for count in batches:
    speeds = []
    for _ in range(options.repeat):
        forget()
        for sequence in range(count):
            prompt(sequence, False)
        began = time.perf_counter()
        for step in range(options.decode):
            decode([(3 + step, options.prompt + step, sequence, True) for sequence in range(count)])
        speeds.append(count * options.decode / (time.perf_counter() - began))
    decodes[str(count)] = statistics.median(speeds[1:] if len(speeds) > 1 else speeds)
print(json.dumps({"system": "llama.cpp", "version": llama_cpp.__version__, "prompt": statistics.median(prompts[1:]),
                  "decode": decodes}))
