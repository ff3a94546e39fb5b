# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""load.py BASE_URL MODEL: requests to any OpenAI-compatible server on this machine, so many at once; one JSON line.

Each prompt is another one, so that no beginning is shared. Every answer is a greedy stream of as many tokens; the first
token's time is that of the first chunk with text.
"""
import argparse
import concurrent.futures
import json
import random
import time
import urllib.parse
import urllib.request

WORDS = "patient fever cough aspirin dose trial cell tumor protein gene blood pressure heart renal therapy acute of and".split()
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("base")
parser.add_argument("model")
parser.add_argument("--concurrency", type=int, default=16)
parser.add_argument("--requests", type=int, default=32)
parser.add_argument("--words", type=int, default=40)
parser.add_argument("--tokens", type=int, default=64)
options = parser.parse_args()
if urllib.parse.urlparse(options.base).hostname not in ("127.0.0.1", "localhost", "::1"):
    raise SystemExit("load.py: asks servers of this machine only")


def ask(number):
    draw = random.Random(number)
    prompt = " ".join(draw.choice(WORDS) for _ in range(options.words))
    body = {"model": options.model, "prompt": prompt, "max_tokens": options.tokens, "temperature": 0, "stream": True,
            "ignore_eos": True, "stream_options": {"include_usage": True}}
    request = urllib.request.Request(
        options.base.rstrip("/") + "/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    start, first, chunks, used = time.perf_counter(), None, 0, None
    with urllib.request.urlopen(request, timeout=600) as answer:
        for line in answer:
            if not line.startswith(b"data: ") or line.strip() == b"data: [DONE]":
                continue
            chunk = json.loads(line[6:])
            if "error" in chunk:
                raise RuntimeError(chunk["error"].get("code"))
            used = (chunk.get("usage") or {}).get("completion_tokens", used)
            if chunk.get("choices") and chunk["choices"][0].get("text"):
                chunks += 1
                first = first or time.perf_counter() - start
    return used or chunks, time.perf_counter() - start, first or 0


def share(values, part):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 3)


ask(-1)  # loads the model
alone = min(ask(-2 - number)[2] for number in range(3))
start = time.perf_counter()
with concurrent.futures.ThreadPoolExecutor(options.concurrency) as pool:
    answers = list(pool.map(ask, range(options.requests)))
seconds = time.perf_counter() - start
firsts = [first for _, _, first in answers]
print(json.dumps({
    "tokensPerSecond": round(sum(tokens for tokens, _, _ in answers) / seconds, 1), "firstAlone": round(alone, 3),
    "firstP50": share(firsts, 0.5), "firstP99": share(firsts, 0.99), "wholeP50": share([w for _, w, _ in answers], 0.5),
    "tokens": sum(tokens for tokens, _, _ in answers)}))
