# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""bench.py: inference, ours beside llama.cpp of the same precision, on this machine and in this run.

Ours and the peer take turns (A B A B), since the speed of memory changes from minute to minute; figures are medians over
the rounds. The floor of decoding is the time to read the weights once a step at the speed at which our driver reads its
own memory between the steps; that of a prompt is its operations at the speed of one large product.
`--sets` measures decoding by each set of instructions in place of the peer.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DRIVER = os.environ["INFERENCE_DRIVER"]
VENV = pathlib.Path(os.environ["BENCH_VENV"])
PYTHON = VENV / "llama" / "bin" / "python"
FORMATS = ["bfloat16", "q8_0", "q4_0"]


def run(command, **environment):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          env=os.environ | environment)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()[-300:]}")
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else None


def peer_model(size, form):
    path = VENV / f"llama-{size}-{form}.gguf"
    if not path.exists():
        part = path.with_suffix(".part")
        run([PYTHON, HERE / "peers" / "make_gguf.py", part, "--size", size, "--format", form])
        part.rename(path)
    return path


def row(form, what, ours, floor, theirs, shares=None):
    speed = statistics.median(ours)
    cells = [form, what, f"{statistics.median(floor):.0f}", f"{speed:.0f}",
             f"{statistics.median(a / b for a, b in zip(ours, floor)):.0%}",
             f"{statistics.median(shares):.0%}" if shares else ""]
    if theirs:
        cells += [f"{statistics.median(theirs):.0f}",
                  f"{statistics.median(a / b for a, b in zip(ours, theirs)):.2f}"]
    else:
        cells += ["", ""]
    print("| " + " | ".join(cells) + " |", flush=True)


def sets(options, common):
    """Decoding one sequence by each set of instructions that the processor has, in turns."""
    names = ["plain", "avx2", "avx512", "avx512-dot"]
    print(f"\n{options.size} LLaMA of random weights, prompt {options.prompt}, one sequence, tokens/s\n")
    print("| weights | " + " | ".join(names) + " |\n| --- |" + " --- |" * len(names), flush=True)
    for form in options.formats.split(","):
        speeds = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                if (form, name) == ("bfloat16", "plain"):
                    continue  # Minutes for each prompt.
                line = run([DRIVER, "--size", options.size, "--format", form, *common, "--batch", 1],
                           MELLAMA_INSTRUCTIONS=name)
                if line["instructions"] == name:
                    speeds[name].append(line["decode"]["1"]["tokensPerSecond"])
        cells = [f"{statistics.median(found):.0f}" if found else "" for found in speeds.values()]
        print(f"| {form} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="134m")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--decode", type=int, default=64)
    parser.add_argument("--batch", default="1,16")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--sets", action="store_true")
    options = parser.parse_args()
    if options.sets:
        return sets(options, ["--prompt", options.prompt, "--decode", options.decode, "--repeat", 2])
    peer = PYTHON.exists()
    if not peer:
        print("bench: llama-cpp-python is not installed; ours alone", file=sys.stderr)
    common = ["--prompt", options.prompt, "--decode", options.decode, "--batch", options.batch, "--repeat", 2]
    print(f"\n{options.size} LLaMA of random weights, prompt {options.prompt}, then {options.decode} tokens a sequence\n")
    print("| weights | what | floor, tokens/s | ours | of the floor | of the bandwidth | llama.cpp | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for form in options.formats.split(","):
        model = peer_model(options.size, form) if peer else None
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(run([DRIVER, "--size", options.size, "--format", form, *common]))
            if model:
                threads = ours[-1]["threads"]
                theirs.append(run([PYTHON, HERE / "peers" / "llama_cpp_peer.py", model, "--threads", threads, *common]))
        row(form, f"prompt of {options.prompt}", [line["prompt"]["tokensPerSecond"] for line in ours],
            [line["prompt"]["floorTokensPerSecond"] for line in ours], [line["prompt"] for line in theirs])
        for batch in options.batch.split(","):
            row(form, f"decode, {batch} at once", [line["decode"][batch]["tokensPerSecond"] for line in ours],
                [line["decode"][batch]["floorTokensPerSecond"] for line in ours],
                [line["decode"][batch] for line in theirs],
                [line["decode"][batch]["bandwidthShare"] for line in ours])


main()
