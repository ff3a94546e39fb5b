// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama

/// One answer while it is written: takes logits and says what to compute next.
final class GenerationWork<Model: SequenceModel>: BatchWork<Model> {
    private let request: GenerationRequest
    private let endIDs: Set<Int32>
    private let contextLength: Int
    private let trie: ChoiceTrie?
    private let deliver: (GenerationEvent) -> Void
    private var cache: Cache?
    private var place = ChoiceTrie.root
    private var walk: GrammarWalk?
    private var sampler: Sampler
    private var answer: AnswerText
    private var seen: Set<Int32> = []
    /// What ``choose(_:)`` found; nil before, none where nothing is allowed.
    private var chosen: Int32??
    private var result = GenerationResult(finishReason: .length)

    /// - Parameter request: already validated.
    init(
        _ request: GenerationRequest, for model: Model, text: (any TextStream)?, origin: RequestOrigin<Model.Adapter>,
        deliver: @escaping (GenerationEvent) -> Void
    ) throws {
        self.request = request
        endIDs = request.endIDs.union(model.endOfSequenceIDs.compactMap { Int32(exactly: $0) })
        contextLength = model.contextLength
        self.deliver = deliver
        trie = try request.choices.map { try ChoiceTrie($0) }
        walk = request.grammar?.walk()
        sampler = Sampler(request.parameters)
        answer = AnswerText(text, stop: request.parameters.stop)
        super.init(prompt: request.promptIDs, origin: origin)
        if request.parameters.repetitionPenalty != 1 { seen = Set(prompt) }
    }

    // The last token of an answer is never fed.
    override var branches: [Int] {
        [max(0, min(request.mostNewTokens(contextLength: contextLength) - 1, contextLength - prompt.count))]
    }

    override var needsWholePrompt: Bool { request.wantsPromptLogprobs }

    override var topLogprobs: Int { request.topLogprobs }

    override func choose(_ row: LogitRow) {
        guard trie == nil, row.normalizer.isFinite else { return }
        let mask = walk?.mask(endIDs: endIDs)
        guard let bias = request.parameters.logitBias, !bias.isEmpty else {
            chosen = .some(sampler.next(row, seen: seen, mask: mask))
            return
        }
        var values = Array(row.values)
        for (id, bias) in bias { values[Int(id)] += bias }
        chosen = .some(
            values.withUnsafeBufferPointer { sampler.next(LogitRow($0, top: 0), seen: seen, mask: mask) })
    }

    override func receive(_ rows: [LogitRow], of strand: Strand<Cache>) throws {
        if !strand.isDecode, strand.wanted == .all {
            for row in 0..<rows.count { try note(rows[row], before: strand.cache.count - rows.count + row + 1) }
        }
        guard strand.pending.isEmpty, rows.count > 0 else { return }
        cache = strand.cache
        let next = try advance(rows[rows.count - 1])
        strands =
            next.map {
                [Strand([$0], cache: strand.cache, wanted: .last, isDecode: true)]
            } ?? []
    }

    override func fail(_ failure: Failure) {
        switch failure {
        case .cancelled: end(.cancelled)
        case .error(let error):
            finish()
            deliver(.failed(error))
        }
    }

    /// Notes how likely the prompt's token at `position` is.
    private func note(_ row: LogitRow, before position: Int) throws {
        guard position < prompt.count else { return }
        try row.check()
        if result.promptLogprobs.isEmpty {
            result.promptLogprobs = [nil]
            result.promptTopLogprobs = [[]]
        }
        result.promptLogprobs.append(row.logprob(prompt[position]))
        result.promptTopLogprobs.append(row.top)
    }

    /// Takes the logits after all that was fed; returns the token to feed next, or nil where the answer has ended.
    private func advance(_ row: LogitRow) throws -> Int32? {
        try row.check()
        guard request.mostNewTokens(contextLength: contextLength) > 0 else { return end(.length) }
        if let trie { return follow(trie, row) }
        if chosen == nil { choose(row) }
        guard let id = chosen ?? nil else { throw TokenGrammar.unwritable }
        chosen = nil
        if endIDs.contains(id), !request.parameters.ignoreEndOfSequence || walk != nil { return end(.endOfSequence) }
        walk?.advance(id)
        take(id, row)
        if answer.isStopped { return end(.stop) }
        if walk?.isFinished == true { return end(.endOfSequence) }
        if result.ids.count >= request.parameters.maxTokens || prompt.count + result.ids.count >= contextLength {
            return end(.length)
        }
        return id
    }

    /// Takes the likeliest token that leads to a given answer.
    ///
    /// Where an answer is complete and also the beginning of a longer one, it ends there if the likeliest
    /// end-of-sequence id beats every continuation; a model without such an id ends there if its likeliest token of
    /// all leads to no longer answer.
    private func follow(_ trie: ChoiceTrie, _ row: LogitRow) -> Int32? {
        let children = trie.children(of: place)
        guard var best = children.first else { return end(.choice) }
        for child in children.dropFirst() where row.values[Int(child.id)] > row.values[Int(best.id)] { best = child }
        if let complete = trie.choice(at: place) {
            let ends = endIDs.filter { row.values.indices.contains(Int($0)) }
            let likeliestEnd = ends.map { row.values[Int($0)] }.max()
            if likeliestEnd.map({ $0 > row.values[Int(best.id)] }) ?? (row.likeliest != best.id) {
                result.choice = complete
                return end(.choice)
            }
        }
        take(best.id, row)
        place = best.node
        guard trie.children(of: place).isEmpty else { return best.id }
        result.choice = trie.choice(at: place)
        return end(.choice)
    }

    private func take(_ id: Int32, _ row: LogitRow) {
        let logprob = row.logprob(id)
        result.ids.append(id)
        result.logprobs.append(logprob)
        if request.topLogprobs > 0 { result.topLogprobs.append(row.top) }
        if request.parameters.repetitionPenalty != 1 { seen.insert(id) }
        deliver(.part(AnswerPart(text: answer.append(id), id: id, logprob: logprob, topLogprobs: row.top)))
    }

    @discardableResult
    private func end(_ reason: FinishReason) -> Int32? {
        let wasStopped = answer.isStopped
        let rest = answer.finish()
        if !rest.isEmpty { deliver(.part(AnswerPart(text: rest, topLogprobs: []))) }
        result.text = answer.text
        if reason != .cancelled, let cache { sequence = (prompt + result.ids, cache) }
        cache = nil
        // What was held back may have been a stop string after all.
        result.finishReason = !wasStopped && answer.isStopped && reason != .cancelled ? .stop : reason
        finish()
        deliver(.finished(result))
        return nil
    }
}
