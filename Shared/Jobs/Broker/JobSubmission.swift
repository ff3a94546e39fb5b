// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// A job to accept.
public struct JobSubmission: Sendable, Hashable, Codable {
    /// Nil lets the broker make one.
    public var id: JobID?
    public var message: JobMessage
    public var tenant: String
    public var priority: Int
    /// The job that asks for this one. Its cancellation cancels this one.
    public var parent: JobID?
    public var traceparent: String?
    /// Milliseconds since 1970, server clock.
    public var deadline: Int64?
    /// The job is delayed until then. Milliseconds since 1970, server clock.
    public var notBefore: Int64?
    public var maximumAttempts: Int
    public var maximumCrashes: Int
    /// A client's key: the same key with the same body is the same job.
    public var idempotencyKey: String?

    public init(
        id: JobID? = nil, message: JobMessage, tenant: String = "default", priority: Int = 0, parent: JobID? = nil,
        traceparent: String? = nil, deadline: Int64? = nil, notBefore: Int64? = nil, maximumAttempts: Int = 3,
        maximumCrashes: Int = 3, idempotencyKey: String? = nil
    ) {
        self.id = id
        self.message = message
        self.tenant = tenant
        self.priority = priority
        self.parent = parent
        self.traceparent = traceparent
        self.deadline = deadline
        self.notBefore = notBefore
        self.maximumAttempts = maximumAttempts
        self.maximumCrashes = maximumCrashes
        self.idempotencyKey = idempotencyKey
    }
}

/// The answer to a submission.
public struct SubmitReceipt: Sendable, Hashable {
    public var id: JobID
    public var state: JobState
    /// Whether the job was there before.
    public var isDuplicate: Bool
    public init(id: JobID, state: JobState, isDuplicate: Bool) {
        self.id = id
        self.state = state
        self.isDuplicate = isDuplicate
    }
}
