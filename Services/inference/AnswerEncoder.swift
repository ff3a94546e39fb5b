// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Messages
import Tokenization

/// Turns the engine's answers into those of the wire.
struct AnswerEncoder {
    let tokenizer: (any Tokenizer)?

    /// The answer to `encoded`, which was `asked` for.
    func result(
        _ result: Generation.GenerationResult, of encoded: EncodedRequest, asked: Messages.GenerationRequest
    ) -> Messages.GenerationResult {
        // A constrained answer is the text of its choice, not what its ids decode to (a leading space is lost).
        let chosen = result.choice.flatMap { encoded.choices?[$0] }
        var answer = Messages.GenerationResult(
            text: chosen ?? result.text, ids: result.ids, finishReason: reason(result.finishReason),
            logprobs: result.logprobs, promptTokens: encoded.request.promptIDs.count,
            chatTemplate: encoded.chatTemplate?.rawValue)
        if asked.logprobs != nil { answer.tokens = texts(result.ids) }
        if let count = asked.logprobs, count > 0 { answer.topLogprobs = result.topLogprobs.map(ranked) }
        if asked.promptLogprobs == true {
            answer.promptLogprobs = PromptLogprobs(
                ids: encoded.request.promptIDs, tokens: texts(encoded.request.promptIDs),
                logprobs: result.promptLogprobs,
                topLogprobs: asked.logprobs.flatMap { $0 > 0 ? result.promptTopLogprobs.map(ranked) : nil })
        }
        return answer
    }

    /// The likeliest tokens at one place.
    func ranked(_ tokens: [RankedToken]) -> [TokenLogprob] {
        tokens.map { TokenLogprob(id: $0.id, text: text($0.id), logprob: $0.logprob) }
    }

    /// What a token writes inside a text; nil without a tokenizer.
    func text(_ id: Int32) -> String? {
        guard let tokenizer else { return nil }
        var bytes: [UInt8] = []
        tokenizer.appendBytes(of: id, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func texts(_ ids: [Int32]) -> [String]? { tokenizer == nil ? nil : ids.compactMap(text) }

    func reason(_ reason: Generation.FinishReason) -> Messages.GenerationResult.FinishReason {
        switch reason {
        case .stop: .stop
        case .length, .cancelled: .length
        case .endOfSequence: .endOfSequence
        case .choice: .choice
        }
    }
}
