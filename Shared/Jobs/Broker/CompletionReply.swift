// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What became of reported attempts, and the jobs that came back with the answer.
public struct CompletionReply: Sendable {
    /// Why each completion was not taken, in their order; nil where it was.
    public var refusals: [JobError?]
    /// The next jobs; none where none were asked for.
    public var claimed: ClaimResult

    public init(refusals: [JobError?], claimed: ClaimResult) {
        self.refusals = refusals
        self.claimed = claimed
    }
}
