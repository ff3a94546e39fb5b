// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime

/// What remote models are asked, and how their answers are read. Takes only what may leave the stack.
struct RemoteAnswers: Sendable {
    /// Requests of one job under way at once.
    private static let window = 8

    let client: RemoteClient

    func generate(
        _ shared: Shareable<GenerateText>, _ context: JobContext
    ) async throws -> GenerateText.Output {
        let payload = shared.payload
        guard payload.adapter == nil else { throw client.failure("takes no adapter; leave payload.adapter out") }
        for (index, request) in payload.requests.enumerated() { try check(request, "payload.requests[\(index)]") }
        let results = try await each(payload.requests, context) { try await answer($0, context) }
        return GenerateText.Output(results: results)
    }

    func score(_ shared: Shareable<ScoreText>, _ context: JobContext) async throws -> ScoreText.Output {
        let payload = shared.payload
        guard payload.adapter == nil else { throw client.failure("takes no adapter; leave payload.adapter out") }
        return ScoreText.Output(results: try await each(payload.requests, context) { try await score($0, context) })
    }

    /// Does the same with each, several at once, and keeps the order.
    private func each<Request: Sendable, Result: Sendable>(
        _ requests: [Request], _ context: JobContext, _ body: @escaping @Sendable (Request) async throws -> Result
    ) async throws -> [Result] {
        var results = [Result?](repeating: nil, count: requests.count)
        var done = 0
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var next = 0
            while done < requests.count {
                while next < requests.count, next - done < Self.window {
                    let (index, request) = (next, requests[next])
                    group.addTask { (index, try await body(request)) }
                    next += 1
                }
                guard let (index, result) = try await group.next() else { break }
                results[index] = result
                done += 1
                context.report(JobProgress(phase: "asking", step: done, total: requests.count))
            }
        }
        return results.compactMap { $0 }
    }

    // MARK: Generating

    /// What no remote model is asked.
    private func check(_ request: GenerationRequest, _ place: String) throws(JobFailure) {
        let refused: [(String, Bool)] = [
            ("choices", request.choices != nil), ("promptLogprobs", request.promptLogprobs == true),
            ("responseFormat of type choice", request.responseFormat?.type == .choice),
        ]
        guard let (name, _) = refused.first(where: \.1) else { return }
        throw client.failure("can't serve \(place): \(name); ask a model of this stack, or in another mode")
    }

    private func answer(_ request: GenerationRequest, _ context: JobContext) async throws -> GenerationResult {
        var body: [String: JSONValue] = ["temperature": .number(request.temperature ?? 0)]
        body["max_tokens"] = .integer(Int64(request.maxTokens ?? 256))
        body["top_p"] = request.topP.map { .number($0) }
        body["seed"] = request.seed.map { .integer(Int64(truncatingIfNeeded: $0 & 0x7FFF_FFFF)) }
        body["stop"] = request.stop.flatMap { $0.isEmpty ? nil : .array($0.map { .string($0) }) }
        body["logit_bias"] = request.logitBias.flatMap { bias in
            bias.isEmpty ? nil : .object(bias.mapValues { .number($0) })
        }
        // Not OpenAI's, but of other servers: sent only where asked for.
        body["top_k"] = request.topK.flatMap { $0 == 0 ? nil : .integer(Int64($0)) }
        body["min_p"] = request.minP.flatMap { $0 == 0 ? nil : .number($0) }
        body["repetition_penalty"] = request.repetitionPenalty.flatMap { $0 == 1 ? nil : .number($0) }
        body["ignore_eos"] = request.ignoreEndOfSequence == true ? true : nil
        if let format = request.responseFormat, format.type == .jsonSchema {
            body["response_format"] = [
                "type": "json_schema", "json_schema": ["name": "answer", "schema": try schema(format)],
            ]
        }
        let isChat = request.messages != nil
        if let messages = request.messages {
            body["messages"] = .array(
                messages.map { ["role": .string($0.role.rawValue), "content": .string($0.content)] })
            if let count = request.logprobs {
                body["logprobs"] = true
                body["top_logprobs"] = .integer(Int64(count))
            }
        } else {
            body["prompt"] = request.prompt.map { .string($0) } ?? .ids(request.promptIDs ?? [])
            body["logprobs"] = request.logprobs.map { .integer(Int64($0)) }
        }
        let answer = try await client.post(isChat ? "chat/completions" : "completions", body, context)
        let usage = client.count(answer, context)
        guard case .array(let choices)? = answer["choices"], let choice = choices.first,
            let text = (isChat ? choice["message"]?["content"] : choice["text"])?.stringValue
        else { throw client.failure("answered without a text", retryable: true) }
        var result = GenerationResult(
            text: text, ids: [], finishReason: choice["finish_reason"] == "length" ? .length : .endOfSequence,
            promptTokens: usage.prompt)
        if request.logprobs != nil {
            guard let told = RemoteLogprobs(choice["logprobs"], isChat: isChat) else {
                throw client.failure("tells no log-probabilities; ask without logprobs")
            }
            result.logprobs = told.logprobs.map { $0 ?? 0 }
            result.tokens = told.tokens
        }
        return result
    }

    private func schema(_ format: ResponseFormat) throws -> JSONValue {
        guard let text = format.schema?.stringValue else { return format.schema ?? [:] }
        return try MessageDecoder.parse(Array(text.utf8))
    }

    // MARK: Scoring

    /// The continuation's tokens are those that begin at its place or after, as the endpoint cut the text.
    private func score(_ request: ScoreText.Request, _ context: JobContext) async throws -> ScoreText.Score {
        var body: [String: JSONValue] = ["max_tokens": 0, "echo": true, "logprobs": 1, "temperature": 0]
        if let ids = request.contextIDs, let continuation = request.continuationIDs {
            body["prompt"] = .ids(ids + continuation)
        } else {
            body["prompt"] = .string((request.context ?? "") + (request.continuation ?? ""))
        }
        let answer = try await client.post("completions", body, context)
        _ = client.count(answer, context)
        guard case .array(let choices)? = answer["choices"],
            let told = choices.first.flatMap({ RemoteLogprobs($0["logprobs"], isChat: false) })
        else {
            throw client.failure(
                "tells no log-likelihoods (completions with echo and logprobs); ask in mode generate instead")
        }
        let first: Int
        if let ids = request.contextIDs {
            first = ids.count + told.logprobs.count - (ids.count + (request.continuationIDs?.count ?? 0))
        } else {
            let boundary = (request.context ?? "").unicodeScalars.count
            first = told.offsets.firstIndex { $0 >= boundary } ?? told.logprobs.count
        }
        let tokens = told.logprobs.indices.filter { $0 >= max(0, first) && told.logprobs[$0] != nil }
        return ScoreText.Score(
            logLikelihood: tokens.reduce(0) { $0 + (told.logprobs[$1] ?? 0) }, tokenCount: tokens.count,
            isGreedy: tokens.allSatisfy { told.isLikeliest($0) })
    }
}

extension JSONValue {
    fileprivate static func ids(_ ids: [Int32]) -> JSONValue { .array(ids.map { .integer(Int64($0)) }) }
}
