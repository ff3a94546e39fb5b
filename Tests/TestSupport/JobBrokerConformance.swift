// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
public import Testing

/// What every broker must do, as cases that each take a fresh broker.
///
/// Leases are short and time is the harness's, so that the same cases run on a manual clock and on a real server.
public enum JobBrokerConformance {
    /// A case: a sentence and its check.
    public struct Case: Sendable, CustomTestStringConvertible {
        /// What must hold.
        public let name: String
        /// Checks it on a broker without jobs.
        public let check: @Sendable (BrokerHarness) async throws -> Void

        init(_ name: String, _ check: @escaping @Sendable (BrokerHarness) async throws -> Void) {
            self.name = name
            self.check = { harness in
                try await check(harness)
                try await harness.expectLawfulHistories()
                try await harness.expectCleanAudit()
            }
        }

        /// The sentence.
        public var testDescription: String { name }
    }

    /// All cases but those of `retention`.
    public static let cases: [Case] =
        submitting + working + batches + steering + runs + children + reading + limits + delaying + upkeep
        + parts + affinity
}

// MARK: What cases are written with

let text: JobKind = .tokenizeText
let score: JobKind = .inferScore
let worker = WorkerID("worker-1")
/// Long enough for a few calls on a busy machine, short enough to wait for.
let shortLease = Duration.milliseconds(1000)
let shortDelay = Duration.milliseconds(800)
let longLease = Duration.seconds(60)
/// A time within which several calls must be over.
public let longDelay = Duration.milliseconds(3000)

extension JobMessage {
    /// A message for tests, told apart by a number.
    static func test(_ number: Int = 0, kind: JobKind = text) -> JobMessage {
        JobMessage(kind: kind, payload: ["tokenizer": "t.json", "texts": .array([.string("\(number)")])])
    }
}

extension JobResult {
    /// A success.
    static func success(_ output: JSONValue = ["ids": [[1, 2]]]) -> JobResult {
        JobResult(status: .succeeded, output: output)
    }
}

extension JobFailure {
    static let flaky = JobFailure(.internalError, title: "Flaky", detail: "try again", retryable: true)
    static let permanent = JobFailure.badInput("mend the payload")
}

extension BrokerHarness {
    /// Submits a message under an id.
    @discardableResult
    func submit(_ id: String, _ number: Int = 0, kind: JobKind = text, priority: Int = 0) async throws -> JobID {
        let submission = JobSubmission(id: JobID(id), message: .test(number, kind: kind), priority: priority)
        return try await broker.submit(submission).id
    }

    /// The next job, which must be there.
    func claimOne(_ kinds: JobKind..., lease: Duration = longLease) async throws -> JobEnvelope {
        let claimed = try await broker.claim(
            kinds: kinds.isEmpty ? [text, score] : kinds, worker: worker, limit: 1, lease: lease)
        return try #require(claimed.jobs.first, "a job must be ready")
    }

    /// Claims nothing.
    func expectNothingReady() async throws {
        let claimed = try await broker.claim(kinds: [text, score], worker: worker, limit: 1, lease: longLease)
        #expect(claimed.jobs.isEmpty)
    }

    func state(_ id: JobID) async throws -> JobState? { try await broker.job(id)?.state }

    /// The states a job went through.
    func history(_ id: JobID) async throws -> [JobState] {
        try await broker.events(.job(id), after: nil, limit: 1000, wait: .zero).compactMap(\.state)
    }

    /// Checks that the call throws an error of this code.
    func expectError(_ code: JobError.Code, _ body: @Sendable () async throws -> Void) async {
        let error = await #expect(throws: JobError.self) { try await body() }
        #expect(error?.code == code)
    }
}
