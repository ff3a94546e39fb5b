// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The body of `POST /v1/chat/completions`.
struct ChatRequest: Sendable {
    var sampling: SamplingParameters
    var messages: [ChatMessage]

    /// Fields that OpenAI has and that ask for nothing in this form.
    private static let harmless: [(String, [JSONValue])] = [
        ("tools", [[]]), ("tool_choice", ["none", "auto"]), ("parallel_tool_calls", [true, false]),
        ("functions", [[]]), ("function_call", ["none", "auto"]), ("modalities", [["text"]]), ("audio", []),
        ("prediction", []), ("reasoning_effort", []), ("verbosity", []), ("web_search_options", []),
    ]

    init(_ document: JSONValue) throws(Problem) {
        var parameters = try RequestParameters(document)
        sampling = try SamplingParameters(&parameters)
        messages = try Self.messages(parameters.value("messages"))
        let newer = try parameters.integer("max_completion_tokens", in: 1...1_048_576)
        sampling.request.maxTokens =
            try parameters.integer("max_tokens", in: 1...1_048_576).map {
                min($0, newer ?? $0)
            } ?? newer
        let wantsLogprobs = try parameters.flag("logprobs") ?? false
        let top = try parameters.integer("top_logprobs", in: 0...GenerationRequest.mostLogprobs)
        guard wantsLogprobs || top ?? 0 == 0 else {
            throw .invalid("invalid-value", "top_logprobs: goes with logprobs only", field: "top_logprobs")
        }
        if wantsLogprobs { sampling.request.logprobs = top ?? 0 }
        sampling.request.chatTemplate = try parameters.text("chat_template")
        for (name, values) in Self.harmless { try parameters.allow(name, only: values) }
        try parameters.refuseOthers()
    }

    /// One a wanted answer.
    var requests: [GenerationRequest] {
        var request = sampling.request
        request.messages = messages
        return sampling.requests(request)
    }

    private static func messages(_ value: JSONValue?) throws(Problem) -> [ChatMessage] {
        guard let value else { throw .invalid("missing-field", "messages: is missing", field: "messages") }
        guard case .array(let items) = value, !items.isEmpty else {
            throw .invalid("wrong-type", "messages: must be a list of messages, not empty", field: "messages")
        }
        var messages: [ChatMessage] = []
        for (index, item) in items.enumerated() { messages.append(try message(item, "messages[\(index)]")) }
        return messages
    }

    private static func message(_ value: JSONValue, _ place: String) throws(Problem) -> ChatMessage {
        guard case .object(let members) = value else { throw RequestParameters.wrong(place, "an object", value) }
        let role: ChatMessage.Role
        switch members["role"]?.stringValue {
        case "system", "developer": role = .system
        case "user": role = .user
        case "assistant": role = .assistant
        default:
            throw .invalid(
                "invalid-value", "\(place).role: must be system, developer, user or assistant", field: "\(place).role")
        }
        for (name, member) in members where name != "role" && name != "content" && member != .null && member != [] {
            let shown = RequestID.isPlain(name) ? "\(place).\(name)" : place
            throw .invalid("unsupported-parameter", "\(shown): is not supported here; leave it out", field: shown)
        }
        return ChatMessage(role: role, content: try content(members["content"], "\(place).content"))
    }

    /// A string, or parts of type `text`.
    private static func content(_ value: JSONValue?, _ place: String) throws(Problem) -> String {
        if let text = value?.stringValue { return text }
        guard case .array(let parts)? = value else {
            throw .invalid("wrong-type", "\(place): must be a string or a list of text parts", field: place)
        }
        var content = ""
        for part in parts {
            guard part["type"] == "text", let text = part["text"]?.stringValue else {
                throw .invalid("unsupported-parameter", "\(place): takes parts of type text only", field: place)
            }
            content += text
        }
        return content
    }
}
