// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// Gives summaries their BERTScore, and asks the encoder only for what no row has yet.
public struct SummaryScorer: Sendable {
    public let setting: BERTScoreSetting
    private let encoder: any TokenEncoder

    /// - Parameter idf: whether a token weighs by its inverse document frequency in the references of all items.
    public init(_ encoder: any TokenEncoder, idf: Bool = false) {
        self.encoder = encoder
        setting = BERTScoreSetting(encoder, idf: idf)
    }

    /// Sets the rows' similarities; `references` has the right answer of each row. A row without an output scores 0.
    func score(
        _ rows: inout [EvaluationRow], references: [String], batchSize: Int, concurrent: Int
    ) async throws {
        // With weights each score depends on every reference.
        let shared = setting.idf ? digest(references) : ""
        let keys = zip(rows, references).map { digest([encoder.identity, shared, $0.output, $1]) }
        let isKnown = zip(rows, keys).map { $0.similarity?.key == $1 }
        guard isKnown.contains(false) else { return }
        let asked = rows.indices.filter { setting.idf || !isKnown[$0] }
        let batches = stride(from: 0, to: asked.count, by: batchSize)
            .map { Array(asked[$0..<min($0 + batchSize, asked.count)]) }
        let given = rows
        var found: [Int: Found] = [:]
        try await inOrder(batches, concurrent: concurrent) { batch in
            try await self.found(batch.map { (given[$0], references[$0]) })
        } then: { batch, answers in
            for (index, answer) in zip(batch, answers) { found[index] = answer }
        }
        let metric =
            setting.idf
            ? BERTScore(inverseDocumentFrequenciesOf: rows.indices.map { found[$0]?.reference ?? [] }) : BERTScore()
        for index in asked {
            rows[index].similarity = RowSimilarity(
                key: keys[index], score: found[index]?.matches.map(metric.score) ?? .zero)
        }
    }

    private struct Found: Sendable {
        /// Nil where there is nothing to compare.
        var matches: TokenMatches?
        /// The reference's ids, where they weigh.
        var reference: [Int32] = []
    }

    private func found(_ pairs: [(row: EvaluationRow, reference: String)]) async throws -> [Found] {
        var texts: [String] = []
        for (row, reference) in pairs {
            let isBlank = row.output.isBlank || reference.isBlank
            if !isBlank { texts.append(row.output) }
            if !isBlank || setting.idf { texts.append(reference) }
        }
        guard !texts.isEmpty else { return pairs.map { _ in Found() } }
        let vectors = try await encoder.vectors(of: texts, call: ItemAsker.call("embed", texts))
        try ItemAsker.check(vectors.count, for: texts.count)
        var next = 0
        var all: [Found] = []
        for (row, reference) in pairs {
            // Long texts take a while, and others want the thread too.
            await Task.yield()
            var found = Found()
            let isBlank = row.output.isBlank || reference.isBlank
            if !isBlank {
                found.matches = TokenMatches(vectors[next], reference: vectors[next + 1])
                next += 1
            }
            if !isBlank || setting.idf {
                if setting.idf { found.reference = vectors[next].ids }
                next += 1
            }
            all.append(found)
        }
        return all
    }

    private func digest(_ parts: [String]) -> String {
        ItemAsker.digest(["\(setting.layer)", "\(setting.idf)"] + parts)
    }
}
