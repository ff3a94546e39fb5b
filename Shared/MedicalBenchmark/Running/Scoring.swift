// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Turns answered items into metrics, whoever answered them.
struct Scoring {
    let task: any BenchmarkTask
    let dataset: BenchmarkDataset
    let settings: EvaluationSettings
    /// Nil for saved predictions.
    let prompt: PromptTemplate?
    /// How many of the items with the worst answers a result names.
    static let worstItems = 10

    /// `rows` has a row an item in the items' order, each with its output; what follows from the output is set in them.
    /// With `bertScore` they have their similarities already.
    func result(
        _ rows: inout [EvaluationRow], bertScore: BERTScoreSetting? = nil
    ) throws(BenchmarkError) -> EvaluationResult {
        let isEncoded = bertScore != nil
        let judge = Judge(task: task, profile: settings.profile, prompt: prompt, mode: settings.mode)
        let judgements = judge.judge(rows, dataset.items, isEncoded: isEncoded)
        for index in rows.indices { rows[index].set(judgements[index], gold: dataset.items[index].gold) }
        let bootstrap = Bootstrap(resamples: settings.resamples, seed: settings.seed)
        let outcomes = self.outcomes(judgements, judge, rows)
        let other = Judge(task: task, profile: settings.profile.other, prompt: prompt, mode: settings.mode)
        let otherwise = other.judge(rows, dataset.items, isEncoded: isEncoded)
        let alternative = ProfileScores(
            profile: other.profile,
            metrics: try self.outcomes(otherwise, other, rows).metrics(other.profile)
                .estimates(items: rows.count, bootstrap: bootstrap),
            parseRate: Self.parseRate(otherwise))
        return EvaluationResult(
            task: task.id, taskName: task.name, kind: task.answerKind, restricted: task.isRestricted,
            split: dataset.split, dataSHA256: dataset.sha256, profile: settings.profile, bootstrap: bootstrap,
            items: rows.count,
            metrics: try outcomes.metrics(settings.profile).estimates(items: rows.count, bootstrap: bootstrap),
            parseRate: Self.parseRate(judgements), alternative: alternative, truncated: 0, unfit: 0,
            majority: try outcomes.form == .choices
                ? MajorityBaseline(outcomes: outcomes, profile: settings.profile) : nil,
            labelScores: try outcomes.labelScores(), calibration: calibration(rows),
            worst: worst(rows), bertScore: bertScore, outcomes: outcomes)
    }

    /// Gives rows of summaries their similarities; answers what `result` is then told, nil for other tasks.
    func encode(_ rows: inout [EvaluationRow], by summaries: SummaryScorer?) async throws -> BERTScoreSetting? {
        guard let summaries, task.answerKind == .summary else { return nil }
        try await summaries.score(
            &rows, references: dataset.items.map(\.gold), batchSize: settings.batchSize,
            concurrent: settings.concurrentBatches)
        return summaries.setting
    }

    private func outcomes(_ judgements: [Judgement], _ judge: Judge, _ rows: [EvaluationRow]) -> ItemOutcomes {
        let ids = dataset.items.map(\.id)
        let labels = judge.labels(of: dataset)
        guard judge.form == .choices else {
            return ItemOutcomes(judge.form, labels: labels, ids: ids, details: judgements.map(\.detail))
        }
        let perToken = zip(rows, dataset.items).map { row, item in row.likeliestPerToken(of: item.labels) }
        return ItemOutcomes(
            labels: labels, ids: ids, gold: dataset.items.map(\.gold), answers: judgements.map(\.parsed),
            perToken: rows.contains { $0.tokenCounts != nil } ? perToken : nil)
    }

    private static func parseRate(_ judgements: [Judgement]) -> Double {
        judgements.isEmpty ? 0 : Double(judgements.count { $0.parsed != nil }) / Double(judgements.count)
    }

    private func calibration(_ rows: [EvaluationRow]) -> Calibration? {
        Calibration(
            rows.compactMap { row in
                row.scores.map {
                    (scores: $0.keys.sorted().compactMap { row.scores?[$0] }, isRight: row.correct ?? false)
                }
            })
    }

    /// The items with the worst answers, of equals those whose right answer the model found least likely, then the first.
    /// Items that were not asked are none of them. Texts of restricted sets stay in the rows.
    private func worst(_ rows: [EvaluationRow]) -> [WorstItem] {
        let ranked = rows.enumerated().sorted { one, other in
            (one.element.score, one.element.goldMargin, one.offset)
                < (other.element.score, other.element.goldMargin, other.offset)
        }
        return ranked.filter { !$0.element.unfit && $0.element.score < 1 }.prefix(Self.worstItems).map { index, row in
            WorstItem(
                id: row.id, score: row.score,
                gold: task.isRestricted ? nil : WorstItem.excerpt(dataset.items[index].gold),
                output: task.isRestricted ? nil : WorstItem.excerpt(row.output))
        }
    }
}

extension Judge {
    /// The judgements of rows, with the rows' BERTScore where they have it.
    func judge(_ rows: [EvaluationRow], _ items: [BenchmarkItem], isEncoded: Bool) -> [Judgement] {
        zip(rows, items).map { row, item in
            var judgement = judge(row.isAnswered ? row.output : nil, for: item)
            if !row.isAnswered { judgement.parsed = nil }
            if isEncoded, case .values(var values) = judgement.detail {
                let score = row.similarity?.score ?? .zero
                values["bertScore"] = score.f1
                values["bertScorePrecision"] = score.precision
                values["bertScoreRecall"] = score.recall
                judgement.detail = .values(values)
            }
            return judgement
        }
    }
}
