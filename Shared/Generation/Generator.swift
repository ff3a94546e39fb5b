// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama

/// Continues many prompts at once: each step feeds one token of every active sequence through the model together.
///
/// Requests wait in order; up to `batchLimit` are active, and one that ends makes room for the next. Each has its own
/// cache and its own random numbers, so its answer depends on the others only by the rounding of float32 sums. Blocks
/// the calling thread.
public struct Generator<Model: SequenceModel> {
    private typealias Active = ActiveSequence<Model.Cache>

    private let model: Model
    private let batchLimit: Int
    private let tokenLimit: Int
    private let decode: (([Int32]) -> String)?
    private let endIDs: Set<Int32>

    /// A generator over one model.
    ///
    /// - Parameters:
    ///   - batchLimit: sequences active at once.
    ///   - tokenLimit: prompt tokens computed in one call.
    ///   - decode: the text of new tokens; without it results have no text and stop strings are refused.
    public init(
        model: Model, batchLimit: Int = 16, tokenLimit: Int = 1024, decode: (([Int32]) -> String)? = nil
    ) {
        self.model = model
        self.batchLimit = max(1, batchLimit)
        self.tokenLimit = max(1, tokenLimit)
        self.decode = decode
        endIDs = Set(model.endOfSequenceIDs.compactMap { Int32(exactly: $0) })
    }

    /// The answers, in the order of `requests`.
    ///
    /// All requests are checked before the first is computed; a bad one throws an error that names its position.
    /// `isCancelled` is asked before each step with the position of each active request; `onToken` hears of each new
    /// token.
    public func run(
        _ requests: [GenerationRequest], isCancelled: (Int) -> Bool = { _ in false },
        onToken: (Int, Int32) -> Void = { _, _ in }
    ) throws -> [GenerationResult] {
        var tries: [ChoiceTrie?] = []
        for (position, request) in requests.enumerated() {
            try request.validate(
                position: position, vocabularySize: model.vocabularySize, contextLength: model.contextLength,
                canDecode: decode != nil)
            tries.append(try Self.trie(of: request, position: position))
        }
        var results = [GenerationResult?](repeating: nil, count: requests.count)
        var filler = PromptFiller(model: model, tokenLimit: tokenLimit)
        var waiting = 0
        var active: [(sequence: Active, next: Int32)] = []
        while waiting < requests.count || !active.isEmpty {
            let admitted = waiting..<min(requests.count, waiting + batchLimit - active.count)
            waiting = admitted.upperBound
            let room = admitted.filter { position in
                guard isCancelled(position) else { return true }
                results[position] = GenerationResult(
                    ids: [], logprobs: [], text: "", finishReason: .cancelled, choice: nil)
                return false
            }
            let filled = try filler.fill(room.map { requests[$0].promptIDs })
            for (position, prompt) in zip(room, filled) {
                var sequence = Active(
                    position: position, request: requests[position], trie: tries[position], cache: prompt.cache)
                let next = try advance(&sequence, logits: prompt.logits, onToken)
                settle(sequence, next, &active, &results)
            }
            active = active.filter { entry in
                guard isCancelled(entry.sequence.position) else { return true }
                results[entry.sequence.position] = result(of: entry.sequence, .cancelled)
                return false
            }
            guard !active.isEmpty else { continue }
            let logits = try model.extend(
                active.map { SequenceStep(tokens: [$0.next], cache: $0.sequence.cache, logits: .last) })
            let stepped = active
            active = []
            for (row, entry) in stepped.enumerated() {
                var sequence = entry.sequence
                let values = LogitRows.row(row, of: logits, width: model.vocabularySize)
                let next = try advance(&sequence, logits: values, onToken)
                settle(sequence, next, &active, &results)
            }
        }
        return results.compactMap { $0 }
    }

    private static func trie(of request: GenerationRequest, position: Int) throws -> ChoiceTrie? {
        do {
            return try request.choices.map { try ChoiceTrie($0) }
        } catch let error as GenerationError {
            throw GenerationError(
                error.code, "requests[\(position)].\(error.subject)", error.problem, remedy: error.remedy)
        }
    }

    private func advance(
        _ sequence: inout Active, logits: [Float], _ onToken: (Int, Int32) -> Void
    ) throws -> Active.Next {
        let known = sequence.ids.count
        let next = try sequence.advance(
            logits: logits, endIDs: endIDs, contextLength: model.contextLength, decode: decode)
        for id in sequence.ids[known...] { onToken(sequence.position, id) }
        return next
    }

    private func settle(
        _ sequence: Active, _ next: Active.Next, _ active: inout [(sequence: Active, next: Int32)],
        _ results: inout [GenerationResult?]
    ) {
        switch next {
        case .extend(let id): active.append((sequence, id))
        case .finish(let reason): results[sequence.position] = result(of: sequence, reason)
        }
    }

    private func result(of sequence: Active, _ reason: FinishReason) -> GenerationResult {
        var text = decode?(sequence.ids) ?? ""
        if let end = sequence.textEnd { text = String(decoding: text.utf8.prefix(end), as: UTF8.self) }
        return GenerationResult(
            ids: sequence.ids, logprobs: sequence.logprobs, text: text, finishReason: reason,
            choice: sequence.choice)
    }
}
