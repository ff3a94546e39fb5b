// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The body of `POST /v1/completions`.
struct CompletionRequest: Sendable {
    var sampling: SamplingParameters
    var prompts: [Prompt]
    /// Whether the prompt is a part of the answer.
    var echoes: Bool
    /// Likeliest tokens at each place; nil for no log-probabilities.
    var logprobs: Int?

    /// A prompt as text or as ids.
    enum Prompt: Sendable, Hashable {
        case text(String)
        case ids([Int32])
    }

    /// The most prompts of one request.
    private static let mostPrompts = 2048
    /// OpenAI's default.
    private static let defaultTokens = 16

    init(_ document: JSONValue) throws(Problem) {
        var parameters = try RequestParameters(document)
        sampling = try SamplingParameters(&parameters)
        prompts = try Self.prompts(parameters.value("prompt"))
        echoes = try parameters.flag("echo") ?? false
        logprobs = try parameters.integer("logprobs", in: 0...GenerationRequest.mostLogprobs)
        let tokens = try parameters.integer("max_tokens", in: 0...1_048_576) ?? Self.defaultTokens
        // As many are drawn as are answered.
        try parameters.allow("best_of", only: [.integer(Int64(sampling.count))])
        try parameters.allow("suffix", only: [""])
        try parameters.refuseOthers()
        if echoes, sampling.isStreaming {
            throw .invalid("unsupported-parameter", "echo: can't be combined with stream", field: "echo")
        }
        guard tokens > 0 || echoes else {
            throw .invalid("invalid-value", "max_tokens: may be 0 with echo only", field: "max_tokens")
        }
        sampling.request.maxTokens = tokens
        sampling.request.logprobs = logprobs
        // The text of a prompt given as ids comes with its log-probabilities.
        let needsPrompt =
            echoes && (logprobs != nil || tokens == 0 || prompts.contains { if case .ids = $0 { true } else { false } })
        if needsPrompt {
            sampling.request.promptLogprobs = true
            sampling.request.logprobs = logprobs ?? 0
        }
    }

    /// One a wanted answer: those of the first prompt, then of the second.
    var requests: [GenerationRequest] {
        prompts.flatMap { prompt in
            var request = sampling.request
            switch prompt {
            case .text(let text): request.prompt = text
            case .ids(let ids): request.promptIDs = ids
            }
            return sampling.requests(request)
        }
    }

    /// A string, a list of strings, a list of ids, or a list of lists of ids.
    private static func prompts(_ value: JSONValue?) throws(Problem) -> [Prompt] {
        let wrong = Problem.invalid(
            "wrong-type", "prompt: must be a string, a list of strings, a list of token ids, or a list of such lists",
            field: "prompt")
        guard let value else { throw .invalid("missing-field", "prompt: is missing", field: "prompt") }
        if let text = value.stringValue { return [.text(text)] }
        guard case .array(let items) = value, let first = items.first else { throw wrong }
        if case .integer = first { return [.ids(try ids(items, wrong))] }
        guard items.count <= mostPrompts else {
            throw .invalid("invalid-value", "prompt: takes at most \(mostPrompts) prompts", field: "prompt")
        }
        var prompts: [Prompt] = []
        for item in items {
            switch item {
            case .string(let text): prompts.append(.text(text))
            case .array(let list): prompts.append(.ids(try ids(list, wrong)))
            default: throw wrong
            }
        }
        return prompts
    }

    private static func ids(_ items: [JSONValue], _ wrong: Problem) throws(Problem) -> [Int32] {
        guard !items.isEmpty else { throw wrong }
        var ids: [Int32] = []
        ids.reserveCapacity(items.count)
        for item in items {
            guard case .integer(let number) = item, let id = Int32(exactly: number), id >= 0 else { throw wrong }
            ids.append(id)
        }
        return ids
    }
}
