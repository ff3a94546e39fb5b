// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A job as a worker receives it: the message, and what the queue knows of it.
public struct JobEnvelope: Codable, Sendable, Hashable {
    public var id: JobID
    public var run: RunID?
    /// The stage's name in its run.
    public var stage: String?
    /// The job that asked for this one.
    public var parent: JobID?
    public var tenant: String
    public var priority: Int
    /// 1 for the first attempt; crashes and interruptions count as attempts here.
    public var attempt: Int
    /// How many of the attempts before ended with an error: what the pause after another one grows with.
    public var errors: Int?
    public var fence: Fence
    /// W3C trace context.
    public var traceparent: String?
    /// Milliseconds since 1970, server clock.
    public var deadline: Int64?
    /// Milliseconds from when the job could be claimed until it was, server clock.
    public var waited: Int64?
    public var message: JobMessage

    public init(
        id: JobID, run: RunID? = nil, stage: String? = nil, parent: JobID? = nil, tenant: String = "default",
        priority: Int = 0, attempt: Int = 1, errors: Int? = nil, fence: Fence, traceparent: String? = nil,
        deadline: Int64? = nil,
        waited: Int64? = nil, message: JobMessage
    ) {
        self.id = id
        self.run = run
        self.stage = stage
        self.parent = parent
        self.tenant = tenant
        self.priority = priority
        self.attempt = attempt
        self.errors = errors
        self.fence = fence
        self.traceparent = traceparent
        self.deadline = deadline
        self.waited = waited
        self.message = message
    }
}
