// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Jobs
import Messages
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@Suite("Jobs ask for jobs", .timeLimit(.minutes(2)))
struct AskingTests {
    static func expected(_ numbers: [Int]) -> JSONValue {
        ["sum": .integer(Int64(numbers.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element * $1.element }))]
    }

    @Test func answersComeInTheOrderOfTheQuestions() async throws {
        // More than are in flight at once.
        let numbers = Array(1...40)
        let squares = SquareHandler()
        try await Stack.with([SumHandler(), squares]) { stack in
            let id = try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: numbers))
            let job = try await stack.end(of: id)
            #expect(job.result?.output == Self.expected(numbers))
            let child = try #require(try await stack.broker.job(JobID("\(id).square-39")))
            #expect(child.parent == id)
            #expect(child.state == .succeeded)
        }
        #expect(squares.calls.withLock { $0 } == 40)
    }

    @Test func theSameOverRedis() async throws {
        let numbers = Array(1...20)
        try await RedisFixture.with { redis in
            let broker = RedisJobBroker(configuration: redis.configuration, logger: redis.logger)
            try await Stack.with([SumHandler(), SquareHandler()], broker: broker) { stack in
                let job = try await stack.end(
                    of: try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: numbers)))
                #expect(job.result?.output == Self.expected(numbers))
                let broken = try await stack.end(
                    of: try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [-1])))
                #expect(broken.state == .failed && broken.error?.type == .childFailed)
            }
            await broker.close()
        }
    }

    @Test func noQuestionsNeedNoAnswers() async throws {
        try await Stack.with([SumHandler(), SquareHandler()]) { stack in
            let job = try await stack.end(of: try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [])))
            #expect(job.result?.output == ["sum": 0])
        }
    }

    @Test func aRestartedParentFindsItsFinishedChildren() async throws {
        let squares = SquareHandler()
        let attempts = Mutex(0)
        let parent = SumHandler(after: { _ in
            // The first attempt dies after its children have answered.
            guard
                attempts.withLock({
                    $0 += 1; return $0
                }) > 1
            else {
                throw JobFailure(.internalError, title: "Crash", detail: "in a test", retryable: true)
            }
        })
        try await Stack.with([parent, squares]) { stack in
            let job = try await stack.end(
                of: try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [1, 2, 3])))
            #expect(job.state == .succeeded)
            #expect(job.attempts == 1)
            #expect(job.result?.output == Self.expected([1, 2, 3]))
        }
        #expect(squares.calls.withLock { $0 } == 3)
    }

    @Test func aChildsDeathIsTheParentsError() async throws {
        try await Stack.with([SumHandler(), SquareHandler()]) { stack in
            let id = try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [1, -1, 2]))
            let job = try await stack.end(of: id)
            #expect(job.state == .failed)
            #expect(job.error?.type == .childFailed)
            #expect(job.error?.retryable == false)
            let detail = try #require(job.error?.detail)
            #expect(detail.contains("\(id).square-1") && detail.contains("payload.number: is negative"))
        }
    }

    @Test func cancellingTheParentCancelsTheChildren() async throws {
        let (started, start) = AsyncStream.makeStream(of: JobID.self)
        let squares = SquareHandler { _, context in
            start.yield(context.id)
            while true {
                try context.checkStop()
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await Stack.with([SumHandler(), squares]) { stack in
            let id = try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [1, 2, 3]))
            for await _ in started { break }
            _ = try await stack.broker.cancel(id)
            #expect(try await stack.end(of: id).state == .cancelled)
            for index in 0..<3 {
                #expect(try await stack.end(of: JobID("\(id).square-\(index)")).state == .cancelled)
            }
        }
    }

    @Test func aRetriedParentRetriesItsFailedChildren() async throws {
        let isBroken = Mutex(true)
        let squares = SquareHandler { _, _ in
            if isBroken.withLock({ $0 }) { throw JobFailure.badInput("broken for now") }
        }
        try await Stack.with([SumHandler(), squares]) { stack in
            let id = try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [3]))
            #expect(try await stack.end(of: id).state == .failed)
            isBroken.withLock { $0 = false }
            _ = try await stack.broker.retry(id)
            #expect(try await stack.end(of: id).result?.output == Self.expected([3]))
        }
    }

    @Test func aLargeAnswerTravelsThroughTheStore() async throws {
        try await Stack.with([SumHandler(), SquareHandler()]) { stack in
            let id = try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [2, 3], padding: 2_000_000))
            let job = try await stack.end(of: id)
            #expect(job.result?.output == Self.expected([2, 3]))
            let child = try #require(try await stack.broker.job(JobID("\(id).square-0")))
            let stored = try #require(child.result?.output?["$output"]?.stringValue)
            #expect(try await stack.store.describe(ArtifactID(stored)).size > 2_000_000)
        }
    }

    @Test func progressTellsHowManyHaveAnswered() async throws {
        let heard = Mutex<[Int]>([])
        let parent = SumHandler(progress: { done in heard.withLock { $0.append(done) } })
        try await Stack.with([parent, SquareHandler()]) { stack in
            let id = try await stack.submit(SumOfSquares.kind, SumOfSquares(numbers: [1, 2, 3]))
            #expect(try await stack.end(of: id).state == .succeeded)
        }
        #expect(heard.withLock { $0 } == [1, 2, 3])
    }
}
