// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// Scores given continuations of given contexts.
///
/// Equal contexts are computed once and their caches copied for each continuation; contexts that begin alike share
/// that part. Results are in the order of the requests and do not depend on how they are batched, up to rounding.
/// Blocks the calling thread.
public struct LogLikelihood<Model: SequenceModel> {
    /// A continuation and what comes before it; an empty context stands for the begin-of-sequence id.
    public struct Request: Sendable, Hashable {
        public let contextIDs: [Int32]
        public let continuationIDs: [Int32]

        public init(contextIDs: [Int32], continuationIDs: [Int32]) {
            self.contextIDs = contextIDs
            self.continuationIDs = continuationIDs
        }
    }

    /// How likely a continuation is.
    public struct Score: Sendable, Hashable {
        /// The log-probability of each token given all before it, in nats.
        public let logprobs: [Double]
        /// Whether greedy decoding would write exactly this continuation.
        public let isGreedy: Bool

        /// The sum over all tokens.
        public var logLikelihood: Double { logprobs.reduce(0, +) }
        public var tokenCount: Int { logprobs.count }
    }

    private typealias Open = (request: Int, cache: Model.Cache, first: (logprob: Double, isGreedy: Bool))

    private let model: Model
    private let tokenLimit: Int

    /// Rows of logits held at once: 128 MB of them at most.
    private var rowLimit: Int { max(1, min(tokenLimit, (1 << 25) / max(1, model.vocabularySize))) }

    /// A scorer over one model that computes up to `tokenLimit` tokens in one call.
    public init(model: Model, tokenLimit: Int = 1024) {
        self.model = model
        self.tokenLimit = max(1, tokenLimit)
    }

    /// The scores, in the order of `requests`; all are checked before the first is computed.
    ///
    /// `isCancelled` is asked before each batch; then the result is nil.
    public func score(_ requests: [Request], isCancelled: () -> Bool = { false }) throws -> [Score]? {
        let contexts = try requests.enumerated().map { try context(of: $1, position: $0) }
        var members: [[Int32]: [Int]] = [:]
        var order: [[Int32]] = []
        for (index, context) in contexts.enumerated() {
            if members[context] == nil { order.append(context) }
            members[context, default: []].append(index)
        }
        var scores = [Score?](repeating: nil, count: requests.count)
        var filler = PromptFiller(model: model, tokenLimit: tokenLimit)
        var start = 0
        while start < order.count {
            if isCancelled() { return nil }
            var end = start
            var tokens = 0
            while end < order.count, end == start || tokens + order[end].count <= tokenLimit {
                tokens += order[end].count
                end += 1
            }
            let group = order[start..<end]
            start = end
            try score(group.map { ($0, members[$0] ?? []) }, of: requests, &filler, into: &scores)
        }
        return scores.compactMap { $0 }
    }

    /// Scores all continuations of some contexts.
    private func score(
        _ group: [(context: [Int32], members: [Int])], of requests: [Request], _ filler: inout PromptFiller<Model>,
        into scores: inout [Score?]
    ) throws {
        let filled = try filler.fill(group.map(\.context))
        var open: [Open] = []
        var tokens = 0
        for (group, prompt) in zip(group, filled) {
            for request in group.members {
                let ids = requests[request].continuationIDs
                let first = try LogitRows.score(ids[0], in: prompt.logits)
                guard ids.count > 1 else {
                    scores[request] = Score(logprobs: [first.logprob], isGreedy: first.isGreedy)
                    continue
                }
                if !open.isEmpty, tokens + ids.count - 1 > rowLimit {
                    try close(&open, of: requests, into: &scores)
                    tokens = 0
                }
                tokens += ids.count - 1
                // The context's own cache serves its last continuation, so that the usual single one copies nothing.
                let cache =
                    request == group.members.last
                    ? prompt.cache : try prompt.cache.fork(count: group.context.count)
                open.append((request, cache, first))
            }
        }
        try close(&open, of: requests, into: &scores)
    }

    /// Scores everything behind the first token of the open continuations.
    private func close(_ open: inout [Open], of requests: [Request], into scores: inout [Score?]) throws {
        guard !open.isEmpty else { return }
        let tails = open.map { Array(requests[$0.request].continuationIDs.dropLast()) }
        if tails.count == 1 {
            // A long continuation alone is cut, so that the logits of all its tokens are never held together.
            var start = 0
            var parts = (logprobs: [open[0].first.logprob], isGreedy: open[0].first.isGreedy)
            while start < tails[0].count {
                let end = min(start + rowLimit, tails[0].count)
                let logits = try model.extend([
                    SequenceStep(tokens: Array(tails[0][start..<end]), cache: open[0].cache, logits: .all)
                ])
                try add(requests[open[0].request].continuationIDs[(start + 1)...end], from: logits, row: 0, to: &parts)
                start = end
            }
            scores[open[0].request] = Score(logprobs: parts.logprobs, isGreedy: parts.isGreedy)
        } else {
            let logits = try model.extend(
                zip(tails, open).map { SequenceStep(tokens: $0, cache: $1.cache, logits: .all) })
            var row = 0
            for (tail, entry) in zip(tails, open) {
                var parts = (logprobs: [entry.first.logprob], isGreedy: entry.first.isGreedy)
                try add(requests[entry.request].continuationIDs.dropFirst(), from: logits, row: row, to: &parts)
                scores[entry.request] = Score(logprobs: parts.logprobs, isGreedy: parts.isGreedy)
                row += tail.count
            }
        }
        open = []
    }

    /// Adds the scores of tokens whose logits begin at a row.
    private func add(
        _ ids: ArraySlice<Int32>, from logits: Tensor, row: Int, to parts: inout (logprobs: [Double], isGreedy: Bool)
    ) throws {
        for (offset, id) in ids.enumerated() {
            let values = LogitRows.row(row + offset, of: logits, width: model.vocabularySize)
            let score = try LogitRows.score(id, in: values)
            parts.logprobs.append(score.logprob)
            parts.isGreedy = parts.isGreedy && score.isGreedy
        }
    }

    private func context(of request: Request, position: Int) throws -> [Int32] {
        let place = "requests[\(position)]"
        guard !request.continuationIDs.isEmpty else {
            throw GenerationError(
                .invalidPrompt, place, "has an empty continuation", remedy: "give at least one token to score")
        }
        for id in request.contextIDs + request.continuationIDs where id < 0 || Int(id) >= model.vocabularySize {
            throw GenerationError(
                .invalidPrompt, place, "has the token id \(id), the model has ids 0 to \(model.vocabularySize - 1)",
                remedy: "use the model's own tokenizer")
        }
        var context = request.contextIDs
        if context.isEmpty {
            guard let begin = model.beginOfSequenceID, let id = Int32(exactly: begin), id >= 0,
                begin < model.vocabularySize
            else {
                throw GenerationError(
                    .invalidPrompt, place, "has an empty context and the model names no begin-of-sequence id",
                    remedy: "give a context, or bos_token_id in config.json")
            }
            context = [id]
        }
        guard context.count + request.continuationIDs.count - 1 <= model.contextLength else {
            throw GenerationError(
                .invalidPrompt, place,
                "has a context of \(context.count) and a continuation of \(request.continuationIDs.count) tokens,"
                    + " the model's context is \(model.contextLength)", remedy: "shorten the context")
        }
        return context
    }
}
