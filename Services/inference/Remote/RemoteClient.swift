// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import Messages
import NIOCore
import NIOHTTP1
import ServiceRuntime
import Synchronization

/// Speaks to one remote model: within its rate, again where it is busy, and counts what that costs.
///
/// Nothing that the endpoint says goes into an error or a log but its status: it may quote the prompt.
final class RemoteClient: Sendable {
    /// The largest answer that is read.
    private static let answerLimit = 32 << 20
    /// One for the process, to its end; redirects could carry the key elsewhere.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// The operator's name for it, as errors tell it.
    let name: String
    let model: RemoteModel
    private let limit: Mutex<RateLimit>

    init(_ model: RemoteModel, name: String) {
        self.name = name
        self.model = model
        limit = Mutex(RateLimit(perMinute: model.requestsPerMinute ?? 60))
    }

    /// The answer to one request of a route such as `completions`. `body` is without the model's name.
    /// - Parameter hint: how to mend it where the endpoint refuses the request.
    func post(
        _ route: String, _ body: [String: JSONValue], _ context: JobContext,
        ifRefused hint: String = "its context may be shorter than contextLength of the models' file says"
    ) async throws -> JSONValue {
        var body = body
        body["model"] = .string(model.model)
        let bytes = try MessageEncoder.encode(JSONValue.object(body))
        var attempt = 0
        while true {
            attempt += 1
            try await wait(limit.withLock { $0.take(at: .now) }, context)
            context.note("requests", 1, adds: true)
            let (status, retryAfter, answer) = try await send(route, bytes)
            if status == 200 {
                guard let answer = try? MessageDecoder.parse(answer) else {
                    throw failure("answered with no JSON", retryable: true)
                }
                return answer
            }
            guard RemoteBackoff.isRetried(status) else {
                throw failure("refused the request with status \(status); \(hint)")
            }
            guard let pause = RemoteBackoff.pause(after: attempt, retryAfter: retryAfter) else {
                throw failure("is busy or broken: status \(status), \(attempt) times", retryable: true)
            }
            if status == 429 { limit.withLock { $0.pause(pause, at: .now) } }
            context.note("retries", 1, adds: true)
            try await wait(pause, context)
        }
    }

    /// Status 599 stands for no answer at all.
    private func send(_ route: String, _ body: Data) async throws -> (Int, retryAfter: String?, Data) {
        var request = HTTPClientRequest(url: model.url + (model.url.hasSuffix("/") ? "" : "/") + route)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let key = try model.key() { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let timeout = TimeAmount.milliseconds(Int64((model.timeoutSeconds ?? 300) * 1000))
            let response = try await Self.http.execute(request, timeout: timeout)
            let answer = try await response.body.collect(upTo: Self.answerLimit)
            return (
                Int(response.status.code), response.headers.first(name: "retry-after"), Data(answer.readableBytesView)
            )
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            return (599, nil, Data())
        }
    }

    /// Waits, and ends early where the job must stop.
    private func wait(_ time: Duration, _ context: JobContext) async throws {
        let end = ContinuousClock.now + time
        while true {
            try context.checkStop()
            let left = end - .now
            guard left > .zero else { return }
            try await Task.sleep(for: min(left, .milliseconds(500)))
        }
    }

    /// Counts the tokens of an answer, and what they cost.
    func count(_ answer: JSONValue, _ context: JobContext) -> (prompt: Int, completion: Int) {
        let prompt = answer["usage"]?["prompt_tokens"]?.doubleValue ?? 0
        let completion = answer["usage"]?["completion_tokens"]?.doubleValue ?? 0
        context.note("promptTokens", prompt, adds: true)
        context.note("completionTokens", completion, adds: true)
        if model.promptPrice != nil || model.completionPrice != nil {
            let cost = prompt * (model.promptPrice ?? 0) + completion * (model.completionPrice ?? 0)
            context.note("cost", cost, adds: true)
        }
        return (Int(prompt), Int(completion))
    }

    /// An error of this model; `retryable` where the queue may try again later.
    func failure(_ what: String, retryable: Bool = false) -> JobFailure {
        JobFailure(
            retryable ? .remote : .badInput, title: "The remote model did not do as asked",
            detail: "remote:\(name) \(what)", retryable: retryable)
    }
}
