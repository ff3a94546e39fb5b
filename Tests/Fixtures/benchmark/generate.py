#!/usr/bin/env python3
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Writes the small benchmark files beside it: items of our own writing in the publishers' layouts."""
import csv
import json
from pathlib import Path

here = Path(__file__).parent

# Keys deliberately out of numerical order: the order of the file counts.
pubmedqa = {
    "90000003": ("Does a daily walk lower resting heart rate in adults?",
                 ["Sixty adults walked for thirty minutes each day for twelve weeks.",
                  "Resting heart rate fell by six beats a minute against two in the control group."], "yes"),
    "90000001": ("Is the length of a finger related to lung volume?",
                 ["We measured fingers and lung volume in two hundred volunteers.",
                  "No correlation was found at any age."], "no"),
    "90000007": ("Can humming shorten a common cold?",
                 ["Nineteen volunteers hummed twice daily.", "The group was too small to tell a difference."], "maybe"),
    "90000002": ("Do reminders by letter raise attendance at eye checks?",
                 ["Half of the patients of one practice received a letter.",
                  "Attendance rose from 40 to 61 in a hundred."], "yes"),
    "90000005": ("Does blue ink improve the reading of prescriptions?",
                 ["Pharmacists read forty prescriptions in blue and forty in black ink.",
                  "Errors were equally frequent."], "no"),
    "90000004": ("Is shade associated with fewer sunburns at school?",
                 ["Schools with trees over the yard reported half as many sunburns."], "yes"),
}
records = {key: {"QUESTION": q, "CONTEXTS": c, "LABELS": ["METHODS", "RESULTS"][: len(c)], "MESHES": [], "YEAR": "2020",
                 "reasoning_required_pred": d, "reasoning_free_pred": d, "final_decision": d, "LONG_ANSWER": c[-1]}
           for key, (q, c, d) in pubmedqa.items()}
(here / "pubmedqa").mkdir(exist_ok=True)
(here / "pubmedqa" / "test_set.json").write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n")

medqa = [
    ("Which vessel returns blood from the lungs to the heart?",
     ["Aorta", "Pulmonary artery", "Pulmonary vein", "Superior vena cava", "Coronary sinus"], "C"),
    ("Which vitamin is made in the skin under sunlight?",
     ["Vitamin A", "Vitamin C", "Vitamin K", "Vitamin D", "Vitamin B12"], "D"),
    ("A knee does not bend. Which joint is stiff?", ["Hip", "Knee", "Ankle", "Elbow", "Wrist"], "B"),
]
(here / "medqa").mkdir(exist_ok=True)
for name, count in (("dev", 5), ("4_options_dev", 4)):
    folder = here / "medqa" / ("five" if count == 5 else "four")
    folder.mkdir(exist_ok=True)
    with open(folder / f"{name}.jsonl", "w") as out:
        for question, options, answer in medqa:
            lettered = dict(zip("ABCDE", options[:count]))
            out.write(json.dumps({"question": question, "answer": lettered[answer], "options": lettered,
                                  "meta_info": "step1", "answer_idx": answer}) + "\n")

medmcqa = [
    ("own-0", "Which organ makes insulin?", ["Liver", "Pancreas", "Spleen", "Kidney"], 1),
    ("own-1", "How many chambers has the human heart?", ["Four", "Two", "Three", "Five"], 0),
    ("own-2", "Which bone is in the upper arm?", ["Femur", "Tibia", "Ulna", "Humerus"], 3),
    ("own-3", "Which sense fails in anosmia?", ["Taste", "Hearing", "Smell", "Sight"], 2),
]
(here / "medmcqa").mkdir(exist_ok=True)
with open(here / "medmcqa" / "validation.jsonl", "w") as out:
    for identity, question, options, right in medmcqa:
        out.write(json.dumps({"id": identity, "question": question, "opa": options[0], "opb": options[1],
                              "opc": options[2], "opd": options[3], "cop": right, "choice_type": "single"}) + "\n")


def mmlu(split, subject, rows):
    (here / "mmlu" / split).mkdir(parents=True, exist_ok=True)
    with open(here / "mmlu" / split / f"{subject}_{split}.csv", "w", newline="") as out:
        csv.writer(out, lineterminator="\r\n").writerows(rows)


mmlu("dev", "anatomy", [[f"Which is tooth number {n}?", "One", "Two", "Three", "Four", "ABCD"[n % 4]] for n in range(5)])
mmlu("dev", "college_biology", [[f"Cell question {n}?", "Wall", "Core", "Skin", "Tail", "DCBA"[n % 4]] for n in range(5)])
mmlu("test", "anatomy", [
    ["Which part is \"red, soft and wet\"?\nChoose one.", "The tongue, mostly", "The nail", "A hair", "A bone", "A"],
    ["Where is the femur?", "Arm", "Leg", "Head", "Hand", "B"],
])
mmlu("test", "college_biology", [["What holds a cell's plan?", "DNA", "Fat", "Salt", "Water", "A"]])
