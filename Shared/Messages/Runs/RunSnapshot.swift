// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A run as the API and the command line show it. Times are milliseconds since 1970, server clock.
public struct RunSnapshot: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable { case running, succeeded, failed, cancelled }

    public var id: RunID
    public var name: String
    public var tenant: String
    public var state: State
    public var created: Int64
    public var finished: Int64?
    /// The stages' jobs, in the recipe's order (parents first).
    public var stages: [JobSnapshot]

    public init(
        id: RunID, name: String, tenant: String = "default", state: State, created: Int64, finished: Int64? = nil,
        stages: [JobSnapshot]
    ) {
        self.id = id
        self.name = name
        self.tenant = tenant
        self.state = state
        self.created = created
        self.finished = finished
        self.stages = stages
    }
}
