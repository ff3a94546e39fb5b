// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How many tokens a data set holds, by domain and by source.
public struct TokenCounts: Codable, Sendable, Hashable {
    public var total: Int
    public var byDomain: [String: Int]
    public var bySource: [String: Int]

    public init(total: Int, byDomain: [String: Int], bySource: [String: Int]) {
        self.total = total
        self.byDomain = byDomain
        self.bySource = bySource
    }
}
