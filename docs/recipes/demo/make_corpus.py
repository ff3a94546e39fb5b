#!/usr/bin/env python3
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Composes the demo's corpus, instruction samples and benchmark from the hand-written material beside it.

    python3 docs/recipes/demo/make_corpus.py            # writes the files into this folder
    python3 docs/recipes/demo/make_corpus.py --check    # fails if a committed file differs from what would be written

Python 3.10 or later, standard library only, one seed: the same bytes come out on every machine. (Only Random.random() is used, whose sequence Python
promises to keep, so that a newer interpreter does not change the files.)
"""

import json
import math
import pathlib
import random
import sys

sys.dont_write_bytecode = True
FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from material import cases, conditions, drugs, everyday, layouts, nature, physiology, studies  # noqa: E402



class Dice:
    """Draws from one seeded sequence; each part of the data has its own, so that a change in one part leaves the others alone."""

    def __init__(self, name):
        self.random = random.Random(f"mellama demo 1 {name}").random

    def whole(self, low, high):
        return low + int(self.random() * (high - low + 1))

    def number(self, low, high):
        return low + self.random() * (high - low)

    def pick(self, items):
        return items[int(self.random() * len(items))]

    def chance(self, share):
        return self.random() < share

    def shuffled(self, items):
        items = list(items)
        for i in range(len(items) - 1, 0, -1):
            j = int(self.random() * (i + 1))
            items[i], items[j] = items[j], items[i]
        return items

    def some(self, items, count):
        return self.shuffled(items)[:count]


def capital(text):
    return text[:1].upper() + text[1:]


def small(text):
    """The first letter in lower case, unless the word is an abbreviation or a name."""
    word = text.split(" ")[0]
    named = {"Parkinson", "Alzheimer", "Crohn", "Cushing", "Addison", "HIV"}
    return text if word in named or word[1:2].isupper() else text[:1].lower() + text[1:]


def listed(items, word="and"):
    if len(items) == 1:
        return items[0]
    if len(items) == 2:
        return f"{items[0]} {word} {items[1]}"
    return ", ".join(items[:-1]) + f" {word} {items[-1]}"


def number(value, digits):
    return f"{math.floor(value * 10 ** digits + 0.5) / 10 ** digits:.{digits}f}"


# Studies

def measured(dice, outcome, verdict):
    """Values of the intervention and of the comparison, with a p value, that agree with the verdict."""
    low, high, digits = outcome["low"], outcome["high"], outcome["digits"]
    span = high - low
    size = {"yes": dice.number(0.45, 0.85), "no": dice.number(0.0, 0.06), "maybe": dice.number(0.18, 0.34)}[verdict] * span
    if verdict == "no" and dice.chance(0.4):
        size = -size
    if outcome["less"]:
        comparison = dice.number(low + span * 0.88, high)
        treated = comparison - size
    else:
        comparison = dice.number(low, low + span * 0.12)
        treated = comparison + size
    unit = "%" if outcome["unit"] == "%" else " " + outcome["unit"]
    p = {"yes": lambda: dice.pick(["< 0.001", "= 0.001", "= 0.002", "= 0.003", "< 0.01"]), "no": lambda: "= 0." + str(dice.whole(38, 94)),
         "maybe": lambda: "= 0." + dice.pick(["06", "07", "08", "09", "10", "11"])}[verdict]()
    return number(treated, digits) + unit, number(comparison, digits) + unit, p


def bare(phrase):
    """Without its article, to stand before "arm"."""
    first, _, rest = phrase.partition(" ")
    return rest if first in ("a", "an", "the") else phrase


def agreement(phrase):
    many = phrase in studies.PLURAL
    return {"does": "do" if many else "does", "Does": "Do" if many else "Does", "is": "are" if many else "is", "Is": "Are" if many else "Is", "was": "were" if many else "was",
            **{verb + "s": verb if many else verb + "s" for verb in ("offer", "help", "deserve", "add")}}


def study(dice, topic, verdict, world, intervention=None, outcome=None):
    outcome = outcome or dice.pick(topic["outcomes"])
    intervention = intervention or dice.pick(topic["interventions"])
    comparison = dice.pick(topic["comparisons"])
    treated, control, p = measured(dice, outcome, verdict)
    verbs = ("reduce", "reduced", "reducing", "lower") if outcome["less"] else ("improve", "improved", "improving", "higher")
    people = dice.whole(24, 64) if verdict == "maybe" and dice.chance(0.5) else dice.whole(60, 480)
    words = {"x": intervention, "X": capital(intervention), "c": comparison, "C": capital(comparison), "o": outcome["name"], "O": capital(outcome["name"]),
             "a": treated, "b": control, "p": p, "pop": topic["population"], "verb": verbs[0], "past": verbs[1], "gerund": verbs[2], "cmp": verbs[3],
             **agreement(intervention), "xb": bare(intervention), "cb": bare(comparison), "n": str(people), "N": f"{people}", "w": str(dice.whole(4, 26)), "m": str(dice.whole(3, 18)), "k": str(dice.whole(2, 9)), "q": str(dice.whole(3, 14))}
    pools = {
        "training": (studies.TRAINING_METHODS, studies.TRAINING_NEUTRAL, studies.TRAINING_FINDINGS, studies.TRAINING_SUPPORT, studies.TRAINING_QUESTIONS, studies.CONCLUSIONS),
        "test": (studies.TEST_METHODS, studies.TEST_NEUTRAL, studies.TEST_FINDINGS, studies.TEST_SUPPORT, studies.TEST_QUESTIONS, studies.TEST_CONCLUSIONS),
    }[world]
    methods, neutral, findings, support, questions, conclusions = pools
    text = {"question": dice.pick(questions).format(**words), "method": dice.pick(methods).format(**words), "finding": dice.pick(findings[verdict]).format(**words),
            "support": dice.pick(support[verdict]), "conclusion": dice.pick(conclusions[verdict]).format(**words), "neutral": dice.pick(neutral).format(**words)}
    return {**text, "words": words, "verdict": verdict, "heading": topic["heading"]}


def passages_of(dice, item):
    """The two short passages a reader is given: how the study was done, and what it found."""
    method = item["method"] + (" " + item["neutral"] if dice.chance(0.45) else "")
    result = item["finding"] + (" " + item["support"] if dice.chance(0.55) else "")
    return [method, result]


def abstracts(dice, count):
    """Abstracts of invented trials for the corpus, from the training world."""
    topics = studies.topics(studies.TRAINING_TOPICS)
    result = []
    for index in range(count):
        topic = topics[index % len(topics)]
        verdict = ["yes", "no", "maybe"][int(dice.random() * 3)]
        item = study(dice, topic, verdict, "training")
        words = item["words"]
        second = None
        if dice.chance(0.5):
            other = [outcome for outcome in topic["outcomes"] if outcome["name"] != words["o"]]
            second = study(dice, topic, dice.pick(["yes", "no"]), "training", intervention=words["x"], outcome=dice.pick(other))
        opening = dice.pick(studies.OPENINGS).format(**words)
        aim = dice.pick(["We asked whether {x} can {verb} {o}.", "This study tested whether {x} would {verb} {o}.", "Our aim was to compare {x} with {c}.",
                         "The effect of {x} on {o} was studied."]).format(**words)
        results = item["finding"] + (" " + item["support"] if dice.chance(0.5) else "")
        if second:
            results += " " + dice.pick(["As to secondary outcomes, ", "In addition, ", "Secondly, "]) + second["finding"][:1].lower() + second["finding"][1:]
        neutral = " " + item["neutral"] if dice.chance(0.6) else ""
        # An abstract that begins with a question ends with its answer, as a busy reader would note it.
        short = dice.pick(["In short: {a}.", "The answer is {a}.", "So the answer is {a}."]).format(a=verdict)
        form = dice.whole(0, 3)
        if form == 0:
            text = f"Objective: {aim} Methods: {item['method']}{neutral} Results: {results} Conclusion: {item['conclusion']}"
        elif form == 1:
            text = f"{item['question']} A controlled trial. {opening} {aim} {item['method']}{neutral} {results} {item['conclusion']} {short}"
        elif form == 2:
            text = f"{opening} {item['method']} {results}{neutral} In conclusion, {small_conclusion(item['conclusion'])}"
        else:
            text = f"Background: {opening} Question: {item['question']} Design: {item['method']}{neutral} Findings: {results} Interpretation: {item['conclusion']} {short}"
        result.append(text)
    return result


def small_conclusion(text):
    return text[:1].lower() + text[1:]


def cohorts(dice):
    result = []
    for population, exposure, outcome in studies.triples(studies.COHORTS):
        for _ in range(2):
            people, years = dice.whole(8, 96) * 100 + dice.whole(1, 99), dice.whole(3, 15)
            linked = dice.chance(0.55)
            ratio = dice.number(1.3, 2.2) if linked else dice.number(0.96, 1.06)
            low, high = ratio * dice.number(0.82, 0.9), ratio * dice.number(1.12, 1.25)
            first = dice.pick([f"Is {exposure} linked to {outcome}?", f"We studied the relation between {exposure} and {outcome}.",
                               f"Whether {exposure} goes together with {outcome} is not well known."])
            middle = dice.pick([f"In a cohort of {people} {population} we recorded {exposure} at the start and followed everyone for {years} years.",
                                f"Data came from {people} {population}, who filled in a questionnaire every second year; follow-up lasted {years} years.",
                                f"We followed {people} {population} for {years} years on average."])
            adjusted = dice.pick(["After adjustment for age, sex and smoking", "In the adjusted model", "When other factors were taken into account"])
            if linked:
                end = (f"{adjusted}, {exposure} was associated with {outcome} (hazard ratio {number(ratio, 2)}, 95% CI {number(low, 2)}–{number(high, 2)}). "
                       + dice.pick(["The association does not prove a cause.", "Confounding by other habits remains possible.", "The relation was stronger with longer exposure."]))
            else:
                end = (f"{adjusted}, no association between {exposure} and {outcome} was found (hazard ratio {number(ratio, 2)}, 95% CI {number(low, 2)}–{number(high, 2)}). "
                       + dice.pick(["The interval leaves room for a small effect only.", "An earlier report may have been a chance finding."]))
            result.append(f"{first} {middle} {end}")
    return result


def diagnostics(dice):
    result = []
    for population, test, target in studies.triples(studies.DIAGNOSTICS):
        for _ in range(2):
            people, sick = dice.whole(180, 900), dice.whole(12, 40)
            sensitivity, specificity = dice.whole(71, 97), dice.whole(66, 96)
            ill = people * sick // 100
            positive = ill * sensitivity // 100
            first = dice.pick([f"How well does {test} detect {target}?", f"We examined the accuracy of {test} for {target}.", f"A quick test for {target} would be of use in practice."])
            middle = f"Among {people} {population}, {ill} had {target} by the reference standard."
            end = dice.pick([f"{capital(test)} was positive in {positive} of them: a sensitivity of {sensitivity}% and a specificity of {specificity}%.",
                             f"Sensitivity was {sensitivity}% and specificity {specificity}% for {test}."])
            verdict = ("A negative result makes the disease unlikely." if sensitivity > 90 else "A positive result deserves confirmation, because false positives occur."
                       if specificity < 82 else "The test may help to decide who needs further examination.")
            result.append(f"{first} {middle} {end} {verdict}")
    return result


# Facts

def condition_texts(dice):
    result = []
    for row in conditions.load():
        name, low = row["name"], small(row["name"])
        symptoms, causes, tests, treatments, ends = (row[key] for key in ("symptoms", "causes", "tests", "treatments", "complications"))
        more = " ".join(row["more"])
        one = [dice.pick([f"{name} is {row['what']}.", f"{name}: {row['what']}."]),
               dice.pick([f"Typical symptoms are {listed(dice.shuffled(symptoms))}.", f"Patients may notice {listed(symptoms)}.", f"It shows itself by {listed(symptoms)}."])
               if not symptoms[0].startswith(("usually", "often", "none")) else f"As to symptoms: {'; '.join(symptoms)}.",
               dice.pick([f"Causes and risk factors include {listed(causes)}.", f"Among its causes and risk factors are {listed(causes)}."]),
               dice.pick([f"The diagnosis rests on {listed(tests)}.", f"Useful investigations are {listed(tests)}."]),
               dice.pick([f"Treatment consists of {listed(treatments)}.", f"It is treated with {listed(treatments)}.", f"The mainstays of treatment are {listed(treatments)}."]),
               dice.pick([f"Possible complications are {listed(ends)}.", f"Left alone, it may lead to {listed(ends)}."]), more]
        result.append(" ".join(one))
        two = [f"What is {low}? It is {row['what']}.", f"What causes it? {capital(listed(causes))} play a part." if len(causes) > 1 else f"What causes it? {capital(causes[0])}.",
               f"How is it found? By {listed(tests)}.", f"How is it treated? With {listed(treatments)}.", f"What may follow? {capital(listed(ends, 'or'))}."]
        three = [f"When a patient presents with {listed(dice.some(symptoms, 2))}, {low} should be considered." if not symptoms[0].startswith(("usually", "often", "none"))
                 else f"{name} may be present without any complaint.",
                 f"The doctor asks about {listed(dice.some(causes, 2))} and orders {dice.pick(tests)}.", f"If the diagnosis is confirmed, {listed(dice.some(treatments, 2))} can be offered.",
                 f"The aim is to prevent {listed(dice.some(ends, 2), 'and')}." if len(ends) > 1 else f"The aim is to prevent {ends[0]}.", row["more"][0]]
        result.append(" ".join(two))
        result.append(" ".join(three))
    return result


def drug_texts(dice):
    result = []
    for row in drugs.load():
        name, uses, effects = row["name"], row["uses"], row["effects"]
        result.append(" ".join([
            dice.pick([f"{name} is {row['kind']}.", f"{name} belongs to the drugs known as {plural(row['kind'])}."]) if row["kind"].startswith(("a ", "an ")) else f"{name}: {row['kind']}.",
            f"It {row['mechanism']}.", dice.pick([f"It is used for {listed(uses)}.", f"Doctors prescribe it for {listed(uses)}.", f"Its main uses are {listed(uses)}."]),
            dice.pick([f"Side effects include {listed(effects)}.", f"Unwanted effects are {listed(effects)}.", f"Patients should be told about {listed(effects)}."]), row["caution"]]))
        result.append(" ".join([
            dice.pick([f"How does {small(name)} work? It {row['mechanism']}.", f"{name} {row['mechanism']}."]),
            f"This explains its use for {listed(dice.some(uses, 2))}." if len(uses) > 1 else f"This explains its use for {uses[0]}.",
            f"The most important unwanted effect to remember is {dice.pick(effects)}." if len(effects) > 1 else f"The unwanted effect to remember is {effects[0]}.", row["caution"]]))
    return result


def plural(kind):
    """"a statin" becomes "statins"; a description with a clause behind it keeps the clause."""
    words = kind.split(" ")[1:]
    for stop in ("with", "that", "given", "of", "used"):
        if stop in words:
            place = words.index(stop)
            return " ".join(words[:place - 1] + [many(words[place - 1])] + words[place:])
    return " ".join(words[:-1] + [many(words[-1])])


def many(word):
    return word[:-1] + "ies" if word.endswith("y") else word if word.endswith(("s", "is")) else word + "s"


def biomedical():
    dice = Dice("biomedical")
    return dice.shuffled(condition_texts(dice) + drug_texts(dice) + physiology.load() + abstracts(dice, 270) + cohorts(dice) + diagnostics(dice))


# Clinical notes

def clinical():
    dice = Dice("clinical")
    result = []
    rows = cases.load()
    for index in range(56):
        result.append(note(dice, rows[index % len(rows)], form=4 - index % 2 if not_admitted(rows[index % len(rows)]) else (index // len(rows) + index) % 4))
    return dice.shuffled(result)


def not_admitted(row):
    """Whether the case is one for the clinic or the emergency room alone."""
    return "gout" in row["diagnosis"] or "headache" in row["diagnosis"]


def note(dice, row, form):
    age = dice.whole(*row["ages"])
    sex = row["sex"] if row["sex"] != "any" else dice.pick(["f", "m"])
    she, her = ("she", "her") if sex == "f" else ("he", "his")
    child = age < 16
    who = (f"{age}-year-old " + (("girl" if child else "woman") if sex == "f" else ("boy" if child else "man")))
    initials = dice.pick("ABCDEFGHJKLMNPRSTVW") + "." + dice.pick("ABCDEFGHJKLMNPRSTVW") + "."
    temperature, pulse, systolic, diastolic, breaths, oxygen = (dice.number(*pair) for pair in row["vitals"])
    signs = f"T {number(temperature, 1)} °C, HR {number(pulse, 0)}/min, BP {number(systolic, 0)}/{number(diastolic, 0)} mmHg, RR {number(breaths, 0)}/min, SpO₂ {number(oxygen, 0)}% on air"
    values = []
    for name, low, high, unit in row["laboratory"]:
        digits = len(low.partition(".")[2])
        values.append(f"{name} {number(dice.number(float(low), float(high)), digits)}" + (unit if unit.startswith("%") else " " + unit if unit else ""))
    imaging = "" if row["imaging"] == "none needed" else capital(row["imaging"]) + "."
    plan = row["plan"]
    history = "previously well" if row["history"] in ("no past illness", "none") else row["history"]
    if form == 0:
        lines = [f"ADMISSION NOTE. Patient {initials}, {who}.", f"Complaint: {row['complaint']}.", f"Past history: {history}. Medication: {row['medication']}.", f"On examination: {signs}. {capital(row['examination'])}.",
                 f"Laboratory: {', '.join(values)}.", imaging, f"Impression: {row['diagnosis']}.", "Plan: " + " ".join(f"{i + 1}. {capital(step)}." for i, step in enumerate(plan))]
    elif form == 1:
        day = dice.whole(2, 5)
        lines = [f"PROGRESS NOTE, day {day}. {initials}, {age} {sex.upper()}, admitted with {row['diagnosis']}.", dice.pick([f"S: feels better, slept well, {dice.pick(['ate breakfast', 'walked to the bathroom', 'no new complaints'])}.",
                 "S: still tired, less unwell than on admission.", f"S: a restless night, but {she} is comfortable now."]),
                 f"O: T {number(dice.number(36.4, 37.2), 1)} °C, HR {dice.whole(68, 88)}/min, BP {dice.whole(112, 134)}/{dice.whole(66, 82)} mmHg, SpO₂ {dice.whole(94, 98)}%. {capital(row['examination'].split(', ')[0])} on admission, improving.",
                 f"Admission values: {', '.join(dice.some(values, 2))}.", f"A: {row['diagnosis']}, {dice.pick(['responding to treatment', 'improving', 'stable'])}.",
                 "P: " + "; ".join(["continue present treatment"] + dice.some(plan[1:], 2)) + "."]
    elif form == 2:
        stay = dice.whole(2, 9)
        lines = [f"DISCHARGE SUMMARY. {initials}, {who}. Length of stay: {stay} days.", f"Diagnosis: {row['diagnosis']}.",
                 f"Course: {capital(she)} came to the emergency department with {row['complaint']}. On arrival {signs}. Findings: {row['examination']}." if " " in row["examination"] else "",
                 imaging, f"Relevant values: {', '.join(values)}.", f"Measures taken or planned: {'; '.join(plan)}.",
                 dice.pick([f"{capital(she)} went home in good condition.", f"{capital(she)} was discharged into the care of {her} family.", f"At discharge {she} was without fever and walking."]),
                 f"Follow-up with the general practitioner in {dice.whole(1, 4)} weeks."]
    elif form == 4:
        lines = [f"CLINIC LETTER. Dear colleague, thank you for sending this {who} ({initials}) with {row['complaint']}.",
                 f"Past history: {history}. Present medication: {row['medication']}.", f"I found {signs}; {row['examination']}.", f"Blood tests: {', '.join(values)}.", imaging,
                 f"My diagnosis is {row['diagnosis']}.", f"I advised the following: {'; '.join(plan)}.", f"I shall see {'her' if sex == 'f' else 'him'} again in {dice.whole(4, 12)} weeks. With kind regards."]
    else:
        lines = [f"EMERGENCY DEPARTMENT. Seen by the doctor on duty. {capital(who)} ({initials}) with {row['complaint']}.", f"PMH: {history}. Meds: {row['medication']}. No known drug allergies.",
                 f"Vitals: {signs}. Exam: {row['examination']}.", f"Results so far: {', '.join(dice.some(values, max(1, len(values) - 1)))}. {imaging}",
                 f"Working diagnosis: {row['diagnosis']}.", f"Done or ordered: {'; '.join(dice.some(plan, 3))}.",
                 dice.pick(["Relatives informed.", "Discussed with the senior doctor.", f"{capital(she)} understands and agrees with the plan.", "Bed requested."])]
    return " ".join(line for line in lines if line).replace("..", ".")


# General

def sums(dice):
    one, many_, place, low, high = dice.pick(everyday.GOODS)
    a, b = dice.some(everyday.NAMES, 2)
    form = dice.whole(0, 5)
    if form == 0:
        x, y = dice.whole(12, 60), dice.whole(3, 11)
        return f"{a} has {x} {many_} in a {place} and gives {y} of them to {b}. How many are left? From {x} we take away {y}, so {x - y} {many_} are left."
    if form == 1:
        x, y = dice.whole(3, 9), dice.whole(4, 12)
        return f"There are {x} rows with {y} {many_} each. {a} counts them one by one, while {b} multiplies: {x} times {y} is {x * y}. {b} has finished long before {a}."
    if form == 2:
        price, count = dice.whole(low // 5, high // 5) * 5, dice.whole(3, 8)
        total = price * count
        coin = (total // 500 + 1) * 500
        return (f"One {one} costs {price / 100:.2f} euros at the shop. {a} buys {count} and pays with {coin // 100} euros. {count} times {price / 100:.2f} makes {total / 100:.2f}, "
                f"so {a} gets back {(coin - total) / 100:.2f} euros.")
    if form == 3:
        y, x = dice.whole(2, 6), dice.whole(4, 15)
        return f"{a} and {b} want to share {x * y} {many_} fairly among {y} children. {x * y} divided by {y} is {x}, so each child gets {x}, and the {place} is empty."
    if form == 4:
        speed, hours = dice.pick([4, 5, 12, 15, 18, 60, 80]), dice.whole(2, 6)
        return f"{a} travels {hours} hours at a steady {speed} km/h. Distance is speed multiplied by time: {speed} times {hours} gives {speed * hours} km. {b}, who is waiting, has the soup on the stove."
    x, y = dice.whole(14, 70), dice.whole(15, 80)
    return f"On Monday {a} finds {x} {many_}, on Tuesday {y}. Together that makes {x + y}. To reach one hundred, {abs(100 - x - y)} " + ("more would be needed." if x + y < 100 else "would have to be given away." if x + y > 100 else "are missing.")


def dish(dice, row):
    name, ingredients, steps, remark = row
    steps = steps.split(";")
    a = dice.pick(everyday.NAMES)
    words = ["First", "Then", "After that", "Now", "Finally"]
    order = ". ".join(f"{words[min(i, 3)] if i < len(steps) - 1 else words[4]}, {step}" for i, step in enumerate(steps)) + "."
    return dice.pick([f"For {name} you need {ingredients}. {order} {remark}", f"{a} makes {name} on {dice.pick(['Fridays', 'Sundays', 'rainy days'])}. It takes {ingredients}. {order} {remark}",
                      f"\"What goes into {name}?\" asks {a}. \"{capital(ingredients)}.\" \"And how is it done?\" \"{order}\" {remark}"])


def scene(dice, row):
    place, sight, sound, event, evening = row
    a, b = dice.some(everyday.NAMES, 2)
    return dice.pick([
        f"{a} came to {place} early. {dice.pick(everyday.WEATHER)} {capital(sight)}, and somewhere {sound}. Before noon {event}. {b} told the story at supper, while {evening}.",
        f"{dice.pick(everyday.WEATHER)} At {place} {sight}. {a} sat down to draw, but {sound}, and it was hard to look at only one thing. Later {event}. In the evening {evening}.",
        f"Dear {b}, I am writing from {place}. {dice.pick(everyday.WEATHER)} When I woke up {sight}. All day long {sound}. You would have laughed: {event}. Now {evening}, and I must close. Yours, {a}."])


def talk(dice):
    a, b = dice.some(everyday.NAMES, 2)
    turns = dice.some(everyday.rows(everyday.TALKS), dice.whole(2, 4))
    lines = []
    for i, (question, answer) in enumerate(turns):
        lines.append(f"\"{question}\" " + (f"asked {a}. " if i == 0 else "") + f"\"{answer}\"" + (f" said {b}." if i == 0 and dice.chance(0.5) else ""))
    return " ".join(lines)


def vote(dice, plan):
    """A show of hands. It also teaches the vocabulary the words yes, no and maybe, so that each is a single piece."""
    friends = dice.some(everyday.NAMES, dice.whole(4, 6))
    says = [dice.pick(["yes", "no", "maybe"]) for _ in friends]
    spoken = "; ".join(f"{name} {dice.pick(['says', 'says', 'thinks it over and says', 'only says', 'shrugs and says'])} {word}" for name, word in zip(friends, says))
    count = {word: says.count(word) for word in ("yes", "no", "maybe")}
    words = ["none", "one", "two", "three", "four", "five", "six"]
    tally = listed([f"{words[count[word]]} {word}" for word in ("yes", "no", "maybe") if count[word]])
    end = ("So it is agreed." if count["yes"] > count["no"] + count["maybe"] else "So nothing comes of it." if count["no"] > count["yes"] + count["maybe"]
           else "So it is put off until tomorrow.")
    return dice.pick([f"Who is for {plan}? {spoken}. That makes {tally}. {end}", f"They vote about {plan}. {spoken}. The result is {tally}. {end}"])


def animal(dice, row):
    name, kind, home, food, habit, winter = row
    a = dice.pick(everyday.NAMES)
    article = "an" if name[0] in "aeiou" else "a"
    kind_article = "an" if kind[0] in "aeiou" else "a"
    return dice.pick([
        f"The {name} is {kind_article} {kind} that lives in {home}. It eats {food}. It {habit}. When times are hard it {winter}.",
        f"{a} once watched {article} {name} for a whole hour. \"It {habit},\" {a} wrote in a notebook. Like others of its kind it is found in {home}, feeds on {food}, and {winter} in the cold months.",
        f"What does the {name} eat? {capital(food)}. Where does it live? In {home}. What is special about it? It {habit}."])


def tool(dice, row):
    name, use, method, care = row
    a, b = dice.some(everyday.NAMES, 2)
    return dice.pick([f"The {name} is used for {use}. To work well with it, {method}. And remember: {care}.",
                      f"{a} borrowed the {name} from {b}. \"You know what it is for?\" \"For {use}.\" \"Good. Then {method}. And {care}.\"",
                      f"A note was tied to the {name}: for {use}; {method}; {care}."])


def trade(dice, row):
    name, morning, skill, trouble, joy = row
    a = dice.pick(everyday.NAMES)
    return dice.pick([f"{a} is a {name} and {morning}. What matters most in this work is {skill}. The worst is {trouble}; the best is {joy}.",
                      f"\"What is it like to be a {name}?\" \"One {morning}. One needs {skill}. There is {trouble}, of course. But then there is {joy}.\""])


def general():
    dice = Dice("general")
    texts = everyday.passages()
    texts += [sums(dice) for _ in range(120)] + [talk(dice) for _ in range(30)] + [vote(dice, plan) for plan in everyday.PLANS * 2]
    for _ in range(3):
        texts += [dish(dice, row) for row in everyday.rows(everyday.DISHES)]
        texts += [animal(dice, row) for row in everyday.rows(nature.ANIMALS)]
        texts += [tool(dice, row) for row in everyday.rows(nature.TOOLS)] + [trade(dice, row) for row in everyday.rows(nature.TRADES)]
    for _ in range(4):
        texts += [scene(dice, row) for row in everyday.rows(everyday.SCENES)]
    return dice.shuffled(list(dict.fromkeys(texts)))


# Training samples

def reading(count=1500):
    dice = Dice("reading")
    topics = studies.topics(studies.TRAINING_TOPICS)
    result, seen = [], set()
    # The same question is asked of studies that answer it differently, so that only the context can tell.
    while len(result) < count:
        topic = topics[len(result) // 3 % len(topics)]
        intervention, outcome = dice.pick(topic["interventions"]), dice.pick(topic["outcomes"])
        for verdict in dice.shuffled(["yes", "no", "maybe"]):
            item = study(dice, topic, verdict, "training", intervention, outcome)
            passages = passages_of(dice, item)
            if tuple(passages) in seen or len(result) == count:
                continue
            seen.add(tuple(passages))
            result.append({"QUESTION": item["question"], "CONTEXTS": passages, "LABELS": ["METHODS", "RESULTS"], "final_decision": verdict})
    return {str(98000001 + i): item for i, item in enumerate(dice.shuffled(result))}


def instructions():
    dice = Dice("instructions")
    pairs = []
    for row in conditions.load():
        low = small(row["name"])
        asked = [
            (dice.pick([f"What is {low}?", f"Define {low}."]), f"{row['name']} is {row['what']}."),
            (dice.pick([f"What are the symptoms of {low}?", f"How does {low} show itself?"]), capital(listed(row["symptoms"])) + "."),
            (dice.pick([f"What are the causes of {low}?", f"Which factors lead to {low}?"]), capital(listed(row["causes"])) + "."),
            (dice.pick([f"How is {low} diagnosed?", f"Which tests help to find {low}?"]), capital(listed(row["tests"])) + "."),
            (dice.pick([f"How is {low} treated?", f"What is the treatment of {low}?"]), capital(listed(row["treatments"])) + "."),
            (dice.pick([f"What are the complications of {low}?", f"What may {low} lead to?"]), capital(listed(row["complications"])) + "."),
        ]
        pairs += asked
    for row in drugs.load():
        low = small(row["name"])
        pairs += [
            (f"What kind of drug is {low}?", capital(row["kind"]) + "."),
            (dice.pick([f"How does {low} work?", f"What is the mechanism of {low}?"]), f"It {row['mechanism']}."),
            (dice.pick([f"What is {low} used for?", f"When is {low} given?"]), capital(listed(row["uses"])) + "."),
            (dice.pick([f"What are the side effects of {low}?", f"Which unwanted effects does {low} have?"]), capital(listed(row["effects"])) + "."),
        ]
    return [{"id": f"medical-{i + 1:04d}", "instruction": "", "input": question, "output": answer} for i, (question, answer) in enumerate(dice.shuffled(pairs))]


# Benchmark

def benchmark():
    dice = Dice("benchmark")
    topics = studies.topics(studies.TEST_TOPICS)
    items = [(topic, intervention, outcome) for topic in topics for intervention in topic["interventions"] for outcome in topic["outcomes"]]
    verdicts = dice.shuffled(["yes"] * round(len(items) * 0.45) + ["no"] * round(len(items) * 0.35) + ["maybe"] * (len(items) - round(len(items) * 0.45) - round(len(items) * 0.35)))
    result = {}
    for index, ((topic, intervention, outcome), verdict) in enumerate(zip(dice.shuffled(items), verdicts)):
        item = study(dice, topic, verdict, "test", intervention, outcome)
        result[str(99000001 + index)] = {
            "QUESTION": item["question"], "CONTEXTS": passages_of(dice, item), "LABELS": ["METHODS", "RESULTS"], "MESHES": ["Humans", topic["heading"]], "YEAR": "2026",
            "reasoning_required_pred": verdict, "reasoning_free_pred": verdict, "final_decision": verdict, "LONG_ANSWER": item["conclusion"]}
    return result


# Files

def json_lines(items):
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def records(items):
    """One object, a record a line."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(item, ensure_ascii=False)}" for key, item in items.items()) + "\n}\n"


def documents(prefix, texts):
    return json_lines({"id": f"{prefix}-{i + 1:04d}", "text": text} for i, text in enumerate(texts))


def files():
    return {
        "corpus/biomedical.jsonl": documents("biomedical", biomedical()),
        "corpus/clinical.jsonl": documents("clinical", clinical()),
        "corpus/general.jsonl": documents("general", general()),
        "instructions.jsonl": json_lines(instructions()),
        "benchmark/pubmedqa-train.json": records(reading()),
        "benchmark/pubmedqa.json": json.dumps(benchmark(), ensure_ascii=False, indent=1) + "\n",
        **layouts.files(),
    }


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print("usage: make_corpus.py [--check]", file=sys.stderr)
        return 64
    different = 0
    for name, text in files().items():
        path, data = FOLDER / name, text.encode("utf-8")
        if check:
            if not path.exists() or path.read_bytes() != data:
                print(f"{name} differs from what make_corpus.py writes; run make_corpus.py and commit the result", file=sys.stderr)
                different += 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            print(f"{name}: {len(data)} bytes, {text.count(chr(10))} lines")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
