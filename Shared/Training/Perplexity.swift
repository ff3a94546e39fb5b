// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Corpora
public import Llama

/// Scores held-out rows: the sum of negative log-likelihoods, tokens and bytes, in all and by domain.
public enum Perplexity {
    /// Tokens of one forward pass, unless told otherwise.
    public static let batchTokens = 2048

    /// The result over every row and over the rows of each domain; rows of no known domain count in the total only.
    ///
    /// With `isolated`, documents of one row do not see each other. `share` takes every `count`th row from `first` on, as
    /// ranks do that divide the rows among them. There is no dropout. `isCancelled` is asked before
    /// each row; then the result is nil. Throws where a row does not fit the model.
    public static func evaluate(
        _ model: LlamaModel, _ dataset: TokenDataset, isolated: Bool = true, batchTokens: Int = batchTokens,
        share: (first: Int, count: Int) = (0, 1), isCancelled: () -> Bool = { false }
    ) throws -> (total: PerplexityResult, domains: [CorpusDomain: PerplexityResult])? {
        var total = PerplexityResult(negativeLogLikelihood: 0, tokens: 0, bytes: 0)
        var domains: [CorpusDomain: PerplexityResult] = [:]
        var pending: [TokenSequence] = []
        var tokens = 0
        func score() throws {
            guard !pending.isEmpty else { return }
            let batch = try TokenBatch(
                rows: pending.map(\.ids), labels: pending.map(\.labels),
                segments: isolated ? pending.map(\.segments) : nil)
            for (row, sum) in zip(pending, try model.loss(batch).rows) {
                let part = PerplexityResult(
                    negativeLogLikelihood: sum.negativeLogLikelihood, tokens: sum.targetCount,
                    bytes: row.textBytes > 0 ? row.textBytes : nil)
                total = total.adding(part)
                if let domain = row.domain { domains[domain] = domains[domain]?.adding(part) ?? part }
            }
            (pending, tokens) = ([], 0)
        }
        for index in stride(from: share.first, to: dataset.count, by: share.count) {
            if isCancelled() { return nil }
            let row = try dataset.sequence(index)
            if tokens + row.ids.count > batchTokens { try score() }
            pending.append(row)
            tokens += row.ids.count
        }
        try score()
        return (total, domains)
    }
}

extension PerplexityResult {
    /// Both together; bytes are known only if both know them.
    public func adding(_ other: PerplexityResult) -> PerplexityResult {
        var sum: Int?
        if let bytes, let more = other.bytes { sum = bytes + more }
        return PerplexityResult(
            negativeLogLikelihood: negativeLogLikelihood + other.negativeLogLikelihood, tokens: tokens + other.tokens,
            bytes: sum)
    }
}
