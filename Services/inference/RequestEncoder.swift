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

    func request(_ request: Messages.GenerationRequest, position: Int) throws -> EncodedRequest {
        let place = "payload.requests[\(position)]"
        let parameters = GenerationParameters(
            maxTokens: request.maxTokens ?? Self.defaultMaxTokens, temperature: request.temperature ?? 0,
            topK: request.topK ?? 0, topP: request.topP ?? 1, minP: request.minP ?? 0,
            repetitionPenalty: request.repetitionPenalty ?? 1, seed: request.seed ?? 0, stop: request.stop ?? [],
            ignoreEndOfSequence: request.ignoreEndOfSequence ?? false, logitBias: Self.bias(request.logitBias))
        let texts = request.choices ?? request.responseFormat?.choices
        let template = try request.messages.map { _ in try chatTemplate(request, place) }
        var encoded = Generation.GenerationRequest(
            promptIDs: try promptIDs(of: request, template, hasChoices: texts != nil, place), parameters: parameters,
            choices: try texts.map { try choices($0, after: request.prompt, place) },
            topLogprobs: request.logprobs ?? 0, wantsPromptLogprobs: request.promptLogprobs ?? false)
        if let schema = request.responseFormat?.schema { encoded.grammar = try grammar(schema, place) }
        if let template { encoded.endIDs = Set(template.endsOfTurn(try tokenizer(place))) }
        return EncodedRequest(request: encoded, choices: texts, chatTemplate: template)
    }

    private static func bias(_ given: [String: Double]?) -> [Int32: Float]? {
        given.map { bias in
            Dictionary(uniqueKeysWithValues: bias.compactMap { id, value in Int32(id).map { ($0, Float(value)) } })
        }
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

    private func promptIDs(
        of request: Messages.GenerationRequest, _ template: ChatTemplate?, hasChoices: Bool, _ place: String
    ) throws -> [Int32] {
        if let ids = request.promptIDs { return ids }
        let tokenizer = try tokenizer(place)
        if let template, let messages = request.messages {
            let turns = messages.map { ChatTurn(Self.role($0.role), $0.content) }
            return try template.encode(turns, with: tokenizer)
        }
        let prompt = request.prompt ?? ""
        guard hasChoices else { return tokenizer.encode(prompt, addBOS: addBOS ?? tokenizer.addsBOSByDefault) }
        // The spaces that end the prompt belong to the choice (see ContinuationSplit).
        let context = ContinuationSplit.encode(context: prompt, continuation: "") {
            tokenizer.encode($0, addBOS: false)
        }.context
        let begins = addBOS ?? tokenizer.addsBOSByDefault
        return (begins ? [tokenizer.beginOfSequence].compactMap { $0 } : []) + context
    }

    /// The ids of each choice; those of a prompt in text are encoded together with it, as its tokens would follow there.
    private func choices(_ choices: [String], after prompt: String?, _ place: String) throws -> [[Int32]] {
        let tokenizer = try tokenizer(place)
        guard let prompt else { return choices.map { tokenizer.encode($0, addBOS: false) } }
        return choices.map { choice in
            ContinuationSplit.encode(context: prompt, continuation: choice) {
                tokenizer.encode($0, addBOS: false)
            }.continuation
        }
    }

    private func grammar(_ schema: JSONValue, _ place: String) throws -> TokenGrammar {
        let tokenizer = try tokenizer(place)
        do {
            if case .string(let text) = schema {
                return try loaded.grammar(Array(text.utf8), isOrdered: true, with: tokenizer)
            }
            return try loaded.grammar(Array(try MessageEncoder.encode(schema)), isOrdered: false, with: tokenizer)
        } catch let error as GenerationError {
            throw JobFailure.badInput("\(place).responseFormat.\(error.description)")
        }
    }

    private func chatTemplate(_ request: Messages.GenerationRequest, _ place: String) throws -> ChatTemplate {
        if let name = request.chatTemplate { return try ChatTemplate.named(name) }
        guard let template = loaded.chatTemplate else {
            throw JobFailure.badInput(
                "\(place).messages: the model's folder names no chat template that is known; give \"chatTemplate\", one "
                    + "of \(ChatTemplate.names)")
        }
        return template
    }

    private static func role(_ role: ChatMessage.Role) -> ChatTurn.Role {
        switch role {
        case .system: .system
        case .user: .user
        case .assistant: .assistant
        }
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
