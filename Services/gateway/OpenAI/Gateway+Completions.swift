// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Jobs
import Messages
import ServiceRuntime

/// The routes that OpenAI's clients use. A request is an `infer.*` job of the key's tenant; the answer is its result.
extension Gateway {
    var completionRoutes: [Route] {
        [
            Route(.post, Self.chatPath, "createChatCompletion", .scope(.submit), handler: chat),
            Route(.post, Self.completionPath, "createCompletion", .scope(.submit), handler: complete),
            Route(.post, Self.embeddingPath, "createEmbedding", .scope(.submit), handler: embed),
        ]
    }

    private static let chatPath = "/v1/chat/completions"
    private static let completionPath = "/v1/completions"
    private static let embeddingPath = "/v1/embeddings"

    /// Whether a route tells its errors in OpenAI's form.
    static func speaksOpenAI(_ path: String?) -> Bool {
        guard let path else { return false }
        return [chatPath, completionPath, embeddingPath, modelsPath].contains(path) || path.hasPrefix(modelsPath + "/")
    }

    @Sendable private func chat(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let order = try ChatRequest(try await RequestDocument.read(request, limits: limits))
        let question = Question(
            sampling: order.sampling, requests: order.requests, kind: .chat,
            wantsLogprobs: order.sampling.request.logprobs != nil)
        return try await answer(question, request, context)
    }

    @Sendable private func complete(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let order = try CompletionRequest(try await RequestDocument.read(request, limits: limits))
        let echoes = order.requests.map { order.echoes ? $0.prompt ?? "" : nil }
        let question = Question(
            sampling: order.sampling, requests: order.requests, kind: .text(echoes: echoes),
            wantsLogprobs: order.logprobs != nil)
        return try await answer(question, request, context)
    }

    /// One vector a text: the mean of its tokens' vectors, of the encoder's last layer.
    @Sendable private func embed(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let order = try EmbeddingRequest(try await RequestDocument.read(request, limits: limits))
        guard case (.stored(let model), nil) = try modelReference(order.model) else {
            throw OpenAIError(
                .invalid("invalid-value", "model: vectors are made by an encoder of this stack only", field: "model"))
        }
        let place = try desk.enter()
        let payload = EmbedTexts(model: model, texts: order.texts, pooling: .mean)
        let job = try await submit(try JobMessage(.inferEmbed, payload), request, context)
        place.wait(for: job)
        let reader = reader(of: job)
        let output = try await awaiting(place, request) { try await reader.read(EmbedTexts.Output.self) }
        return try .json(order.answer(output), headers: Self.lastOfConnection)
    }

    /// What a client asks, in whichever form.
    private struct Question {
        var sampling: SamplingParameters
        var requests: [GenerationRequest]
        var kind: AnswerFormat.Kind
        var wantsLogprobs: Bool
    }

    private func answer(_ question: Question, _ request: Request, _ context: GatewayContext) async throws -> Response {
        let sampling = question.sampling
        let named = try modelReference(sampling.model)
        var requests = question.requests
        if case .chat = question.kind, let template = models.models[sampling.model]?.chatTemplate {
            for index in requests.indices where requests[index].chatTemplate == nil {
                requests[index].chatTemplate = template
            }
        }
        let payload = GenerateText(
            model: named.model, adapter: named.adapter, requests: requests, addBOS: sampling.addBOS,
            stream: sampling.isStreaming ? true : nil)
        let place = try desk.enter()
        let job = try await submit(try JobMessage(.inferGenerate, payload), request, context)
        place.wait(for: job)
        let reader = reader(of: job)
        let format = AnswerFormat(
            question.kind, job: job, model: sampling.model, wantsLogprobs: question.wantsLogprobs)
        guard sampling.isStreaming else {
            let output = try await awaiting(place, request) {
                try await reader.read(GenerateText.Output.self)
            }
            let usage = AnswerFormat.usage(output.results, answersPerPrompt: sampling.count)
            return try .json(format.whole(output.results, usage: usage), headers: Self.lastOfConnection)
        }
        let stream = AnswerStream(
            reader: reader, format: format, count: question.requests.count, answersPerPrompt: sampling.count,
            includesUsage: sampling.includesUsage, heartbeat: limits.heartbeatInterval, logger: logger)
        var headers = Self.lastOfConnection
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-cache"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await awaiting(place, request) { try await stream.write { try await writer.write($0) } }
                try await writer.finish(nil)
            })
    }

    /// To see a client leave, its connection is read on; after that it can't carry another request.
    static let lastOfConnection: HTTPFields = [.connection: "close"]

    /// Submits a job whose client waits for it.
    func submit(
        _ message: JobMessage, _ request: Request, _ context: GatewayContext
    ) async throws -> JobID {
        try message.validate()
        try checkReferences(message, below: "")
        let span = SubmissionSpan(request.headers, context)
        let deadline = Date().timeIntervalSince1970 + limits.answerTimeout / .seconds(1)
        let receipt = try await answering.submit(
            JobSubmission(
                message: message, tenant: context.principal.tenant, priority: limits.answerPriority,
                traceparent: span.traceparent, deadline: Int64(deadline * 1000)))
        span.accepted(job: receipt.id, kind: message.kind, state: receipt.state)
        return receipt.id
    }

    func reader(of job: JobID) -> AnswerReader {
        AnswerReader(
            broker: answering, job: job, deadline: .now + limits.answerTimeout, wait: limits.eventWait,
            shutdown: shutdown, logger: logger)
    }

    /// Runs `body` until it returns or the client leaves. Then the job is cancelled where it has not ended, and its texts
    /// go.
    func awaiting<Value: Sendable>(
        _ place: AnswerDesk.Place, _ request: Request, _ body: () async throws -> Value
    ) async throws -> Value {
        defer { place.end() }
        do {
            let value = try await request.body.consumeWithCancellationOnInboundClose { rest in
                // Nobody reads the rest of the request, and its sequence must have ended before its source goes, which
                // would stop the process: an iterator that goes ends it.
                _ = rest.makeAsyncIterator()
                return try await body()
            }
            place.answered()
            return value
        } catch is CancellationError {
            throw OpenAIError(
                Problem(
                    "client-left", "The client has left",
                    status: .init(code: 499, reasonPhrase: "Client Closed Request"),
                    detail: "the connection was closed before the answer"))
        }
    }
}
