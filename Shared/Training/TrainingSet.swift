// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The rows of a dataset that can be learned from, all of them checked against the model before the first step.
struct TrainingSet: Sendable {
    private let samples: any TrainingSamples
    /// Indices of the rows with at least one target.
    private let usable: [Int]
    /// Tokens of all usable rows.
    let tokens: Int
    /// Rows without any target.
    let skipped: Int
    /// A fingerprint of every id and label in order.
    let digest: String

    var count: Int { usable.count }

    /// Reads every row once. Throws one error that names the first bad row and its bound.
    init(checking samples: any TrainingSamples, vocabularySize: Int, contextLength: Int, limit: Int?) throws {
        var usable: [Int] = []
        var tokens = 0
        var digest = ContentDigest()
        for index in 0..<samples.count {
            let sample = try samples.sample(at: index)
            try Self.check(sample, index, vocabularySize, contextLength, limit)
            digest.update(sample.ids)
            digest.update(sample.labels)
            digest.update(sample.starts.map { Int32($0) })
            guard sample.targetCount > 0 else { continue }
            usable.append(index)
            tokens += sample.ids.count
        }
        guard !usable.isEmpty else {
            throw TrainingError(
                .invalidDataset, "dataset", "has no token to predict in \(samples.count) samples",
                remedy: "give samples of at least two tokens with labels other than -100 after the first")
        }
        self.samples = samples
        self.usable = usable
        self.tokens = tokens
        skipped = samples.count - usable.count
        self.digest = digest.text
    }

    /// The row at a place of the usable rows.
    func sample(at place: Int) throws -> TrainingSample { try samples.sample(at: usable[place]) }

    /// The index in the dataset of a usable row.
    func index(at place: Int) -> Int { usable[place] }

    private static func check(
        _ sample: TrainingSample, _ index: Int, _ vocabularySize: Int, _ contextLength: Int, _ limit: Int?
    ) throws {
        let place = "sample \(index) (counted from 0)"
        guard sample.ids.count == sample.labels.count else {
            throw TrainingError(
                .invalidDataset, place, "has \(sample.ids.count) tokens but \(sample.labels.count) labels",
                remedy: "give each token one label")
        }
        guard sample.ids.count <= contextLength else {
            throw TrainingError(
                .invalidDataset, place, "has \(sample.ids.count) tokens, the model's context is \(contextLength)",
                remedy: "make the dataset with sequenceLength \(contextLength) or less")
        }
        if let limit, sample.ids.count > limit {
            throw TrainingError(
                .invalidDataset, place, "has \(sample.ids.count) tokens, recipe.sequenceLength is \(limit)",
                remedy: "raise recipe.sequenceLength or make shorter samples")
        }
        guard sample.starts.first == 0, zip(sample.starts, sample.starts.dropFirst()).allSatisfy(<),
            sample.starts.last.map({ $0 < max(1, sample.ids.count) }) == true
        else {
            throw TrainingError(
                .invalidDataset, place, "has document starts that do not ascend from 0 within the row",
                remedy: "make the dataset again")
        }
        let vocabulary = Int32(clamping: vocabularySize)
        for (position, id) in sample.ids.enumerated() where id < 0 || id >= vocabulary {
            throw TrainingError(
                .invalidDataset, place,
                "has the token id \(id) at position \(position), the model has ids 0 to"
                    + " \(vocabulary - 1)", remedy: "tokenize with the model's own tokenizer")
        }
        for (position, label) in sample.labels.enumerated()
        where label != TrainingSample.ignored && (label < 0 || label >= vocabulary) {
            throw TrainingError(
                .invalidDataset, place,
                "has the label \(label) at position \(position), the model has ids 0 to"
                    + " \(vocabulary - 1)", remedy: "give a token id, or -100 for no target")
        }
    }
}
