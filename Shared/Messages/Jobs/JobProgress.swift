// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How far a job is. It has numbers and fixed names only: never text from a document or a prompt.
public struct JobProgress: Codable, Sendable, Hashable {
    /// What the job is doing, a fixed word of the handler such as `training` or `reading`.
    public var phase: String
    /// Steps, items or documents done.
    public var step: Int
    /// Of how many; nil where it can't be known.
    public var total: Int?
    /// Figures by name, such as `loss` or `tokensPerSecond`.
    public var metrics: [String: Double]
    /// The newest models that the job has published so far, the newest last; nil where it publishes none before its end.
    public var published: [PublishedModel]?

    public init(
        phase: String, step: Int, total: Int? = nil, metrics: [String: Double] = [:],
        published: [PublishedModel]? = nil
    ) {
        self.phase = phase
        self.step = step
        self.total = total
        self.metrics = metrics
        self.published = published
    }

    /// The share done, from 0 to 1, where the total is known.
    public var fraction: Double? {
        guard let total, total > 0 else { return nil }
        return min(1, Double(step) / Double(total))
    }
}
