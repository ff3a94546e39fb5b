// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One stage of a recipe: a job, and what it waits for.
public struct RecipeStage: Codable, Sendable, Hashable {
    /// What happens to this stage when a parent ends without success.
    public enum OnFailure: String, Codable, Sendable, CaseIterable {
        /// It ends as `upstream_failed`.
        case fail
        /// It runs, if every output it names is there; else it ends as `upstream_failed`.
        case `continue`
        /// As `continue`, and its own failure does not fail the run.
        case ignore
    }

    public var kind: JobKind
    public var payload: JSONValue
    /// Stages to wait for without using their output.
    public var after: [String]?
    public var onFailure: OnFailure?
    /// A larger number is a head start.
    public var priority: Int?

    public init(
        kind: JobKind, payload: JSONValue, after: [String]? = nil, onFailure: OnFailure? = nil, priority: Int? = nil
    ) {
        self.kind = kind
        self.payload = payload
        self.after = after
        self.onFailure = onFailure
        self.priority = priority
    }
}
