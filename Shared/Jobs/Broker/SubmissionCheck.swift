// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages

/// What both brokers check before they accept anything, and the errors both give.
enum SubmissionCheck {
    /// Ids and kinds become parts of keys and of other ids: their characters are limited.
    static func check(_ id: JobID, kinds: [JobKind], operation: String) throws(JobError) {
        guard id.isWellFormed else {
            throw JobError(
                .malformed, operation: operation,
                detail: "an id has characters other than letters, digits, '.', '_' and '-', or more than 200 bytes")
        }
        for kind in kinds where !JobID(kind.rawValue).isWellFormed {
            throw JobError(.malformed, operation: operation, detail: "a kind has characters that no kind has")
        }
    }

    /// Head starts are bounded, so that a place in the queue stays exact in a double.
    static func priority(_ wanted: Int) -> Int { min(1000, max(-1000, wanted)) }

    /// The stages, parents before children.
    static func orderedStages(of recipe: Recipe) throws(JobError) -> [(name: String, stage: RecipeStage)] {
        let names: [String]
        do {
            names = try recipe.validate()
        } catch {
            throw JobError(.malformed, operation: "submit run", detail: "\(error)")
        }
        return names.compactMap { name in recipe.stages[name].map { (name, $0) } }
    }

    static func conflict(_ operation: String, _ id: String) -> JobError {
        JobError(
            .conflict, operation: operation,
            detail: "\(id) was submitted with the same key or id and another body; use a new key")
    }

    static func missing(_ operation: String, _ id: String) -> JobError {
        JobError(.notFound, operation: operation, detail: "there is no \(id); ended ones are forgotten after some days")
    }

    static func parentEnded(_ id: String) -> JobError {
        JobError(
            .wrongState, operation: "submit", detail: "the job \(id), which asks for this one, has ended or must end")
    }

    static func stale(_ operation: String, _ id: JobID) -> JobError {
        JobError(
            .staleFence, operation: operation,
            detail: "another attempt holds the job \(id), or none does; drop this one")
    }

    static func tooLarge(_ id: JobID, _ count: Int, _ limit: Int) -> JobError {
        JobError(
            .malformed, operation: "complete",
            detail: "the result of \(id) has \(count) bytes, more than \(limit); put it into an artifact")
    }

    static func notRetryable(_ id: JobID, _ state: String) -> JobError {
        JobError(
            .wrongState, operation: "retry",
            detail: "the job \(id) is \(state); only failed, dead, cancelled and expired jobs are retried"
                + (state == JobState.upstreamFailed.rawValue ? ": retry the stage that failed before it" : ""))
    }

    static func payloadGone(_ id: JobID) -> JobError {
        JobError(
            .wrongState, operation: "retry",
            detail: "the payload of \(id) was purged or its time is over; submit the job anew")
    }

    /// A queue, or a tenant's share of it, is full.
    static func full(ofTenant: Bool, retryAfter: Duration) -> JobError {
        JobError(
            .queueFull, operation: "submit",
            detail: (ofTenant ? "the tenant has" : "the queue has")
                + " as many waiting jobs as it may; try again later",
            retryAfter: retryAfter)
    }

    /// When a place may be free: in the age of its oldest ready job about a queue's depth of jobs has left it.
    static func pauseWhenFull(depth: Int, age: Int64) -> Duration {
        let depth = Int64(max(1, depth))
        return .milliseconds(min(60_000, max(1000, (age + depth - 1) / depth)))
    }

    /// How many jobs one call may submit.
    static let maximumBulk = 1000

    static func tooMany(_ count: Int) -> JobError {
        JobError(
            .malformed, operation: "submit", detail: "\(count) jobs in one call, more than \(maximumBulk); send several"
        )
    }

    /// Kinds become parts of keys; limits are counts.
    static func check(_ control: QueueControl, of kind: JobKind) throws(JobError) {
        try check(JobID("any"), kinds: [kind], operation: "set control")
        guard control.isValid else {
            throw JobError(
                .malformed, operation: "set control", detail: "a limit is below zero; leave it out for no limit")
        }
    }

    static func isNeeded(_ operation: String, _ id: String) -> JobError {
        JobError(
            .wrongState, operation: operation,
            detail: "the run or the job that \(id) belongs to has not ended and may need it; wait until it has")
    }

    static func notEnded(_ operation: String, _ id: String, _ state: String) -> JobError {
        JobError(
            .wrongState, operation: operation,
            detail: "\(id) is \(state); cancel it first, or wait until it has ended")
    }

    static func isStage(_ operation: String, _ id: JobID) -> JobError {
        JobError(
            .wrongState, operation: operation, detail: "the job \(id) is a stage of a run, which goes as a whole")
    }

    static func badCursor(_ operation: String) -> JobError {
        JobError(.malformed, operation: operation, detail: "the cursor is none that this service gave")
    }
}

/// Ids for jobs and runs that come without one.
enum FreshID {
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let seconds = Date().timeIntervalSince1970
        return ULID.make(milliseconds: UInt64(max(0, seconds * 1000)), using: &generator)
    }
}
