# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""bench.py: five-shot MedQA by the likelihood of the letters, ours beside lm-evaluation-harness on transformers.

Ours is an `evaluate.task` job of a running stack: gateway, queue, evaluator, tokenizer and inference. The peer's own engine
(HFLM) scores the letters after the same prompts: those whose SHA-256 our rows tell. Both have one LLaMA of 134 M random weights
and five worked examples, the same before every question. The two take turns: half of ours, half of theirs, and again. Loading is
in neither time. lm-eval computes a prompt once for its letters; ours also computes the examples once for all questions.
"""
import argparse
import glob
import hashlib
import json
import logging
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

import torch
from transformers import LlamaConfig, LlamaForCausalLM

logging.disable(logging.WARNING)
VENV = pathlib.Path(os.environ["BENCH_VENV"])
MELLAMA = os.environ["MELLAMA"]
ROOT = pathlib.Path(__file__).resolve().parents[4]


def make_model(folder, dtype):
    if (folder / "config.json").exists():
        return
    torch.manual_seed(0)
    configuration = LlamaConfig(
        vocab_size=32000, hidden_size=768, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=12,
        num_key_value_heads=12, max_position_embeddings=4096, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False, bos_token_id=1, eos_token_id=2)
    LlamaForCausalLM(configuration).to(getattr(torch, dtype)).save_pretrained(folder)
    shutil.copy(os.environ["TOKENIZER"], folder / "tokenizer.model")
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "bos_token": "<s>", "eos_token": "</s>",
         "unk_token": "<unk>"}))


def prompts(rows, shots):
    """As our evaluator writes them (Table A2); the run ends where a prompt's digest is not that of our row."""
    texts = json.loads((ROOT / "Shared/MedicalBenchmark/Data/evaluation-prompts.json").read_text())["evaluation_A2"]
    head, middle, tail = next(text["template"] for text in texts if text["name"] == "MedQA").split("{text}")

    def ask(row):
        options = sorted(row["options"].items())
        start = head.replace("from A to E.", f"from A to {options[-1][0]}.")
        return start + row["question"] + middle + "\n".join(f"{key}. {text}" for key, text in options) + tail

    examples = "".join(ask(row) + " " + row["answer_idx"] + "\n\n" for row in shots)
    return [examples + ask(row) for row in rows]


class Stack:
    def __init__(self, data):
        self.state = tempfile.mkdtemp()
        up = subprocess.run([MELLAMA, "up", "--detach", "--state", self.state, "--data-root", str(data)],
                            capture_output=True, text=True, check=True)
        self.url = up.stdout.strip().splitlines()[-1]

    def stop(self):
        subprocess.run([MELLAMA, "down", "--state", self.state], capture_output=True)
        shutil.rmtree(self.state, ignore_errors=True)

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, body and json.dumps(body).encode())
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def evaluate(self, **payload):
        """The job's output, its rows, and seconds from submission to its end."""
        start = time.perf_counter()
        job = json.loads(self.ask("/v1/jobs", {"kind": "evaluate.task", "payload": payload}))["id"]
        self.ask(f"/v1/jobs/{job}/events")  # a stream that closes when the job has ended
        seconds = time.perf_counter() - start
        told = json.loads(self.ask(f"/v1/jobs/{job}"))
        if told["state"] != "succeeded":
            raise SystemExit(f"bench: the evaluation is {told['state']}: {told.get('error')}")
        output = told["result"]["output"]
        return output, [json.loads(line) for line in self.ask(f"/v1/artifacts/{output['rows']}").splitlines()], seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--peer-items", type=int, default=200)
    parser.add_argument("--shots", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8, help="prompts that lm-eval computes at a time")
    parser.add_argument("--dtype", default="bfloat16")
    options = parser.parse_args()
    if options.shots < 1:
        parser.error("at least one worked example")
    folder = VENV / "medqa"
    folder.mkdir(exist_ok=True)
    model = folder / f"model-{options.dtype}"
    make_model(model, options.dtype)
    source = sorted(glob.glob(os.environ["MELLAMA_DATA"] + "/medqa/*.jsonl"))[0]
    lines = pathlib.Path(source).read_text(encoding="utf8").splitlines()
    half = options.items // 2
    parts = {"first": lines[:half], "second": lines[half:options.items], "shots": lines[-options.shots:],
             "warm": lines[-options.shots - 3:-options.shots]}
    for name, part in parts.items():
        (folder / f"{name}.jsonl").write_text("".join(line + "\n" for line in part), encoding="utf8")
    rows = {name: [json.loads(line) for line in part] for name, part in parts.items()}

    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    peer = HFLM(pretrained=str(model), device="cpu", dtype=options.dtype, batch_size=options.batch, max_length=4096,
                add_bos_token=True)
    letters = sorted(rows["first"][0]["options"])

    def score(texts):
        requests = [Instance(request_type="loglikelihood", doc={}, arguments=(text, " " + letter), idx=index)
                    for index, text in enumerate(texts) for letter in letters]
        start = time.perf_counter()
        answers = peer.loglikelihood(requests, disable_tqdm=True)
        seconds = time.perf_counter() - start
        width = len(letters)
        return [dict(zip(letters, (value for value, _ in answers[at:at + width]))) for at in range(0, len(answers), width)], seconds

    stack = Stack(folder)
    ours, theirs, times = [], [], {"ours": 0.0, "peer": 0.0}
    tokens = []
    try:
        # Loads the model, and computes none of what is measured.
        stack.evaluate(model=model.name, task="medqa", data="warm.jsonl", mode="loglikelihood")
        for name in ["first", "second"]:
            output, told, seconds = stack.evaluate(
                model=model.name, task="medqa", data=f"{name}.jsonl", shots=options.shots, shotsData="shots.jsonl",
                mode="loglikelihood")
            times["ours"] += seconds
            texts = prompts(rows[name], rows["shots"])
            for row, text in zip(told, texts, strict=True):
                if row["promptSHA256"] != hashlib.sha256(text.encode()).hexdigest() or row["truncated"]:
                    raise SystemExit(f"bench: item {row['id']} was asked with another prompt")
            few = texts[:max(1, options.peer_items // 2)]
            tokens += [len(peer.tok_encode(text)) for text in few]
            scores, seconds = score(few)
            times["peer"] += seconds
            ours += told[:len(few)]
            theirs += scores
            print(f"{name} half: ours {times['ours']:.1f} s, lm-eval {times['peer']:.1f} s so far", flush=True)
    finally:
        stack.stop()
    speeds = {"ours": 2 * half / times["ours"], "lm-eval": len(theirs) / times["peer"]}
    apart = max(abs(row["scores"][letter] - score[letter]) for row, score in zip(ours, theirs) for letter in letters)
    same = sum(max(letters, key=row["scores"].get) == max(letters, key=score.get) for row, score in zip(ours, theirs))
    print(f"\n134 M LLaMA of random weights in {options.dtype}, {options.shots}-shot MedQA, {sum(tokens) / len(tokens):.0f} tokens a "
          f"prompt\n\n| what | items | seconds | items/s |\n| --- | --- | --- | --- |")
    print(f"| ours, a job of a stack | {2 * half} | {times['ours']:.1f} | {speeds['ours']:.2f} |")
    print(f"| lm-eval | {len(theirs)} | {times['peer']:.1f} | {speeds['lm-eval']:.2f} |")
    print(f"| ratio | | | {speeds['ours'] / speeds['lm-eval']:.1f} |")
    print(f"\nThe same letter in {same} of {len(ours)} items; scores at most {apart:.4f} nats apart.")


main()
