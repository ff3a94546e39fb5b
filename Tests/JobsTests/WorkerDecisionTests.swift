// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import TestSupport
import Testing

@testable import Jobs

@Suite("What a worker decides needs neither clock nor socket")
struct WorkerDecisionTests {
    private let start = ContinuousClock.now

    @Test("A lease is renewed by its answer, counted from when the beat was sent, and given up before its end")
    func leases() throws {
        var table = LeaseTable(lease: .seconds(10))
        let (a, b) = (JobControl(), JobControl())
        let (keyA, keyB) = (
            LeaseTable.Key(job: "a", fence: Fence(1)), LeaseTable.Key(job: "b", fence: Fence(2))
        )
        table.hold(keyA, control: a, sent: start)
        table.hold(keyB, control: b, sent: start)
        a.report(JobProgress(phase: "p", step: 1))
        let beats = table.beats().sorted { $0.job < $1.job }
        #expect(beats.map(\.job) == ["a", "b"])
        #expect(beats.map(\.progress?.step) == [1, nil])
        #expect(table.beats().allSatisfy { $0.progress == nil })
        let answers = table.answered(beats, [.held, .cancelRequested], sent: start + .seconds(3))
        #expect(answers.map(\.1) == [.cancelled])
        #expect(answers.first?.0 === b)
        #expect(table.lapse(at: start + .seconds(11)).isEmpty)
        let late = table.answered(beats.suffix(1), [.stale], sent: start + .seconds(4))
        #expect(late.map(\.1) == [.leaseLost])
        #expect(table.count == 1)
        #expect(table.lapse(at: start + .seconds(12)).map { $0 === a } == [true])
        #expect(table.count == 0)
        // An answer that comes after all that changes nothing.
        #expect(table.answered(beats, [.held, .stale], sent: start).isEmpty)
    }

    @Test("A stall is told by a gap in the answers, a late arrival by the time that was expected")
    func stalls() {
        var detector = StallDetector()
        #expect(detector.advice(now: start, lease: .seconds(15)) == .init(expected: nil, hadGap: false))
        detector.connected(server: 1000, now: start)
        detector.connected(server: 5000, now: start + .milliseconds(1))
        #expect(
            detector.advice(now: start + .seconds(1), lease: .seconds(15)) == .init(expected: 2000, hadGap: false))
        #expect(detector.advice(now: start + .seconds(8), lease: .seconds(15)) == .init(expected: nil, hadGap: true))
        detector.answered(server: 9000, now: start + .seconds(8))
        #expect(detector.advice(now: start + .seconds(8), lease: .seconds(15)).expected == 9000)
    }

    @Test("How an attempt is reported follows from its outcome and from what it was asked")
    func reports() {
        let success = JobOutcome.completed(JobResult(status: .succeeded))
        let failure = JobOutcome.failed(.badInput("x"))
        func name(_ outcome: JobOutcome, _ reason: JobControl.StopReason?) -> String {
            AttemptReport(outcome: outcome, stopReason: reason).name
        }
        for outcome in [success, failure, .interrupted, .cancelled] {
            #expect(name(outcome, .leaseLost) == "released")
        }
        #expect(name(success, nil) == "succeeded")
        #expect(name(success, .cancelled) == "succeeded")
        #expect(name(failure, nil) == "failed")
        #expect(name(failure, .cancelled) == "cancelled")
        #expect(name(failure, .shuttingDown) == "failed")
        #expect(name(.interrupted, .shuttingDown) == "released")
        #expect(name(.interrupted, .cancelled) == "cancelled")
        #expect(name(.cancelled, .cancelled) == "cancelled")
        #expect(name(.cancelled, .shuttingDown) == "released")
        #expect(name(.completed(JobResult(status: .failed)), nil) == "failed")
    }

    @Test("Pauses between attempts double to their cap under full jitter")
    func pauses() {
        let policy = RetryPolicy(base: .seconds(1), maximum: .seconds(5))
        #expect((1...5).map { policy.pause(afterAttempt: $0, jitter: 1) } == [1, 2, 4, 5, 5].map { .seconds($0) })
        #expect(policy.pause(afterAttempt: 3, jitter: 0) == .zero)
        #expect(policy.pause(afterAttempt: 3, jitter: 0.5) == .seconds(2))
        #expect(policy.pause(afterAttempt: .max, jitter: 1) == .seconds(5))
    }

    @Test("A sleep on the wake list ends when a delayed job is due")
    func looks() {
        let pause = WorkerPause(limit: .seconds(5))
        #expect(pause.untilNextLook(due: nil) == .seconds(5))
        #expect(pause.untilNextLook(due: .seconds(60)) == .seconds(5))
        #expect(pause.untilNextLook(due: .milliseconds(20)) == .milliseconds(21))
    }

    @Test("A log that was trimmed tells readers that they have missed something")
    func gaps() {
        var log = MemoryEventLog(capacity: 10)
        for index in 0..<13 {
            log.append(JobEvent(id: "", kind: .state, job: JobID("j\(index)"), state: .ready), now: 5)
        }
        let all = log.read(.all, after: nil, limit: 100)
        #expect(all.first?.kind == .gap)
        #expect(all.count == 11)
        #expect(all.dropFirst().first?.job == "j3")
        let rest = log.read(.all, after: all.first.flatMap { StreamPosition($0.id) }, limit: 100)
        #expect(rest == Array(all.dropFirst()))
        #expect(log.read(.job("j12"), after: StreamPosition("5-11"), limit: 100).map(\.id) == ["5-12"])
    }

    @Test(
        "Cursors are two numbers, compared as numbers",
        arguments: ["", "1", "1-", "-1", "1-2-3", "a-b", "1-2 ", "99999999999999999999-0"])
    func cursors(text: String) throws {
        #expect(StreamPosition(text) == nil)
        #expect(try #require(StreamPosition("9-10")) > #require(StreamPosition("9-9")))
        #expect(try #require(StreamPosition("10-0")) > #require(StreamPosition("9-9")))
    }
}
