// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One request while its answer is being written: a state machine that takes logits and says what to do next.
struct ActiveSequence<Cache> {
    /// What comes after a token was taken.
    enum Next {
        /// Feed this token and come back with the logits after it.
        case extend(Int32)
        case finish(FinishReason)
    }

    let position: Int
    let request: GenerationRequest
    let cache: Cache
    private(set) var ids: [Int32] = []
    private(set) var logprobs: [Double] = []
    /// The given answer that was reached.
    private(set) var choice: Int?
    private var sampler: Sampler
    private var stop: StopCondition
    private let trie: ChoiceTrie?
    private var node = ChoiceTrie.root
    /// Bytes of the text that belong to the answer, once a stop string cut it.
    private(set) var textEnd: Int?

    init(position: Int, request: GenerationRequest, trie: ChoiceTrie?, cache: Cache) {
        self.position = position
        self.request = request
        self.trie = trie
        self.cache = cache
        sampler = Sampler(request.parameters)
        stop = StopCondition(request.parameters.stop)
    }

    /// Takes the logits after what was fed so far.
    mutating func advance(
        logits: [Float], endIDs: Set<Int32>, contextLength: Int, decode: (([Int32]) -> String)?
    ) throws -> Next {
        if let trie { return try choose(from: trie, logits: logits, endIDs: endIDs) }
        let id = sampler.next(logits: logits, history: request.promptIDs + ids)
        let score = try LogitRows.score(id, in: logits)
        if endIDs.contains(id), !request.parameters.ignoreEndOfSequence { return .finish(.endOfSequence) }
        ids.append(id)
        logprobs.append(score.logprob)
        if !stop.isEmpty, let decode, let end = stop.end(in: decode(ids)) {
            textEnd = end
            return .finish(.stop)
        }
        if ids.count >= request.parameters.maxTokens || request.promptIDs.count + ids.count >= contextLength {
            return .finish(.length)
        }
        return .extend(id)
    }

    /// Takes the likeliest token that leads to a given answer.
    ///
    /// Where an answer is complete and also the beginning of a longer one, it ends there if the likeliest
    /// end-of-sequence id beats every continuation; a model without such an id ends there if its likeliest token of
    /// all leads to no longer answer.
    private mutating func choose(from trie: ChoiceTrie, logits: [Float], endIDs: Set<Int32>) throws -> Next {
        let children = trie.children(of: node)
        guard var best = children.first else { return .finish(.choice) }
        for child in children.dropFirst() where logits[Int(child.id)] > logits[Int(best.id)] { best = child }
        let score = try LogitRows.score(best.id, in: logits)
        if let complete = trie.choice(at: node) {
            let ends = endIDs.filter { logits.indices.contains(Int($0)) }
            let end = ends.map { logits[Int($0)] }.max()
            if end.map({ $0 > logits[Int(best.id)] }) ?? !score.isGreedy {
                choice = complete
                return .finish(.choice)
            }
        }
        ids.append(best.id)
        logprobs.append(score.logprob)
        node = best.node
        if trie.children(of: node).isEmpty {
            choice = trie.choice(at: node)
            return .finish(.choice)
        }
        return .extend(best.id)
    }
}
