// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads outputs of a task under a profile and says what they are worth.
struct Judge: Sendable {
    let kind: AnswerKind
    let profile: ScoringProfile
    let aliases: [String: String]
    /// How the prompt writes labels; nil for outputs whose prompt is not known.
    let prompt: PromptTemplate?
    /// Whether an output is one of the answers as it stands, having been chosen among them.
    let isChosen: Bool

    init(task: any BenchmarkTask, profile: ScoringProfile, prompt: PromptTemplate? = nil, mode: AnswerMode? = nil) {
        kind = task.answerKind
        self.profile = profile
        aliases = task.aliases
        self.prompt = prompt
        isChosen = mode == .loglikelihood || mode == .constrained
    }

    /// The types of entities, or the labels, that outcomes are kept by.
    func labels(of dataset: BenchmarkDataset) -> [String] {
        kind == .markup && profile == .published ? PublishedTagging.types : dataset.labels
    }

    var form: ItemOutcomes.Form {
        switch kind {
        case .word, .letter, .relation: .choices
        case .topics: .labelSets
        case .markup: .entities
        case .passage, .summary: .values
        }
    }

    /// `output` is nil where there is none: the item did not fit, or has no saved prediction.
    func judge(_ output: String?, for item: BenchmarkItem) -> Judgement {
        let output = output ?? ""
        switch kind {
        case .word, .letter, .relation: return choice(output, item)
        case .topics: return topics(output, item)
        case .passage: return passage(output, item)
        case .markup: return markup(output, item)
        case .summary: return summary(output, item)
        }
    }

    private func choice(_ output: String, _ item: BenchmarkItem) -> Judgement {
        let written = item.labels.map { prompt?.wording($0) ?? $0 }
        let found: String?
        if isChosen {
            let chosen = output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            found = written.first { $0 == chosen } ?? item.labels.first { $0 == chosen }
        } else {
            found = profile.parser(for: kind, aliases: aliases).parse(output, labels: written)
        }
        let label = found.flatMap { text in
            written.firstIndex(of: text).map { item.labels[$0] } ?? item.labels.first { $0 == text }
        }
        let isRight = label == item.gold
        return Judgement(parsed: label, isCorrect: isRight, score: isRight ? 1 : 0, detail: .choice)
    }

    private func topics(_ output: String, _ item: BenchmarkItem) -> Judgement {
        let named = profile.labelSetParser.parse(output, labels: item.labels)
        let given = item.labels.map(named.contains)
        let expected = item.labels.map(item.accepted.contains)
        return Judgement(
            parsed: named.isEmpty ? nil : named.joined(separator: ";"), isCorrect: given == expected,
            score: MultilabelCounts.f1(expected: expected, given: given),
            detail: .labelSet(given: given, expected: expected))
    }

    private func passage(_ output: String, _ item: BenchmarkItem) -> Judgement {
        let values: (exactMatch: Double, f1: Double)
        switch profile {
        case .strict:
            let score = SQuADScore(output, accepted: item.accepted)
            values = (score.exactMatch, score.f1)
        case .published:
            let score = CharacterScore(output, gold: item.gold)
            values = (score.exactMatch, score.f1)
        }
        let text = PythonText.strip(output)
        return Judgement(
            parsed: text.isEmpty ? nil : text, isCorrect: values.exactMatch == 1, score: values.f1,
            detail: .values(["exactMatch": values.exactMatch, "f1": values.f1]))
    }

    private func markup(_ output: String, _ item: BenchmarkItem) -> Judgement {
        let (answer, gold) = (MarkedText(output), MarkedText(item.gold))
        let types = profile == .published ? PublishedTagging.types : item.labels
        let found =
            profile == .published
            ? PublishedTagging.entities(answer: answer, gold: gold)
            : StrictTagging.entities(answer: answer, gold: gold, types: types)
        var counts = EntityCounts()
        counts.add(expected: found.expected, given: found.given)
        let marked = answer.pieces.compactMap { piece in
            piece.type.flatMap { types.contains($0) ? "\($0): \(PythonText.strip(piece.text))" : nil }
        }
        let isRight = Set(found.given) == Set(found.expected)
        return Judgement(
            parsed: answer.plain.isBlank ? nil : marked.joined(separator: "; "), isCorrect: isRight,
            score: isRight ? 1 : counts.micro.f1,
            detail: .entities(types.map { counts.byType[$0] ?? EntityCounts.Count() }))
    }

    private func summary(_ output: String, _ item: BenchmarkItem) -> Judgement {
        var values: [String: Double] = [:]
        for (isStemmed, ending) in [(false, ""), (true, "Stemmed")] {
            let scores = ROUGE(isStemmed: isStemmed).score(output, reference: item.gold)
            values["rouge1\(ending)"] = scores.rouge1.f1
            values["rouge2\(ending)"] = scores.rouge2.f1
            values["rougeL\(ending)"] = scores.rougeL.f1
            values["rougeLsum\(ending)"] = scores.rougeLsum.f1
        }
        let text = PythonText.strip(output)
        return Judgement(
            parsed: text.isEmpty ? nil : text, isCorrect: nil, score: values["rougeL"] ?? 0, detail: .values(values))
    }
}
