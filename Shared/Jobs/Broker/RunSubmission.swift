// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// A run to accept; its recipe has been validated.
public struct RunSubmission: Sendable, Hashable, Codable {
    public var id: RunID?
    public var recipe: Recipe
    public var tenant: String
    public var priority: Int
    public var traceparent: String?
    /// Stages that have not ended by then expire. Milliseconds since 1970, server clock.
    public var deadline: Int64?
    public var idempotencyKey: String?

    public init(
        id: RunID? = nil, recipe: Recipe, tenant: String = "default", priority: Int = 0, traceparent: String? = nil,
        deadline: Int64? = nil, idempotencyKey: String? = nil
    ) {
        self.id = id
        self.recipe = recipe
        self.tenant = tenant
        self.priority = priority
        self.traceparent = traceparent
        self.deadline = deadline
        self.idempotencyKey = idempotencyKey
    }
}

/// The answer to a run's submission.
public struct RunSubmitReceipt: Sendable, Hashable {
    public var id: RunID
    /// Whether the run was there before.
    public var isDuplicate: Bool
    public init(id: RunID, isDuplicate: Bool) {
        self.id = id
        self.isDuplicate = isDuplicate
    }
}
