// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a person has set for one queue. A limit that is not set does not limit.
public struct QueueControl: Codable, Sendable, Hashable {
    /// Whether nothing is claimed from it; what is running goes on.
    public var isPaused: Bool
    /// The most jobs that may wait in it (waiting, ready, delayed or parked); more are refused.
    public var maximumDepth: Int?
    /// The most jobs that may run at a time; the others stay ready.
    public var maximumRunning: Int?
    /// The same two for each tenant. What is over the tenant's running limit is parked. Jobs that a job asked for are
    /// not counted against a tenant, nor against the depth.
    public var tenantMaximumDepth: Int?
    public var tenantMaximumRunning: Int?

    public init(
        isPaused: Bool = false, maximumDepth: Int? = nil, maximumRunning: Int? = nil, tenantMaximumDepth: Int? = nil,
        tenantMaximumRunning: Int? = nil
    ) {
        self.isPaused = isPaused
        self.maximumDepth = maximumDepth
        self.maximumRunning = maximumRunning
        self.tenantMaximumDepth = tenantMaximumDepth
        self.tenantMaximumRunning = tenantMaximumRunning
    }

    /// Whether no limit is below zero.
    public var isValid: Bool {
        [maximumDepth, maximumRunning, tenantMaximumDepth, tenantMaximumRunning].allSatisfy { ($0 ?? 0) >= 0 }
    }
}
