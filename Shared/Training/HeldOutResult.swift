// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How well a model predicts the held-out rows of each domain, and all of them together.
public struct HeldOutResult: Sendable, Hashable, Codable {
    public let all: PerplexityResult
    /// By the name under which the rows were given.
    public let domains: [String: PerplexityResult]

    public init(domains: [String: PerplexityResult]) {
        self.domains = domains
        let names = domains.keys.sorted()
        all = names.dropFirst().reduce(names.first.flatMap { domains[$0] } ?? Self.nothing) { sum, name in
            domains[name].map(sum.adding) ?? sum
        }
    }

    private static let nothing = PerplexityResult(negativeLogLikelihood: 0, tokens: 0, bytes: 0)
}
