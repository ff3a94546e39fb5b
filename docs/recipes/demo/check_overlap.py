#!/usr/bin/env python3
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Shows that the demo's benchmark is not in its training text, and that the benchmark is what README.md says it is.

    python3 docs/recipes/demo/check_overlap.py

Words are runs of letters and digits in lower case. Fails (exit 1) when
 - eight words in a row of a test question, or of a passage it is asked about, occur in the corpus or in the instruction samples;
 - a population, intervention, comparison or outcome of the benchmark occurs in a training study, or shares its name with one;
 - the same context or question occurs twice in the benchmark;
 - the classes are further than two points from 45, 35 and 20 %;
 - a question is longer than 25 words or a context longer than 90.
Standard library only.
"""

import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from material import studies  # noqa: E402

SIZE = 8
TRAINING = "benchmark/pubmedqa-train.json"
CLASSES = {"yes": 0.45, "no": 0.35, "maybe": 0.20}


def words(text):
    return re.findall(r"[^\W_]+", text.lower())


def grams(text):
    found = words(text)
    return {tuple(found[i:i + SIZE]) for i in range(len(found) - SIZE + 1)}


def training_texts():
    for path in sorted([*FOLDER.glob("*.jsonl"), *FOLDER.glob("corpus/*.jsonl")]):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.name, " \n ".join(value for key, value in json.loads(line).items() if key != "id")
    for item in json.loads((FOLDER / TRAINING).read_text(encoding="utf-8")).values():
        yield TRAINING, " \n ".join([item["QUESTION"], *item["CONTEXTS"], item["final_decision"]])


def names(text):
    found = set()
    for topic in studies.topics(text):
        found |= {topic["population"], *topic["interventions"], *topic["comparisons"], *(outcome["name"] for outcome in topic["outcomes"])}
    return found


def main():
    items = json.loads((FOLDER / "benchmark" / "pubmedqa.json").read_text(encoding="utf-8"))
    problems = []
    known, documents, study_text = set(), 0, []
    for file, text in training_texts():
        known |= grams(text)
        documents += 1
        if file == TRAINING:
            study_text.append(" ".join(words(text)))
    study_text = "\n".join(study_text)

    for identifier, item in items.items():
        for part in [item["QUESTION"], *item["CONTEXTS"], item["LONG_ANSWER"]]:
            for gram in sorted(grams(part) & known):
                problems.append(f"{identifier}: in the training text: {' '.join(gram)}")
        if len(item["QUESTION"].split()) > 25:
            problems.append(f"{identifier}: the question has more than 25 words")
        if len(" ".join(item["CONTEXTS"]).split()) > 90:
            problems.append(f"{identifier}: the context has more than 90 words")

    for name in sorted(names(studies.TEST_TOPICS)):
        if f" {' '.join(words(name))} " in study_text or name in names(studies.TRAINING_TOPICS):
            problems.append(f"a name of the benchmark occurs in a training study: {name}")

    for what, values in (("question", [item["QUESTION"] for item in items.values()]), ("context", ["\n".join(item["CONTEXTS"]) for item in items.values()])):
        if len(set(values)) != len(values):
            problems.append(f"a {what} occurs twice in the benchmark")

    shares = {name: sum(item["final_decision"] == name for item in items.values()) / len(items) for name in CLASSES}
    for name, share in CLASSES.items():
        if abs(shares[name] - share) > 0.02:
            problems.append(f"class {name} is {shares[name]:.1%}, not about {share:.0%}")

    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(items)} test items against {documents} training documents ({len(known)} distinct runs of {SIZE} words): {len(problems)} problems; "
          + ", ".join(f"{name} {share:.1%}" for name, share in shares.items()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
