// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// For whom and until when a request is computed.
public struct RequestOrigin<Adapter: Sendable>: Sendable {
    /// Tenants that wait get equal shares of the work.
    public var tenant: String
    /// The adapter, and a name that tells it from every other of the model; what is cached under one name is used for
    /// no other.
    public var adapter: Adapter?
    public var adapterName: String
    /// Past it, what is not finished ends with an `expired` error.
    public var deadline: ContinuousClock.Instant?
    /// Asked at every step: cheap, from any thread.
    public var isCancelled: @Sendable () -> Bool

    public init(
        tenant: String = "", adapter: Adapter? = nil, adapterName: String = "",
        deadline: ContinuousClock.Instant? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.tenant = tenant
        self.adapter = adapter
        self.adapterName = adapterName
        self.deadline = deadline
        self.isCancelled = isCancelled
    }
}
