// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What answers of a model behind an endpoint took. A row has its share of the requests it was asked with.
public struct ModelUsage: Codable, Sendable, Hashable {
    public var requests: Double
    /// Of the requests, those sent again.
    public var retries: Double
    public var promptTokens: Double
    public var completionTokens: Double
    /// In whichever currency the operator's prices are; nil without prices.
    public var cost: Double?

    public init(
        requests: Double, retries: Double, promptTokens: Double, completionTokens: Double, cost: Double? = nil
    ) {
        self.requests = requests
        self.retries = retries
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cost = cost
    }

    /// The share of one among so many.
    public func share(of count: Int) -> ModelUsage {
        let count = Double(max(1, count))
        return ModelUsage(
            requests: requests / count, retries: retries / count, promptTokens: promptTokens / count,
            completionTokens: completionTokens / count, cost: cost.map { $0 / count })
    }

    /// The sum of shares; nil of none.
    static func total(of shares: [ModelUsage]) -> ModelUsage? {
        guard !shares.isEmpty else { return nil }
        func sum(_ field: KeyPath<ModelUsage, Double>) -> Double { shares.reduce(0) { $0 + $1[keyPath: field] } }
        let costs = shares.compactMap(\.cost)
        return ModelUsage(
            requests: sum(\.requests), retries: sum(\.retries), promptTokens: sum(\.promptTokens),
            completionTokens: sum(\.completionTokens), cost: costs.isEmpty ? nil : costs.reduce(0, +))
    }

    /// The same in whole requests and tokens, as all shares together are.
    var whole: ModelUsage {
        ModelUsage(
            requests: requests.rounded(), retries: retries.rounded(), promptTokens: promptTokens.rounded(),
            completionTokens: completionTokens.rounded(), cost: cost)
    }
}
