// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Llama

/// The rows of a dataset that can be learned from, all of them checked against the model before the first step.
struct TrainingSet: Sendable {
    private let dataset: TokenDataset
    /// The rows where samples are packed here; nil where the dataset's rows are taken as they are.
    private let packed: PackedRows?
    /// Whether documents of one row are kept from each other.
    private let isolated: Bool
    /// Indices of the rows with at least one target; nil where all have one.
    private let usable: [Int]?
    /// How many can be learned from.
    let count: Int
    /// Tokens of all usable rows.
    let tokens: Int
    /// Rows without any target.
    let skipped: Int
    /// How many usable rows there are of each length.
    private let lengths: [Int: Int]

    /// Packs where the recipe says so. Every row is read and none is kept: a dataset may be larger than memory.
    ///
    /// Throws one error that names the first bad row.
    init(_ dataset: TokenDataset, recipe: TrainingRecipe, configuration: LlamaConfiguration) throws {
        let limit = min(recipe.sequenceLength ?? configuration.maxPositions, configuration.maxPositions)
        let packing = try RowPacking(recipe: recipe.packing, dataset: dataset.manifest?.packing)
        isolated = packing.isolated
        try Self.check(dataset, named: "dataset row", configuration: configuration, limit: recipe.sequenceLength)
        self.dataset = dataset
        packed = packing.packs ? try packing.pack(dataset, into: limit) : nil
        let rows = packed?.count ?? dataset.count
        var unusable: Set<Int> = []
        var lengths: [Int: Int] = [:]
        var tokens = 0
        for index in 0..<rows {
            let row = try packed?.sequence(index) ?? dataset.sequence(index)
            guard Self.hasTarget(row, isolated: isolated) else {
                unusable.insert(index)
                continue
            }
            tokens += row.ids.count
            lengths[row.ids.count, default: 0] += 1
        }
        guard unusable.count < rows else {
            throw TrainingError(
                .invalidDataset, "dataset", "has no token to predict in \(dataset.count) rows",
                remedy: "give rows of at least two tokens with labels other than -100 after the first")
        }
        usable = unusable.isEmpty ? nil : (0..<rows).filter { !unusable.contains($0) }
        count = rows - unusable.count
        self.tokens = tokens
        self.lengths = lengths
        skipped = unusable.count
    }

    /// Tokens of the longest row.
    var longest: Int { lengths.keys.max() ?? 0 }

    /// Tokens of the largest micro-batch that `rows` rows can make.
    func largest(_ rows: Int) -> Int {
        var (left, tokens) = (rows, 0)
        for (length, count) in lengths.sorted(by: { $0.key > $1.key }) where left > 0 {
            tokens += length * min(count, left)
            left -= min(count, left)
        }
        return tokens
    }

    /// The rows at these places of the usable rows, as one micro-batch.
    func batch(_ places: [Int]) throws -> MicroBatch {
        let indices = places.map { usable?[$0] ?? $0 }
        let rows = try indices.map { try packed?.sequence($0) ?? dataset.sequence($0) }
        let tokens = try TokenBatch(
            rows: rows.map(\.ids), labels: rows.map(\.labels), segments: isolated ? rows.map(\.segments) : nil)
        return MicroBatch(
            tokens: tokens, domains: rows.map(\.domain),
            samples: indices.flatMap { index in packed.map { Array($0.samples(index)) } ?? [index] })
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
