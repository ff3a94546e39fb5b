// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What one sequence keeps between its steps. One thread at a time uses the caches of a model.
public protocol SequenceCache: AnyObject {
    /// Tokens held.
    var count: Int { get }

    /// Keeps the first `count` tokens.
    func truncate(to count: Int)

    /// A cache of its own with the first `count` tokens: it shares whole pages and copies the last in part.
    func fork(count: Int) throws -> Self

    /// The same of whole pages, of which those of the first `shared` tokens are shared with `base` instead, which holds the
    /// same tokens there.
    func fork(count: Int, over base: Self, shared: Int) -> Self
}
