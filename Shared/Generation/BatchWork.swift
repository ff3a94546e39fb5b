// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama

/// Tokens of one sequence that are still to be computed, on top of what its cache holds.
final class Strand<Cache: SequenceCache> {
    let cache: Cache
    private(set) var pending: ArraySlice<Int32>
    /// `.last` is of the last pending token.
    let wanted: LogitsWanted
    /// Whether it is the next token of an answer, which goes before prompts.
    let isDecode: Bool
    /// Which continuation it is, where several share a context; nil for the prompt.
    let branch: Int?

    init(
        _ pending: ArraySlice<Int32>, cache: Cache, wanted: LogitsWanted, isDecode: Bool = false, branch: Int? = nil
    ) {
        self.pending = pending
        self.cache = cache
        self.wanted = wanted
        self.isDecode = isDecode
        self.branch = branch
    }

    /// Rows of logits that the next `count` tokens give.
    func rows(_ count: Int) -> Int {
        switch wanted {
        case .none: 0
        case .last: count == pending.count ? 1 : 0
        case .all: count
        }
    }

    func computed(_ count: Int) { pending = pending.dropFirst(count) }
}

/// One request while it waits and is computed. It belongs to the thread of its scheduler.
class BatchWork<Model: SequenceModel> {
    /// How it ended without an answer.
    enum Failure {
        case cancelled
        case error(any Error)
    }

    typealias Cache = Model.Cache

    let origin: RequestOrigin<Model.Adapter>
    /// What comes first and may be shared with others.
    let prompt: [Int32]
    /// What is to be computed now.
    var strands: [Strand<Cache>] = []
    /// Whether it has its answer, or will never have one.
    private(set) var isOver = false

    // The scheduler's notes.

    /// Pages reserved for it alone.
    var reservedPages = 0
    /// The kept beginning it rests on.
    var node: PrefixTree<Cache>.Node?
    /// How much of its sequence is kept for others.
    var keptCount = 0
    /// A finished sequence and its cache.
    var sequence: (ids: [Int32], cache: Cache)?
    /// Another prompt under way with which it shares so many tokens: it waits until these are computed.
    var leader: (work: BatchWork, count: Int)?

    init(prompt: [Int32], origin: RequestOrigin<Model.Adapter>) {
        self.prompt = prompt
        self.origin = origin
    }

    /// Tokens it may need to hold on top of the prompt, each list in a sequence of its own.
    var branches: [Int] { [] }
    /// Whether logits of every prompt token are wanted, so that none may come from a kept beginning.
    var needsWholePrompt: Bool { false }
    /// Tokens it may compute: its weight between tenants.
    var cost: Int { branches.reduce(prompt.count, +) }

    /// The prompt's strand, where `cache` holds its first tokens.
    func begin(_ cache: Cache) {
        let rest = prompt[cache.count...]
        strands = [Strand(rest, cache: cache, wanted: needsWholePrompt ? .all : .last)]
    }

    /// How many of the likeliest tokens are wanted at each place.
    var topLogprobs: Int { 0 }

    /// Does what takes long of taking the logits after an answer's token; on any thread, alone with the request.
    func choose(_ row: LogitRow) {}

    /// Takes the logits of the next tokens of a strand, which are computed.
    func receive(_ rows: [LogitRow], of strand: Strand<Cache>) throws {}

    /// Ends it without an answer.
    func fail(_ failure: Failure) {}

    /// Nothing more is to be computed.
    func finish() {
        isOver = true
        strands = []
    }

    /// The strand of the prompt, while it is computed.
    var promptStrand: Strand<Cache>? { strands.first.flatMap { $0.branch == nil && !$0.isDecode ? $0 : nil } }
}
