// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// A token of an answer or a prompt, with what is known of it.
struct AnswerToken: Sendable {
    var id: Int32
    var text: String?
    /// In nats; nil for a prompt's first.
    var logprob: Double?
    var top: [TokenLogprob]

    static func tokens(of part: GenerationPart) -> [AnswerToken] {
        tokens(part.ids, part.tokens, part.logprobs, part.topLogprobs)
    }

    static func tokens(of result: GenerationResult) -> [AnswerToken] {
        tokens(result.ids, result.tokens, result.logprobs, result.topLogprobs)
    }

    static func tokens(of prompt: PromptLogprobs) -> [AnswerToken] {
        tokens(prompt.ids, prompt.tokens, prompt.logprobs, prompt.topLogprobs)
    }

    private static func tokens(
        _ ids: [Int32], _ texts: [String]?, _ logprobs: [Double?]?, _ top: [[TokenLogprob]]?
    ) -> [AnswerToken] {
        ids.indices.map { index in
            AnswerToken(
                id: ids[index], text: texts?[checked: index], logprob: logprobs?[checked: index] ?? nil,
                top: top?[checked: index] ?? [])
        }
    }

    /// The text, or what vLLM writes for a model without a tokenizer.
    var shown: String { text ?? "token_id:\(id)" }
}

extension TokenLogprob {
    var shown: String { text ?? "token_id:\(id)" }
}

extension Array {
    /// The element, or nil where a worker sent fewer.
    fileprivate subscript(checked index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension JSONValue {
    /// A log-probability as clients take it: JSON has no infinity, and OpenAI writes −9999 for it.
    static func logprob(_ value: Double) -> JSONValue { .number(value.isFinite ? value : -9999) }
}
