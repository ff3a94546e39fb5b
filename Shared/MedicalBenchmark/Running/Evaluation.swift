// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// One task asked of one model in one setting.
///
/// Everything that can be wrong with data and settings is found when it is made, before a model is asked anything.
public struct Evaluation: Sendable {
    public let task: any BenchmarkTask
    /// The items to ask.
    public let dataset: BenchmarkDataset
    public let settings: EvaluationSettings
    let prompt: PromptTemplate
    let rendered: [RenderedPrompt]
    let shotsSHA256: String?
    /// Nil where all records of the examples' file may be drawn.
    let shotsRecords: String?

    /// Reads the data and draws the worked examples.
    ///
    /// - `records` are counted from 0 in file order and `limit` takes the first of them; nothing is shuffled.
    /// - `shotsData` may be left out for a task whose layout has worked examples of its own (MMLU's `dev` folder);
    ///   `shotsRecords` are the records of it that may be worked examples, counted as `records` are.
    public init(
        task: any BenchmarkTask, data: URL, split: String? = nil, records: Range<Int>? = nil, limit: Int? = nil,
        shotsData: URL? = nil, shotsRecords: Range<Int>? = nil,
        settings: EvaluationSettings = EvaluationSettings()
    ) throws(BenchmarkError) {
        try settings.validate()
        let prompt = try task.prompt(named: settings.prompt)
        guard settings.mode == .generate || task.answerKind.isChoice else {
            throw BenchmarkError(
                .invalidSetting, "mode",
                "is \(settings.mode.rawValue), and \(task.name)'s answers are not one of a few",
                remedy: "use mode generate")
        }
        guard FileManager.default.fileExists(atPath: data.path) else { throw .notSupplied(task, data) }
        let dataset = try task.read(data, split: split).selecting(records: records, limit: limit)
        var pool: BenchmarkDataset?
        if settings.shots > 0 {
            guard let location = shotsData ?? task.defaultShots(for: data) else {
                throw BenchmarkError(
                    .invalidSetting, "shotsData", "is missing, and \(settings.shots) shots are asked for",
                    remedy: "name a file of worked examples, such as the train split")
            }
            pool = try task.read(location, split: DataLocation.isFolder(location) ? task.shotsSplit : nil)
                .selecting(records: shotsRecords, limit: nil)
        }
        try self.init(
            task: task, dataset: dataset, shots: pool, shotsRecords: shotsRecords, prompt: prompt, settings: settings)
    }

    private init(
        task: any BenchmarkTask, dataset: BenchmarkDataset, shots pool: BenchmarkDataset?, shotsRecords: Range<Int>?,
        prompt: PromptTemplate, settings: EvaluationSettings
    ) throws(BenchmarkError) {
        self.task = task
        self.dataset = dataset
        self.settings = settings
        self.prompt = prompt
        shotsSHA256 = pool?.sha256
        self.shotsRecords = shotsRecords.map { "\($0.lowerBound)..<\($0.upperBound)" }
        var rendered: [RenderedPrompt] = []
        for item in dataset.items {
            var shots: [BenchmarkItem] = []
            if let pool { shots = try task.shots(settings.shots, for: item, from: pool.items, seed: settings.seed) }
            rendered.append(prompt.render(item, shots: shots))
        }
        self.rendered = rendered
    }

    /// Asks the model and scores its answers.
    ///
    /// - `modelIdentity` says which weights answer, such as a digest: rows of another model are not reused.
    /// - `rows` are of earlier evaluations, and `unfinished` of a run of this one that was killed; items that have one are
    ///   not asked again, but scored again. A batch of which only some rows were written is asked for as a whole, under the
    ///   name it had: a model that keeps its answers by name has them.
    /// - `summaries` gives summaries their BERTScore; without it they have none, and other answers never have.
    /// - `onRow` gets each new row in the items' order, as soon as its batch is answered.
    public func run(
        on model: any LanguageModel, modelIdentity: String, resuming rows: [EvaluationRow] = [],
        unfinished: [EvaluationRow] = [], summaries: SummaryScorer? = nil,
        onRow: (EvaluationRow) async throws -> Void = { _ in }
    ) async throws -> EvaluationOutcome {
        guard model.mayReadRestrictedData || !task.isRestricted else {
            throw BenchmarkError(
                .restrictedData, "task \"\(task.id)\"",
                "is of restricted data, which a third party's model must not read",
                remedy: "ask a model of your own")
        }
        let asker = ItemAsker(evaluation: self, model: model, modelIdentity: modelIdentity)
        var known: [String: EvaluationRow] = [:]
        for row in rows where row.key == asker.key { known[row.id] = row }
        var written: [String: EvaluationRow] = [:]
        for row in unfinished where row.key == asker.key { written[row.id] = row }
        let batches = stride(from: 0, to: dataset.items.count, by: settings.batchSize)
            .map { Array($0..<min($0 + settings.batchSize, dataset.items.count)).filter { known[id($0)] == nil } }
            .filter { batch in batch.contains { written[id($0)] == nil } }
        for (id, row) in written { known[id] = row }
        let answerRoom = try await batches.isEmpty ? 0 : asker.answerTokens()
        try await inOrder(batches, concurrent: settings.concurrentBatches) { batch in
            try await asker.ask(batch, answerTokens: answerRoom)
        } then: { _, answered in
            for row in answered where known.updateValue(row, forKey: row.id) == nil {
                try await onRow(row)
            }
        }
        var all = dataset.items.compactMap { known[$0.id] }
        let scoring = Scoring(task: task, dataset: dataset, settings: settings, prompt: prompt)
        let bertScore = try await scoring.encode(&all, by: summaries)
        var result = try scoring.result(&all, bertScore: bertScore)
        complete(&result, all, contextLength: model.contextLength)
        return EvaluationOutcome(result: result, rows: all)
    }

    /// What rows of this model and setting have in common, as `EvaluationRow.key` says it.
    public func key(on model: any LanguageModel, modelIdentity: String) -> String {
        ItemAsker(evaluation: self, model: model, modelIdentity: modelIdentity).key
    }

    private func id(_ index: Int) -> String { dataset.items[index].id }

    private func complete(_ result: inout EvaluationResult, _ rows: [EvaluationRow], contextLength: Int) {
        let isFree = settings.mode == .generate
        result.prompt = prompt.name
        result.mode = settings.mode
        result.shots = settings.shots
        result.shotsSHA256 = shotsSHA256
        result.decoding = Decoding(
            maxTokens: isFree ? settings.maxTokens(for: task.answerKind, in: contextLength) : nil, temperature: 0,
            stop: isFree ? settings.stop : [], contextLength: contextLength)
        if settings.shots > 0, !rows.isEmpty {
            result.shotsKept = Double(rows.reduce(0) { $0 + $1.shots }) / Double(rows.count)
        }
        result.truncated = rows.count(where: \.truncated)
        result.unfit = rows.count(where: \.unfit)
    }
}

extension EvaluationSettings {
    /// New tokens of an answer under a context of so many tokens.
    func maxTokens(for kind: AnswerKind, in contextLength: Int) -> Int {
        max(1, min(maxTokens ?? kind.answerTokens, contextLength / 4))
    }
}
