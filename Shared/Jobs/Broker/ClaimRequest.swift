// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// What a worker asks for when it asks for jobs.
public struct ClaimRequest: Sendable, Hashable {
    public var kinds: [JobKind]
    public var worker: WorkerID
    /// The most jobs it takes.
    public var limit: Int
    public var lease: Duration
    /// Affinities (`JobMessage.affinity`) of what it has loaded: their jobs go before others, and those of what only
    /// others have are left to them for a while. Nil for a worker that keeps no models.
    public var loaded: [String]?

    public init(kinds: [JobKind], worker: WorkerID, limit: Int, lease: Duration, loaded: [String]? = nil) {
        self.kinds = kinds
        self.worker = worker
        self.limit = limit
        self.lease = lease
        self.loaded = loaded
    }
}
