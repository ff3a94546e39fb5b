// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// One sign of life for one held job.
public struct Heartbeat: Sendable, Hashable {
    public var job: JobID
    public var fence: Fence
    public var progress: JobProgress?
    public init(job: JobID, fence: Fence, progress: JobProgress? = nil) {
        self.job = job
        self.fence = fence
        self.progress = progress
    }
}

/// What the worker must do.
public enum HeartbeatReply: Sendable, Hashable {
    /// Go on: the lease is extended.
    case held
    /// Stop soon and confirm: cancellation was asked for.
    case cancelRequested
    /// Stop at once and publish nothing: the job is someone else's, or over.
    case stale
}
