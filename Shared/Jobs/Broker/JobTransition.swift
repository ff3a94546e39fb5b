// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// A step in a job's life: the state machine as values. docs/jobs.md shows the same steps, under test; the in-memory
/// broker takes no other, and the conformance suite holds the events of both brokers against them.
public struct JobTransition: Sendable, Hashable {
    /// The state before; nil for a job that is being accepted.
    public let from: JobState?
    public let to: JobState
    /// The scripts that may take the step; `settle` is the end of each that ends or frees something.
    public let scripts: [String]

    private init(_ from: JobState?, _ to: JobState, _ scripts: String...) {
        self.from = from
        self.to = to
        self.scripts = scripts
    }

    /// Every step there is.
    public static let all: [JobTransition] = [
        .init(nil, .ready, "submit", "submit_run"),
        .init(nil, .delayed, "submit"),
        .init(nil, .waiting, "submit_run"),
        .init(.waiting, .ready, "settle", "check"),
        .init(.waiting, .upstreamFailed, "settle", "check"),
        .init(.waiting, .cancelled, "cancel", "cancel_run"),
        .init(.waiting, .expired, "reap"),
        .init(.ready, .running, "claim"),
        .init(.ready, .parked, "claim"),
        .init(.ready, .expired, "claim", "reap"),
        .init(.ready, .cancelled, "cancel", "cancel_run", "settle", "reap"),
        .init(.delayed, .ready, "claim"),
        .init(.delayed, .expired, "reap"),
        .init(.delayed, .cancelled, "cancel", "cancel_run", "settle", "reap"),
        .init(.parked, .ready, "settle", "control", "reap"),
        .init(.parked, .expired, "reap"),
        .init(.parked, .cancelled, "cancel", "cancel_run"),
        .init(.running, .succeeded, "complete"),
        .init(.running, .failed, "fail"),
        .init(.running, .dead, "fail", "reap"),
        .init(.running, .delayed, "fail", "reap"),
        .init(.running, .ready, "release", "reap", "fail"),
        .init(.running, .cancelled, "confirm_cancelled", "fail", "release", "reap"),
        .init(.running, .expired, "heartbeat", "reap"),
        .init(.failed, .ready, "retry"),
        .init(.failed, .waiting, "retry"),
        .init(.dead, .ready, "retry"),
        .init(.dead, .waiting, "retry"),
        .init(.cancelled, .ready, "retry"),
        .init(.cancelled, .waiting, "retry"),
        .init(.expired, .ready, "retry"),
        .init(.expired, .waiting, "retry"),
        .init(.upstreamFailed, .waiting, "retry"),
    ]

    private static let steps = Set(all.map { Step(from: $0.from, to: $0.to) })

    private struct Step: Hashable {
        let from: JobState?
        let to: JobState
    }

    /// Whether a job may go from one state (nil: it is being accepted) to another.
    public static func isAllowed(from: JobState?, to: JobState) -> Bool { steps.contains(Step(from: from, to: to)) }
}
