// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages

/// How answers are written: as a chat's messages or as text, whole or in chunks.
struct AnswerFormat: Sendable {
    enum Kind: Sendable {
        case chat
        /// Each prompt's text goes before its answers, where it is to.
        case text(echoes: [String?])
    }

    let kind: Kind
    /// Such as `chatcmpl-01J…`: the job's id is in it.
    let id: String
    /// The name that the client gave.
    let model: String
    let created: Int64
    let wantsLogprobs: Bool

    init(_ kind: Kind, job: JobID, model: String, wantsLogprobs: Bool) {
        self.kind = kind
        self.model = model
        self.wantsLogprobs = wantsLogprobs
        id = Self.isChat(kind) ? "chatcmpl-\(job)" : "cmpl-\(job)"
        created = Int64(Date().timeIntervalSince1970)
    }

    private static func isChat(_ kind: Kind) -> Bool { if case .chat = kind { true } else { false } }
    private var isChat: Bool { Self.isChat(kind) }

    // MARK: Whole

    /// All answers.
    func whole(_ results: [GenerationResult], usage: JSONValue) -> JSONValue {
        var document = envelope(isChat ? "chat.completion" : "text_completion")
        document["choices"] = .array(results.enumerated().map { choice($0, $1) })
        document["usage"] = usage
        return .object(document)
    }

    private func choice(_ index: Int, _ result: GenerationResult) -> JSONValue {
        var tokens = AnswerToken.tokens(of: result)
        var choice: [String: JSONValue] = [
            "index": .integer(Int64(index)), "finish_reason": .string(Self.reason(result.finishReason)),
        ]
        switch kind {
        case .chat:
            choice["message"] = ["role": "assistant", "content": .string(result.text), "refusal": .null]
        case .text(let echoes):
            var text = result.text
            if index < echoes.count, let echo = echoes[index] {
                let prompt = result.promptLogprobs.map { AnswerToken.tokens(of: $0) } ?? []
                // A prompt given as ids has no text of its own.
                text = (echo.isEmpty ? prompt.compactMap(\.text).joined() : echo) + text
                tokens = prompt + tokens
            }
            choice["text"] = .string(text)
        }
        choice["logprobs"] = wantsLogprobs ? logprobs(tokens, offset: 0) : .null
        return .object(choice)
    }

    // MARK: Chunks

    /// What comes before the first token of an answer, if anything does.
    func opening(_ index: Int) -> JSONValue? {
        isChat ? chunk(index, content: ["role": "assistant", "content": ""]) : nil
    }

    /// More of an answer, of which `offset` characters came before.
    func delta(_ index: Int, _ delta: AnswerProgress.Delta, offset: Int) -> JSONValue {
        let logprobs = wantsLogprobs && !delta.tokens.isEmpty ? logprobs(delta.tokens, offset: offset) : .null
        return chunk(
            index, content: isChat ? ["content": .string(delta.text)] : .string(delta.text), logprobs: logprobs)
    }

    /// The end of an answer.
    func closing(_ index: Int, _ reason: GenerationResult.FinishReason) -> JSONValue {
        chunk(index, content: isChat ? [:] : "", reason: .string(Self.reason(reason)))
    }

    /// The last chunk of all, where usage was asked for.
    func usageChunk(_ usage: JSONValue) -> JSONValue {
        var document = envelope(isChat ? "chat.completion.chunk" : "text_completion")
        document["choices"] = []
        document["usage"] = usage
        return .object(document)
    }

    private func chunk(
        _ index: Int, content: JSONValue, logprobs: JSONValue = .null, reason: JSONValue = .null
    ) -> JSONValue {
        var document = envelope(isChat ? "chat.completion.chunk" : "text_completion")
        document["choices"] = [
            [
                "index": .integer(Int64(index)), isChat ? "delta" : "text": content, "logprobs": logprobs,
                "finish_reason": reason,
            ]
        ]
        return .object(document)
    }

    // MARK: Parts of both

    private func envelope(_ object: String) -> [String: JSONValue] {
        ["id": .string(id), "object": .string(object), "created": .integer(created), "model": .string(model)]
    }

    private static func reason(_ reason: GenerationResult.FinishReason) -> String {
        switch reason {
        case .stop, .endOfSequence, .choice: "stop"
        case .length: "length"
        }
    }

    /// Tokens counted: a prompt once, however many answers it has.
    static func usage(_ results: [GenerationResult], answersPerPrompt count: Int) -> JSONValue {
        let prompts = results.enumerated().filter { $0.offset % max(1, count) == 0 }
        let prompt = prompts.reduce(0) { $0 + ($1.element.promptTokens ?? 0) }
        let completion = results.reduce(0) { $0 + $1.ids.count }
        return [
            "prompt_tokens": .integer(Int64(prompt)), "completion_tokens": .integer(Int64(completion)),
            "total_tokens": .integer(Int64(prompt + completion)),
        ]
    }

    private func logprobs(_ tokens: [AnswerToken], offset: Int) -> JSONValue {
        if isChat { return ["content": .array(tokens.map(Self.chatToken)), "refusal": .null] }
        var offset = offset
        var offsets: [JSONValue] = []
        for token in tokens {
            offsets.append(.integer(Int64(offset)))
            offset += token.text?.unicodeScalars.count ?? 0
        }
        return [
            "tokens": .array(tokens.map { .string($0.shown) }),
            "token_logprobs": .array(tokens.map { $0.logprob.map { .logprob($0) } ?? .null }),
            "top_logprobs": .array(
                tokens.map { token in
                    guard token.logprob != nil else { return .null }
                    // Two tokens may have one text: the likelier, which comes first, stays.
                    return .object(
                        Dictionary(token.top.map { ($0.shown, .logprob($0.logprob)) }, uniquingKeysWith: { a, _ in a }))
                }),
            "text_offset": .array(offsets),
        ]
    }

    private static func chatToken(_ token: AnswerToken) -> JSONValue {
        func entry(_ text: String, _ logprob: Double) -> [String: JSONValue] {
            [
                "token": .string(text), "logprob": .logprob(logprob),
                "bytes": .array(text.utf8.map { .integer(Int64($0)) }),
            ]
        }
        var value = entry(token.shown, token.logprob ?? -.infinity)
        value["top_logprobs"] = .array(token.top.map { .object(entry($0.shown, $0.logprob)) })
        return .object(value)
    }
}
