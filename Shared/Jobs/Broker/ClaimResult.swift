// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// What a claim gave.
public struct ClaimResult: Sendable, Hashable {
    public var jobs: [JobEnvelope]
    /// When the next delayed job of these kinds is due, where there is one.
    public var nextDue: Duration?
    public init(jobs: [JobEnvelope], nextDue: Duration? = nil) {
        self.jobs = jobs
        self.nextDue = nextDue
    }
}
