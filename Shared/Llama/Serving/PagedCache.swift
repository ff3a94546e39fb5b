// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The keys and values of one sequence in pages of a pool. Used by one thread at a time.
public final class PagedCache {
    /// Tokens held.
    public internal(set) var count = 0
    private(set) var pages: [KeyValuePage] = []
    let pool: KeyValuePool

    init(_ pool: KeyValuePool) { self.pool = pool }

    /// Keeps the first `count` tokens; pages beyond them go back.
    public func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "cannot keep \(count) of \(self.count) tokens")
        self.count = count
        trim()
    }

    /// A cache of its own with the first `count` tokens: whole pages are shared, the last in part is copied.
    ///
    /// Throws `noPage` when none is free for the copy.
    public func fork(count: Int) throws(LlamaError) -> PagedCache {
        precondition(count >= 0 && count <= self.count, "cannot take \(count) of \(self.count) tokens")
        let other = PagedCache(pool)
        let whole = count / KeyValuePool.tokensPerPage
        other.pages = Array(pages[..<whole])
        if count % KeyValuePool.tokensPerPage > 0 { other.pages.append(try copy(pages[whole])) }
        other.count = count
        return other
    }

    /// The same of whole pages, of which those of the first `shared` tokens are shared with `base` instead, which holds the
    /// same tokens there.
    public func fork(count: Int, over base: PagedCache, shared: Int) -> PagedCache {
        let size = KeyValuePool.tokensPerPage
        precondition(count % size == 0 && shared % size == 0, "pages are shared whole")
        precondition(shared <= min(count, base.count) && count <= self.count, "more than there are tokens")
        let other = PagedCache(pool)
        other.pages = Array(base.pages[..<(shared / size)] + pages[(shared / size)..<(count / size)])
        other.count = count
        return other
    }

    /// Takes what `more` tokens need: free pages, and a copy of the last one if others share it.
    ///
    /// After an error the cache holds the same tokens; `trim` gives back what was taken.
    func reserve(_ more: Int) throws(LlamaError) {
        let last = count / KeyValuePool.tokensPerPage
        if more > 0, last < pages.count, !isKnownUniquelyReferenced(&pages[last]) {
            pages[last] = try copy(pages[last])
        }
        while pages.count * KeyValuePool.tokensPerPage < count + more { pages.append(try pool.take()) }
    }

    /// Gives back the pages that hold no token.
    func trim() {
        let needed = (count + KeyValuePool.tokensPerPage - 1) / KeyValuePool.tokensPerPage
        pages.removeLast(pages.count - needed)
    }

    private func copy(_ page: KeyValuePage) throws(LlamaError) -> KeyValuePage {
        let copy = try pool.take()
        copy.base.copyMemory(from: page.base, byteCount: pool.layout.pageBytes)
        return copy
    }
}
