// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A job as the API and the command line show it. Times are milliseconds since 1970, server clock.
public struct JobSnapshot: Codable, Sendable, Hashable {
    public var id: JobID
    public var kind: JobKind
    public var state: JobState
    public var run: RunID?
    public var stage: String?
    public var parent: JobID?
    public var tenant: String
    public var priority: Int
    /// Errors so far.
    public var attempts: Int
    /// Workers that died holding it.
    public var crashes: Int
    /// Graceful stops while it ran.
    public var interruptions: Int
    public var cancelRequested: Bool
    public var progress: JobProgress?
    /// The last error, also while it is being retried.
    public var error: JobFailure?
    public var result: JobResult?
    public var created: Int64
    public var started: Int64?
    public var finished: Int64?

    public init(
        id: JobID, kind: JobKind, state: JobState, run: RunID? = nil, stage: String? = nil, parent: JobID? = nil,
        tenant: String = "default", priority: Int = 0, attempts: Int = 0, crashes: Int = 0, interruptions: Int = 0,
        cancelRequested: Bool = false, progress: JobProgress? = nil, error: JobFailure? = nil,
        result: JobResult? = nil, created: Int64, started: Int64? = nil, finished: Int64? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.run = run
        self.stage = stage
        self.parent = parent
        self.tenant = tenant
        self.priority = priority
        self.attempts = attempts
        self.crashes = crashes
        self.interruptions = interruptions
        self.cancelRequested = cancelRequested
        self.progress = progress
        self.error = error
        self.result = result
        self.created = created
        self.started = started
        self.finished = finished
    }
}
