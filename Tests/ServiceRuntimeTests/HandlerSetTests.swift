// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Jobs
import Messages
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@Suite("Every end of a handler is an outcome")
struct HandlerSetTests {
    struct Leak: Error, CustomStringConvertible { var description: String { "Mrs Example has a fever" } }

    static func outcome(
        control: JobControl = JobControl(),
        _ body: @escaping @Sendable (Square, JobContext) async throws -> Square.Output
    ) async throws -> JobOutcome {
        try await Stack.inFolder { folder in
            let stack = try Stack(folder: folder)
            return await stack.handlers([ClosureHandler(body: body)]).handle(
                try stack.envelope(Square(number: 3)), control: control)
        }
    }

    @Test func successCarriesOutputAndFigures() async throws {
        let outcome = try await Self.outcome { payload, context in
            context.note("tokensPerSecond", 7)
            return Square.Output(square: payload.number, padding: "")
        }
        let result = try #require(outcome.result)
        #expect(result.status == .succeeded)
        #expect(result.output == ["square": 3, "padding": ""])
        #expect(result.metrics["tokensPerSecond"] == 7)
        #expect((result.metrics["seconds"] ?? -1) >= 0)
    }

    @Test func anUnexpectedErrorTellsItsTypeAndNotItsText() async throws {
        let failure = try #require(try await Self.outcome { _, _ in throw Leak() }.failure)
        #expect(failure.type == .internalError && failure.retryable)
        #expect(failure.detail.contains("Leak") && !failure.detail.contains("fever"))
    }

    @Test func knownFailuresPassAsTheyAre() async throws {
        let known = JobFailure(.notFound, title: "t", detail: "d", retryable: false)
        #expect(try await Self.outcome { _, _ in throw known }.failure == known)
    }

    @Test func aFullDiskIsToldAndMayBeRetried() async throws {
        let error = ArtifactError(.noSpace, operation: "write", detail: "/x: No space left on device")
        let failure = try #require(try await Self.outcome { _, _ in throw error }.failure)
        #expect(failure.type == .storage && failure.retryable)
        #expect(failure.description == "The disk is full: write: /x: No space left on device")
    }

    @Test func stopsBecomeInterruptionsOrCancellations() async throws {
        for (reason, word) in [(JobControl.StopReason.shuttingDown, "interrupted"), (.cancelled, "cancelled")] {
            let control = JobControl()
            control.stop(reason)
            let outcome = try await Self.outcome(control: control) { _, context in
                try context.checkStop()
                return Square.Output(square: 0, padding: "")
            }
            switch outcome {
            case .interrupted: #expect(word == "interrupted")
            case .cancelled: #expect(word == "cancelled")
            default: Issue.record("\(word) ended otherwise")
            }
        }
    }

    @Test func aPayloadOfAnotherFormIsBadInput() async throws {
        try await Stack.inFolder { folder in
            let stack = try Stack(folder: folder)
            var envelope = try stack.envelope(Square(number: 1))
            envelope.message.payload = ["number": "many"]
            let outcome = await stack.handlers([SquareHandler()]).handle(envelope, control: JobControl())
            #expect(outcome.failure == .badInput("payload.number: expected an integer, found a string"))
        }
    }

    @Test func workIsNotDoneTwiceOnceItIsPublished() async throws {
        try await Stack.inFolder { folder in
            let stack = try Stack(folder: folder)
            let calls = Mutex(0)
            let set = stack.handlers([
                ClosureHandler { _, context in
                    calls.withLock { $0 += 1 }
                    let path = try context.workspace + "/model"
                    try Data("weights".utf8).write(to: URL(filePath: path))
                    let reference = try await context.publish(path, name: "model")
                    return Square.Output(square: 1, padding: reference.text)
                }
            ])
            let envelope = try stack.envelope(Square(number: 1))
            let first = await set.handle(envelope, control: JobControl())
            // The worker dies before the queue hears of it; the next attempt has a larger fence.
            let second = await set.handle(
                try stack.envelope(Square(number: 1), fence: 2), control: JobControl())
            #expect(first.result != nil && first.result == second.result)
            #expect(calls.withLock { $0 } == 1)
            #expect(try await stack.store.list(after: nil, limit: 10).map(\.id) == first.result?.artifacts)
            #expect(!FileManager.default.fileExists(atPath: folder + "/store/workspaces/job-1"))
        }
    }

    @Test func aStaleAttemptPublishesNothing() async throws {
        try await Stack.inFolder { folder in
            let stack = try Stack(folder: folder)
            try await stack.store.updateManifest(of: JobID("job-1"), fence: Fence(5)) { _ in }
            let set = stack.handlers([
                ClosureHandler { _, context in
                    let path = try context.workspace + "/model"
                    try Data("weights".utf8).write(to: URL(filePath: path))
                    _ = try await context.publish(path, name: "model")
                    return Square.Output(square: 1, padding: "")
                }
            ])
            let outcome = await set.handle(try stack.envelope(Square(number: 1), fence: 4), control: JobControl())
            guard case .interrupted = outcome else {
                Issue.record("a stale attempt ended otherwise")
                return
            }
            #expect(try await stack.store.list(after: nil, limit: 10).isEmpty)
        }
    }

    @Test func theWorkspaceOutlivesAnAttemptThatIsRetried() async throws {
        try await Stack.inFolder { folder in
            let stack = try Stack(folder: folder)
            let set = stack.handlers([
                ClosureHandler { _, context in
                    let path = try context.workspace + "/checkpoint"
                    if FileManager.default.fileExists(atPath: path) { return Square.Output(square: 2, padding: "") }
                    try Data("step 1".utf8).write(to: URL(filePath: path))
                    throw JobFailure(.internalError, title: "t", detail: "d", retryable: true)
                }
            ])
            let envelope = try stack.envelope(Square(number: 1))
            #expect(await set.handle(envelope, control: JobControl()).failure?.retryable == true)
            #expect(await set.handle(envelope, control: JobControl()).result?.output?["square"] == 2)
            #expect(!FileManager.default.fileExists(atPath: folder + "/store/workspaces/job-1"))
        }
    }
}
