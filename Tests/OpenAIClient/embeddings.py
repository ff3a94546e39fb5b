# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""The official client's embeddings against a gateway, compared with hidden states that transformers computed.

usage: embeddings.py BASE_URL MODEL CASES.json
CASES.json lists {"text", "file", "tensor"}: the text's last hidden states are that tensor of a safetensors file, a row a
token, and its embedding their mean. Ends with an error at the first thing that does not hold.
"""
import base64
import json
import math
import struct
import sys

import openai

base, model, path = sys.argv[1:]
client = openai.OpenAI(base_url=base, api_key="unused", max_retries=0, timeout=120)
cases = json.load(open(path, encoding="utf8"))


def mean(file, name):
    data = open(file, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + size])[name]
    (rows, width), (begin, end) = entry["shape"], entry["data_offsets"]
    values = struct.unpack(f"<{rows * width}f", data[8 + size + begin:8 + size + end])
    return [math.fsum(values[column::width]) / rows for column in range(width)], rows


def hold(name, condition, seen=None):
    if not condition:
        raise SystemExit(f"does not hold: {name}: {seen!r}")


def near(got, want):
    largest = max(map(abs, want))
    return len(got) == len(want) and all(abs(a - b) <= 1e-5 * largest for a, b in zip(got, want))


texts = [case["text"] for case in cases]
wanted = [mean(case["file"], case["tensor"]) for case in cases]
# By itself the client asks for base64 and unpacks it.
for form in (openai.NOT_GIVEN, "float", "base64"):
    answer = client.embeddings.create(model=model, input=texts, encoding_format=form)
    hold("a vector for each text, in their order", [item.index for item in answer.data] == list(range(len(texts))), answer)
    for number, (item, (want, _)) in enumerate(zip(answer.data, wanted)):
        got = item.embedding
        if isinstance(got, str):
            packed = base64.b64decode(got)
            got = struct.unpack(f"<{len(packed) // 4}f", packed)
        hold(f"text {number} has transformers' vector, to 1e-5 of its largest value", near(got, want), (got, want))
    hold("tokens are counted", answer.usage.total_tokens == sum(rows for _, rows in wanted), answer.usage)
one = client.embeddings.create(model=model, input=texts[0])
hold("a text by itself", len(one.data) == 1 and near(one.data[0].embedding, wanted[0][0]), one)
for name, kind, options in [
        ("an unknown model", openai.NotFoundError, {"model": "nobody", "input": "x"}),
        ("fewer dimensions", openai.BadRequestError, {"model": model, "input": "x", "dimensions": 4})]:
    try:
        seen = client.embeddings.create(**options)
    except kind:
        continue
    raise SystemExit(f"was not refused: {name}: {seen!r}")
print("all holds")
