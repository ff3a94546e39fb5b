// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Scores saved outputs of any system, without a model.
public struct PredictionScorer: Sendable {
    public let task: any BenchmarkTask
    /// The items to score.
    public let dataset: BenchmarkDataset
    /// Every item of the data, scored or not.
    private let known: Set<String>
    let settings: EvaluationSettings

    public init(
        task: any BenchmarkTask, data: URL, split: String? = nil, records: Range<Int>? = nil, limit: Int? = nil,
        profile: ScoringProfile = .strict, seed: UInt64 = 42, resamples: Int = 1000
    ) throws(BenchmarkError) {
        settings = EvaluationSettings(profile: profile, seed: seed, resamples: resamples)
        try settings.validate()
        self.task = task
        guard FileManager.default.fileExists(atPath: data.path) else { throw .notSupplied(task, data) }
        let whole = try task.read(data, split: split)
        known = Set(whole.items.map(\.id))
        dataset = try whole.selecting(records: records, limit: limit)
    }

    private struct Prediction: Decodable {
        let id: String
        let output: String

        private enum CodingKeys: String, CodingKey { case id, output }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            // Where the id is a record's number or a PMID, people write it as a number.
            if let number = try? container.decode(Int.self, forKey: .id) {
                id = String(number)
            } else {
                id = try container.decode(String.self, forKey: .id)
            }
            output = try container.decode(String.self, forKey: .output)
        }
    }

    /// Scores a JSON Lines file of `{"id": …, "output": …}`.
    ///
    /// An item without a line counts as wrong and in `missing`; a line of an item that is not selected is passed over.
    /// Throws for a line of an unknown id and for a second line of one id.
    public func score(_ predictions: URL) throws(BenchmarkError) -> EvaluationOutcome {
        try outcome(rows(predictions), bertScore: nil)
    }

    /// The same; `summaries` gives summaries their BERTScore.
    public func score(_ predictions: URL, summaries: SummaryScorer?) async throws -> EvaluationOutcome {
        var rows = try rows(predictions)
        let bertScore = try await scoring.encode(&rows, by: summaries)
        return try outcome(rows, bertScore: bertScore)
    }

    private var scoring: Scoring { Scoring(task: task, dataset: dataset, settings: settings, prompt: nil) }

    private func outcome(
        _ rows: [EvaluationRow], bertScore: BERTScoreSetting?
    ) throws(BenchmarkError) -> EvaluationOutcome {
        var rows = rows
        var result = try scoring.result(&rows, bertScore: bertScore)
        result.missing = rows.count { $0.missing == true }
        return EvaluationOutcome(result: result, rows: rows)
    }

    private func rows(_ predictions: URL) throws(BenchmarkError) -> [EvaluationRow] {
        let file = try DataFile(predictions)
        var outputs: [String: String] = [:]
        for line in JSONLines.lines(of: file.bytes) {
            let prediction: Prediction = try RecordDecoder.decode(from: line.bytes, file: file.path, line: line.number)
            guard known.contains(prediction.id) else {
                throw .record(
                    file.path, line: line.number, field: "id", "is no item of the data",
                    remedy: "give the publisher's ids; where there are none, the record's number counted from 0")
            }
            guard outputs.updateValue(prediction.output, forKey: prediction.id) == nil else {
                throw .record(
                    file.path, line: line.number, field: "id", "has a line already", remedy: "give one line an item")
            }
        }
        return dataset.items.map { item in
            EvaluationRow(
                id: item.id, key: "", promptSHA256: "", output: outputs[item.id] ?? "", parsed: nil, gold: item.gold,
                correct: nil, score: 0, truncated: false, shots: 0, contextCut: false, unfit: false,
                missing: outputs[item.id] == nil ? true : nil)
        }
    }
}
