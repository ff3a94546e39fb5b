// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// One queue's depth now and its counters since Redis was created.
public struct QueueStatistics: Sendable, Hashable {
    public var kind: JobKind
    /// Jobs now, by state: those that have not ended, and the `dead`.
    public var depth: [JobState: Int]
    /// The age of the oldest ready job.
    public var oldestReady: Duration?
    /// `submitted`, `claimed`, `succeeded`, `failed`, `dead`, `cancelled`, `expired`, `retried`, `released`,
    /// `lease_expired`, `stale_calls`, `parked`, `purged`, `repaired`.
    public var counters: [String: Int]
    public init(kind: JobKind, depth: [JobState: Int], oldestReady: Duration? = nil, counters: [String: Int]) {
        self.kind = kind
        self.depth = depth
        self.oldestReady = oldestReady
        self.counters = counters
    }
}
