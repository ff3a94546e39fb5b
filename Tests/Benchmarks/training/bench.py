# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""bench.py: training, ours beside PyTorch, on this machine and in this run.

Ours and the peer take turns (A B A B); a run's speed is that of its median step, and figures are medians over the rounds.
The floor is what the machine's matrix product allows: our driver measures one large product after its last step, and the
fraction is the run's operations over it.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DRIVER = os.environ["TRAINING_DRIVER"]
PYTHON = pathlib.Path(os.environ["BENCH_VENV"]) / "torch" / "bin" / "python"
WORKLOADS = {
    "full, float32": ["--precision", "float32"],
    "full, bfloat16": ["--precision", "bfloat16"],
    "LoRA on all projections, bfloat16": ["--precision", "bfloat16", "--lora", "yes"],
}
# Name, what is trained, and whether the peer has the same. A first step of 7 B takes minutes: it is not in the sweep unless
# asked for.
SIZES = {
    "15m": ("15 M, full", ["--size", "15m"], True),
    "134m": ("134 M, full", [], True),
    "1b": ("1.1 B, LoRA on all projections", ["--size", "1b", "--lora", "yes"], True),
    "7b": ("7 B, LoRA on all projections over Q8_0, 1 row",
           ["--size", "7b", "--lora", "yes", "--base", "q8_0", "--recompute", "block", "--batch", 1], False),
}


def run(command):
    # The variables that narrow OpenBLAS's choice of kernels are left out, for both sides.
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def median(lines, field):
    return statistics.median(line[field] for line in lines)


MEASURED = {}


def measure(arguments, rounds, peer):
    """Lines of ours and of the peer; what was measured in this run is not measured again."""
    key = tuple(str(part) for part in arguments)
    if key not in MEASURED:
        MEASURED[key] = rounds_of(arguments, rounds, peer)
    return MEASURED[key]


def rounds_of(arguments, rounds, peer):
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(run([DRIVER, *arguments]))
        if peer:
            try:
                theirs.append(run([PYTHON, HERE / "peers" / "torch_peer.py", *arguments]))
            except RuntimeError as error:   # the peer may not fit where ours does
                print(f"bench: {error}", file=sys.stderr)
    return ours, theirs


def row(name, ours, theirs):
    speed, peak = median(ours, "tokensPerSecond"), median(ours, "peakBytes")
    fraction = statistics.median(line["gigaflops"] / line["ceilingGigaflops"] for line in ours)
    floor = statistics.median(
        line["tokensPerSecond"] * line["ceilingGigaflops"] / line["gigaflops"] for line in ours)
    planned = statistics.median(line["plannedBytes"] / line["peakBytes"] for line in ours)
    cells = [name, f"{floor:.0f}", f"{speed:.0f}", f"{fraction:.0%}"]
    if theirs:
        other, memory = median(theirs, "tokensPerSecond"), median(theirs, "peakBytes")
        cells += [f"{other:.0f}", f"{speed / other:.2f}", f"{peak / 1e9:.2f}", f"{memory / 1e9:.2f}", f"{peak / memory:.2f}"]
    else:
        cells += ["", "", f"{peak / 1e9:.2f}", "", ""]
    print("| " + " | ".join(cells + [f"{planned:.2f}"]) + " |", flush=True)


def table(title):
    print(f"\n{title}\n")
    print("| workload | floor, tokens/s | ours | of the floor | PyTorch | ratio | ours, peak GB | PyTorch | ratio | planned / peak |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)


def ranks(precision, rounds, common):
    """Two ranks of one thread beside one rank of two, the same rows a step."""
    # Micro-batches of the same size on both sides, and twice as many for the one that is alone.
    arguments = [*common, "--precision", precision]
    together = ["mpirun", "-np", 2, "--bind-to", "none", "--oversubscribe", *(["--allow-run-as-root"] if os.geteuid() == 0 else [])]
    one, two = [], []
    for _ in range(rounds):
        one.append(run([DRIVER, *arguments, "--threads", 2, "--accumulation", 2]))
        two.append(run([*together, DRIVER, *arguments, "--threads", 1]))
    alone, both = median(one, "tokensPerSecond"), median(two, "tokensPerSecond")
    print(f"| {precision} | {alone:.0f} | {both:.0f} | {both / alone:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--sweep", action="store_true", help="also by sequence length and by model size")
    parser.add_argument("--sweep-steps", type=int, default=2, help="steps of a run of the sweep")
    parser.add_argument("--lengths", default="128,256,512,1024,2048,4096", help="sequence lengths of the sweep")
    parser.add_argument("--sizes", default="15m,134m,1b", help="model sizes of the sweep")
    options = parser.parse_args()
    unknown = set(options.sizes.split(",")) - set(SIZES)
    if unknown:
        parser.error(f"there is no size {unknown.pop()}; take {', '.join(SIZES)}")
    peer = PYTHON.exists()
    if not peer:
        print("bench: PyTorch is not installed; ours alone", file=sys.stderr)
    common = ["--steps", options.steps]
    table("134 M LLaMA, sequence 512, batch 4")
    for name, arguments in WORKLOADS.items():
        row(name, *measure([*common, *arguments], options.rounds, peer))
    if shutil.which("mpirun"):
        print("\n2 ranks x 1 thread against 1 rank x 2 threads, 134 M, full, sequence 512, 8 rows a step\n")
        print("| precision | 1 rank, tokens/s | 2 ranks | ratio |\n| --- | --- | --- | --- |", flush=True)
        for precision in ("float32", "bfloat16"):
            ranks(precision, options.rounds, common)
    else:
        print("bench: Open MPI is not installed; no ranks", file=sys.stderr)
    if not options.sweep:
        return
    short = ["--steps", options.sweep_steps, "--precision", "bfloat16"]
    lengths = [int(length) for length in options.lengths.split(",")]
    tokens = max(lengths)
    table(f"By sequence length, 134 M, full, bfloat16, {tokens:,} tokens a step")
    for length in lengths:
        row(f"{length:,}", *measure([*short, "--seq", length, "--batch", tokens // length], 1, peer))
    table("By model size, bfloat16, sequence 512, batch 4")
    for size in options.sizes.split(","):
        name, arguments, theirs = SIZES[size]
        if size == "134m":      # measured above
            arguments = [*common, *WORKLOADS["full, bfloat16"]]
        else:
            arguments = [*short, *arguments]
        row(name, *measure(arguments, 1, peer and theirs))


if __name__ == "__main__":
    main()
