// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import ServiceRuntime
import Synchronization

/// A job that squares numbers; it fails on a negative one.
struct Square: JobPayload, Hashable {
    static let kind: JobKind = "toy.square"
    var number: Int
    /// Letters to answer with, to make an answer large.
    var padding: Int?

    struct Output: Codable, Sendable, Hashable {
        var square: Int
        var padding: String
    }

    static let outputFields = ["square", "padding"]
}

/// A job that asks for squares and adds them.
struct SumOfSquares: JobPayload, Hashable {
    static let kind: JobKind = "toy.sum"
    var numbers: [Int]
    var padding: Int?

    struct Output: Codable, Sendable, Hashable { var sum: Int }

    static let outputFields = ["sum"]
}

/// Squares, and counts how often it was asked.
final class SquareHandler: JobHandler {
    let kinds = [Square.kind]
    let calls = Mutex(0)
    /// Called before each answer.
    let before: @Sendable (Square, JobContext) async throws -> Void

    init(before: @escaping @Sendable (Square, JobContext) async throws -> Void = { _, _ in }) { self.before = before }

    func handle(_ payload: Square, context: JobContext) async throws -> Square.Output {
        calls.withLock { $0 += 1 }
        try await before(payload, context)
        guard payload.number >= 0 else { throw JobFailure.badInput("payload.number: is negative") }
        return Square.Output(
            square: payload.number * payload.number,
            padding: String(repeating: "x", count: payload.padding ?? 0))
    }
}

struct SumHandler: JobHandler {
    let kinds = [SumOfSquares.kind]
    /// Called with the answers, before the parent ends.
    var after: @Sendable (JobContext) async throws -> Void = { _ in }
    /// Hears how many have answered.
    var progress: @Sendable (Int) -> Void = { _ in }

    func handle(_ payload: SumOfSquares, context: JobContext) async throws -> SumOfSquares.Output {
        let answers = try await context.ask(
            Square.kind, payload.numbers.map { Square(number: $0, padding: payload.padding) }, key: "square"
        ) { done in
            progress(done)
            context.report(JobProgress(phase: "asking", step: done, total: payload.numbers.count))
        }
        try await after(context)
        // Weighted by place, so that answers in another order give another sum.
        return SumOfSquares.Output(sum: answers.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element.square })
    }
}

/// A handler that is a closure.
struct ClosureHandler: JobHandler {
    let kinds = [Square.kind]
    let body: @Sendable (Square, JobContext) async throws -> Square.Output
    func handle(_ payload: Square, context: JobContext) async throws -> Square.Output {
        try await body(payload, context)
    }
}
