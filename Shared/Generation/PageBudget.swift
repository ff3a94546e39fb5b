// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The memory of keys and values, counted in pages of so many tokens of one sequence.
public struct PageBudget: Sendable, Hashable {
    public var tokensPerPage: Int
    /// Pages there are.
    public var total: Int
    /// Pages no cache holds.
    public var free: Int

    public init(tokensPerPage: Int, total: Int, free: Int) {
        self.tokensPerPage = tokensPerPage
        self.total = total
        self.free = free
    }

    /// Pages that hold `tokens` of one sequence.
    public func pages(for tokens: Int) -> Int { (tokens + tokensPerPage - 1) / tokensPerPage }
}
