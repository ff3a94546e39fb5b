// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What the corpus stage kept and dropped, as far as a report shows it.
public struct CorpusOutline: Codable, Sendable, Hashable {
    public struct Tokens: Codable, Sendable, Hashable {
        public var total: Int
        public var byDomain: [String: Int]

        public init(total: Int, byDomain: [String: Int]) {
            self.total = total
            self.byDomain = byDomain
        }
    }

    public struct Dropped: Codable, Sendable, Hashable {
        public var source: String
        /// A fixed word: `duplicate`, `contaminated`, …
        public var reason: String
        public var documents: Int

        public init(source: String, reason: String, documents: Int) {
            self.source = source
            self.reason = reason
            self.documents = documents
        }
    }

    public var tokens: Tokens
    public var dropped: [Dropped]?

    public init(tokens: Tokens, dropped: [Dropped]? = nil) {
        self.tokens = tokens
        self.dropped = dropped
    }
}
