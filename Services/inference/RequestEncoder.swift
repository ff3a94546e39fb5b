// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Messages
import Tokenization

/// Turns requests as people write them into token ids.
struct RequestEncoder {
    /// Tokens of an answer where the request names no limit.
    private static let defaultMaxTokens = 256

    let loaded: LoadedModel
    /// Whether prompts given as text start with the beginning-of-sequence id; nil: as the tokenizer says.
    let addBOS: Bool?

    func request(
        _ request: Messages.GenerationRequest, position: Int
    ) throws -> Generation.GenerationRequest {
        let place = "payload.requests[\(position)]"
        let ids = try promptIDs(of: request, place)
        let parameters = GenerationParameters(
            maxTokens: request.maxTokens ?? Self.defaultMaxTokens, temperature: request.temperature ?? 0,
            topK: request.topK ?? 0, topP: request.topP ?? 1, minP: request.minP ?? 0,
            repetitionPenalty: request.repetitionPenalty ?? 1, seed: request.seed ?? 0, stop: request.stop ?? [],
            ignoreEndOfSequence: request.ignoreEndOfSequence ?? false)
        let choices = try request.choices.map { choices in
            let tokenizer = try tokenizer(place)
            guard let prompt = request.prompt else {
                return choices.map { tokenizer.encode($0, addBOS: false) }
            }
            // Encoded together with the prompt, as its tokens would follow there.
            return choices.map { choice in
                ContinuationSplit.encode(context: prompt, continuation: choice) {
                    tokenizer.encode($0, addBOS: false)
                }.continuation
            }
        }
        return Generation.GenerationRequest(promptIDs: ids, parameters: parameters, choices: choices)
    }

    /// The ids of a context and a continuation.
    func pair(context: String, continuation: String, _ place: String) throws -> (
        context: [Int32], continuation: [Int32]
    ) {
        let tokenizer = try tokenizer(place)
        var pair = ContinuationSplit.encode(context: context, continuation: continuation) {
            tokenizer.encode($0, addBOS: false)
        }
        if addBOS ?? tokenizer.addsBOSByDefault, let begin = tokenizer.beginOfSequence {
            pair.context.insert(begin, at: 0)
        }
        return pair
    }

    private func promptIDs(of request: Messages.GenerationRequest, _ place: String) throws -> [Int32] {
        if let ids = request.promptIDs { return ids }
        let tokenizer = try tokenizer(place)
        if let prompt = request.prompt {
            if request.choices != nil {
                // The spaces that end the prompt belong to the choice (see ContinuationSplit).
                let context = ContinuationSplit.encode(context: prompt, continuation: "") {
                    tokenizer.encode($0, addBOS: false)
                }.context
                let begins = addBOS ?? tokenizer.addsBOSByDefault
                return (begins ? [tokenizer.beginOfSequence].compactMap { $0 } : []) + context
            }
            return tokenizer.encode(prompt, addBOS: addBOS ?? tokenizer.addsBOSByDefault)
        }
        throw JobFailure.badInput(
            "\(place).messages: this version has no chat template; give \"prompt\" with the template's text")
    }

    private func tokenizer(_ place: String) throws -> any Tokenizer {
        guard let tokenizer = loaded.tokenizer else {
            throw JobFailure.badInput(
                "\(place): the model's folder has no tokenizer.model; give \"promptIDs\" or put the tokenizer beside it"
            )
        }
        return tokenizer
    }
}
