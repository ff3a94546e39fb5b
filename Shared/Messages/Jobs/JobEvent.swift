// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One change of one job, in the order the server saw it.
public struct JobEvent: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable {
        /// The job entered `state`.
        case state
        /// The job reported `progress`.
        case progress
        /// A lease ended without an answer.
        case leaseExpired = "lease_expired"
        /// A person or program asked for cancellation of a running job.
        case cancelRequested = "cancel_requested"
        /// Older events than this one were trimmed: the reader has missed some.
        case gap
    }

    /// The cursor: give it back to go on after this event. Redis stream ids, compared as `<ms>-<n>`.
    public var id: String
    public var kind: Kind
    public var job: JobID
    public var run: RunID?
    public var stage: String?
    public var state: JobState?
    public var progress: JobProgress?
    public var error: JobFailure?

    public init(
        id: String, kind: Kind, job: JobID, run: RunID? = nil, stage: String? = nil, state: JobState? = nil,
        progress: JobProgress? = nil, error: JobFailure? = nil
    ) {
        self.id = id
        self.kind = kind
        self.job = job
        self.run = run
        self.stage = stage
        self.state = state
        self.progress = progress
        self.error = error
    }
}
