// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// One queue's depth now and its counters since Redis was created.
public struct QueueStatistics: Sendable, Hashable {
    public var kind: JobKind
    /// Jobs now, by state; terminal states are not counted here.
    public var depth: [JobState: Int]
    /// The age of the oldest ready job.
    public var oldestReady: Duration?
    /// `submitted`, `claimed`, `succeeded`, `failed`, `dead`, `cancelled`, `expired`, `retried`, `lease_expired`, …
    public var counters: [String: Int]
    public init(kind: JobKind, depth: [JobState: Int], oldestReady: Duration? = nil, counters: [String: Int]) {
        self.kind = kind
        self.depth = depth
        self.oldestReady = oldestReady
        self.counters = counters
    }
}
