# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""load.py NAME=BASE_URL=MODEL …: the same requests to OpenAI-compatible servers on this machine, so many at once.

The servers take turns, round after round. Each prompt is another one, so that no beginning is shared; each answer is a
greedy stream of 32 to 96 tokens (64 on average), end-of-sequence being a token like any other, so that requests soon begin
at different times. Tokens are those that the server counts; an answer with fewer than were asked for ends the run. Prints
the ratios of the first server to the second.

first token: the time to the first chunk with text. "alone" is of requests one after the other; "joining" of those that
come to a server which has 15 under way, which is all but the first 16 of a round.
"""
import argparse
import concurrent.futures
import json
import random
import statistics
import time
import urllib.parse
import urllib.request

WORDS = "patient fever cough aspirin dose trial cell tumor protein gene blood pressure heart renal therapy acute of and".split()


def ask(server, number, options):
    draw = random.Random(number)
    prompt = " ".join(draw.choice(WORDS) for _ in range(options.words))
    tokens = draw.randrange(options.tokens // 2, options.tokens * 3 // 2 + 1)
    body = {"model": server["model"], "prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": True,
            "ignore_eos": True, "stream_options": {"include_usage": True}}
    request = urllib.request.Request(
        server["base"].rstrip("/") + "/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    start, first, usage = time.perf_counter(), None, {}
    with urllib.request.urlopen(request, timeout=600) as answer:
        for line in answer:
            if not line.startswith(b"data: ") or line.strip() == b"data: [DONE]":
                continue
            chunk = json.loads(line[6:])
            if "error" in chunk:
                raise SystemExit(f"load.py: {server['name']}: {chunk['error'].get('code')}")
            usage = chunk.get("usage") or usage
            if chunk.get("choices") and chunk["choices"][0].get("text"):
                first = first or time.perf_counter() - start
    if usage.get("completion_tokens") != tokens:
        raise SystemExit(f"load.py: {server['name']}: {usage} where {tokens} tokens were asked for")
    return {"tokens": tokens, "prompt": usage["prompt_tokens"], "first": first or 0, "whole": time.perf_counter() - start}


def share(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="+")
    parser.add_argument("--title", default="")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--requests", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=64)
    options = parser.parse_args()
    if options.requests <= options.concurrency:
        parser.error("more requests than are asked at once")
    servers = []
    for text in options.servers:
        name, base, model = text.split("=", 2)
        if urllib.parse.urlparse(base).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise SystemExit("load.py: asks servers of this machine only")
        servers.append({"name": name, "base": base, "model": model, "speed": [], "alone": [], "first": [], "joining": [],
                        "whole": [], "answers": []})
    for server in servers:
        ask(server, 10**9, options)  # loads the model
    for round_ in range(options.rounds):
        for server in servers:
            numbers = [round_ * 10_000 + number for number in range(options.requests)]
            server["alone"] += [ask(server, 10**6 + 10 * round_ + number, options)["first"] for number in range(5)]
            start = time.perf_counter()
            with concurrent.futures.ThreadPoolExecutor(options.concurrency) as pool:
                answers = list(pool.map(lambda number: ask(server, number, options), numbers))
            seconds = time.perf_counter() - start
            server["speed"].append(sum(answer["tokens"] for answer in answers) / seconds)
            server["first"] += [answer["first"] for answer in answers]
            server["joining"] += [answer["first"] for answer in answers[options.concurrency:]]
            server["whole"] += [answer["whole"] for answer in answers]
            server["answers"] += [(answer["tokens"], answer["prompt"]) for answer in answers]
    if any(server["answers"] != servers[0]["answers"] for server in servers):
        raise SystemExit("load.py: the servers did not compute the same number of tokens")
    tokens, prompt = (sum(column) for column in zip(*servers[0]["answers"]))
    count = len(servers[0]["answers"])
    print(f"\n{options.title}; {options.concurrency} at once, {count} requests of {prompt / count:.0f} tokens, answered by "
          f"{tokens:,} tokens on each side, in {options.rounds} rounds\n")
    rows = [("tokens/s in all", lambda s: statistics.median(s["speed"]), "{:.0f}"),
            ("requests/s", lambda s: statistics.median(s["speed"]) * count / tokens, "{:.2f}"),
            ("first token alone, p50, s", lambda s: share(s["alone"], 0.5), "{:.3f}"),
            ("first token alone, p99, s", lambda s: share(s["alone"], 0.99), "{:.3f}"),
            ("first token, p50, s", lambda s: share(s["first"], 0.5), "{:.3f}"),
            ("first token, p99, s", lambda s: share(s["first"], 0.99), "{:.3f}"),
            ("first token, joining, p50, s", lambda s: share(s["joining"], 0.5), "{:.3f}"),
            ("first token, joining, p99, s", lambda s: share(s["joining"], 0.99), "{:.3f}"),
            ("whole answer, p50, s", lambda s: share(s["whole"], 0.5), "{:.2f}")]
    print("| what | " + " | ".join(server["name"] for server in servers) + " | ratio |")
    print("| --- |" + " --- |" * (len(servers) + 1))
    for name, read, form in rows:
        values = [read(server) for server in servers]
        ratio = f"{values[0] / max(values[1], 1e-9):.2f}" if len(values) > 1 else ""
        print("| " + " | ".join([name, *(form.format(value) for value in values), ratio]) + " |", flush=True)


main()
