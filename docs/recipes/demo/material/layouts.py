# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Made-up records in the layouts of the benchmark's data sets that are not free to have: they show that a task runs.

Twelve records to ask and twelve for worked examples of each. The facts come from the tables beside this file; the patients and
their reports are invented.
"""

import csv
import io
import json

from . import conditions, drugs

SPECIALTIES = ["Cardiovascular / Pulmonary", "Neurology", "Orthopedic", "Urology", "Gastroenterology", "Radiology"]


def small(text):
    return text[:1].lower() + text[1:]


def rows(columns, records, dialect="excel"):
    out = io.StringIO()
    writer = csv.writer(out, dialect, lineterminator="\n")
    writer.writerows([columns, *records] if columns else records)
    return out.getvalue()


def json_lines(items):
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def emrqa(pairs):
    return json.dumps({"data": [{"title": "medication", "paragraphs": [
        {"note_id": f"{index}", "context": [f"Invented note {index}.\n", f"The patient has {small(condition['name'])}.\n",
                                            f"{drug['name']} was started for {drug['uses'][0]}.\n"],
         "qas": [{"id": [["q", f"{index}"], "0"], "question": ["Why was the drug started?", "What is it for?"],
                  "answers": [{"text": "", "evidence": f"{drug['name']} was started for {drug['uses'][0]}.", "evidence_start": 3}]}]}
        for index, (condition, drug) in enumerate(pairs)]}]}, ensure_ascii=False, indent=1) + "\n"


def i2b2(pairs):
    def record(condition, drug):
        problem, test, treatment = condition["symptoms"][0], condition["tests"][0], drug["name"]
        marked = (f'<span class="problem">{problem}</span> was seen on <span class="test">{test}</span> and treated with '
                  f'<span class="treatment">{treatment}</span> .')
        return ["### Input Text: " + f"{problem} was seen on {test} and treated with {treatment} .", marked]
    return rows(["unprocessed", "processed"], [record(*pair) for pair in pairs])


def mtsamples(pairs):
    return rows(["", "description", "medical_specialty", "sample_name", "transcription", "keywords"], [
        [index, "invented", " " + SPECIALTIES[index % len(SPECIALTIES)], f"sample {index}",
         f"HISTORY:, An invented patient with {condition['symptoms'][0]}. PLAN:, {condition['tests'][0]}.", ""]
        for index, (condition, _) in enumerate(pairs)])


def summaries(pairs):
    return json_lines({
        "article_id": f"made-up-{index}",
        "article_text": [f"{condition['name']} is {condition['what']} .", f"It shows itself by {', '.join(condition['symptoms'])} .",
                         f"Useful tests are {', '.join(condition['tests'])} ."],
        "abstract_text": [f"<S> {condition['name']} shows itself by {condition['symptoms'][0]} . </S>",
                          f"<S> It is found by {condition['tests'][0]} . </S>"],
        "labels": None, "section_names": ["a"], "sections": [[]]} for index, (condition, _) in enumerate(pairs))


def reports(pairs):
    return rows(["study", "impression", "findings", "last_paragraph", "comparison"], [
        [f"s{index}", f"No sign of {small(condition['name'])}.",
         f"Asked for because of {condition['symptoms'][0]}. The lungs are clear. The heart is of normal size.", "", ""]
        for index, (condition, _) in enumerate(pairs)])


def bionli(pairs):
    def record(index, condition):
        claim = f"{condition['name']} may lead to {condition['complications'][0]}."
        said = claim if index % 2 == 0 else claim.replace("may lead to", "protects from")
        return [index, "x", said, index, "pos" if index % 2 == 0 else "LPR", claim, index,
                f"Patients with {small(condition['name'])} were followed. Some had {condition['complications'][0]}."]
    return rows(["", "abstract", "conclusion", "index", "label_cat", "ori_conclusion", "pmid", "supp_set"],
                [record(index, condition) for index, (condition, _) in enumerate(pairs)])


def mednli(pairs):
    def record(index, condition):
        label = ["entailment", "contradiction", "neutral"][index % 3]
        second = {"entailment": f"The patient has {condition['symptoms'][0]}.", "contradiction": "The patient has no complaints.",
                  "neutral": "The patient is married."}[label]
        return {"gold_label": label, "sentence1": f"An invented patient comes with {condition['symptoms'][0]}.", "sentence2": second,
                "pairID": f"made-up-{index}"}
    return json_lines(record(index, condition) for index, (condition, _) in enumerate(pairs))


def files():
    pairs = list(zip(conditions.load(), drugs.load()))
    test, train = pairs[:12], pairs[12:24]
    result = {"mtsamples.csv": mtsamples(pairs[:24]), "mimic_cxr_sectioned.csv": reports(pairs[:24])}
    for split, part in (("train", train), ("test", test)):
        result |= {
            f"emrqa/{split}.json": emrqa(part), f"i2b2-2012/{split}.csv": i2b2(part),
            f"pubmed-summarization/{split}.txt": summaries(part), f"bionli/{split}.csv": bionli(part),
            f"mednli/mli_{split}_v1.jsonl": mednli(part)}
    return {f"benchmark/{name}": text for name, text in result.items()}
