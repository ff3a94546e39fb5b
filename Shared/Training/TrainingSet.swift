// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Llama

/// The rows of a dataset that can be learned from, all of them checked against the model before the first step.
struct TrainingSet: Sendable {
    private let dataset: TokenDataset
    /// Whether documents of one row see each other.
    private let isolated: Bool
    /// Indices of the rows with at least one target.
    private let usable: [Int]
    /// Tokens of all usable rows.
    let tokens: Int
    /// Rows without any target.
    let skipped: Int
    /// Tokens of every usable row, the longest first.
    private let lengths: [Int]

    var count: Int { usable.count }

    /// Packs where the recipe says so and reads every row once. Throws one error that names the first bad row.
    init(_ dataset: TokenDataset, recipe: TrainingRecipe, configuration: LlamaConfiguration) throws {
        let limit = min(recipe.sequenceLength ?? configuration.maxPositions, configuration.maxPositions)
        let packing = try RowPacking(recipe: recipe.packing, dataset: dataset.manifest?.packing)
        isolated = packing.isolated
        try Self.check(dataset, named: "dataset row", configuration: configuration, limit: recipe.sequenceLength)
        self.dataset = packing.packs ? try packing.pack(dataset, into: limit) : dataset
        var usable: [Int] = []
        var lengths: [Int] = []
        var tokens = 0
        for index in 0..<self.dataset.count {
            let row = try self.dataset.sequence(index)
            guard Self.hasTarget(row, isolated: isolated) else { continue }
            usable.append(index)
            tokens += row.ids.count
            lengths.append(row.ids.count)
        }
        guard !usable.isEmpty else {
            throw TrainingError(
                .invalidDataset, "dataset", "has no token to predict in \(dataset.count) rows",
                remedy: "give rows of at least two tokens with labels other than -100 after the first")
        }
        self.usable = usable
        self.tokens = tokens
        self.lengths = lengths.sorted(by: >)
        skipped = self.dataset.count - usable.count
    }

    /// Tokens of the longest row.
    var longest: Int { lengths[0] }

    /// Tokens of the largest micro-batch that `rows` rows can make.
    func largest(_ rows: Int) -> Int { lengths.prefix(rows).reduce(0, +) }

    /// The rows at these places of the usable rows, as one micro-batch.
    func batch(_ places: [Int]) throws -> TokenBatch {
        let rows = try places.map { try dataset.sequence(usable[$0]) }
        return try TokenBatch(
            rows: rows.map(\.ids), labels: rows.map(\.labels), segments: isolated ? rows.map(\.segments) : nil)
    }

    private static func hasTarget(_ row: TokenSequence, isolated: Bool) -> Bool {
        row.ids.indices.dropFirst().contains { place in
            row.labels[place] != TokenBatch.ignored && (!isolated || row.segments[place] == row.segments[place - 1])
        }
    }

    /// Throws an error that names the first row that does not fit the model or the limit.
    static func check(
        _ dataset: TokenDataset, named name: String, configuration: LlamaConfiguration, limit: Int? = nil
    ) throws {
        for index in 0..<dataset.count {
            try check(dataset.sequence(index), "\(name) \(index) (counted from 0)", configuration, limit: limit)
        }
    }

    private static func check(
        _ row: TokenSequence, _ place: String, _ configuration: LlamaConfiguration, limit: Int?
    ) throws {
        guard row.ids.count <= configuration.maxPositions else {
            throw TrainingError(
                .invalidDataset, place,
                "has \(row.ids.count) tokens, the model's context is \(configuration.maxPositions)",
                remedy: "make the dataset with sequenceLength \(configuration.maxPositions) or less")
        }
        if let limit, row.ids.count > limit {
            throw TrainingError(
                .invalidDataset, place, "has \(row.ids.count) tokens, recipe.sequenceLength is \(limit)",
                remedy: "raise recipe.sequenceLength or make shorter rows")
        }
        let vocabulary = Int32(configuration.vocabularySize)
        for (position, id) in row.ids.enumerated() where id < 0 || id >= vocabulary {
            throw TrainingError(
                .invalidDataset, place,
                "has the token id \(id) at position \(position), the model has ids 0 to \(vocabulary - 1)",
                remedy: "tokenize with the model's own tokenizer")
        }
        for (position, label) in row.labels.enumerated()
        where label != TokenBatch.ignored && (label < 0 || label >= vocabulary) {
            throw TrainingError(
                .invalidDataset, place,
                "has the label \(label) at position \(position), the model has ids 0 to \(vocabulary - 1)",
                remedy: "give a token id, or -100 for no target")
        }
    }
}
