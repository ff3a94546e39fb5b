// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension BatchScheduler {
    /// Pages a request may need if it shares none.
    func neededPages(_ work: Work) -> Int {
        let whole = work.prompt.count / pages.tokensPerPage
        guard !work.branches.isEmpty else { return pages.pages(for: work.prompt.count) }
        return work.branches.reduce(whole) {
            $0 + pages.pages(for: min(work.prompt.count + $1, model.contextLength)) - whole
        }
    }

    /// Begins what waits, in turn, while there is room for it.
    func admit() {
        while active.count < options.sequences, let work = waiting.next() {
            let match = keptBeginning(of: work)
            let needed = neededPages(work) - (match?.count ?? 0) / pages.tokensPerPage
            rest(work, on: match?.node)
            var free = pages.total - tree.pages - active.reduce(0) { $0 + $1.reservedPages }
            if free < needed { free += tree.evict(needed - free) }
            guard free >= needed else {
                // It stays the next: what ends makes room for it.
                rest(work, on: nil)
                return
            }
            work.reservedPages = needed
            waiting.removeNext()
            work.leader = leader(of: work, beyond: match?.count ?? 0)
            active.append(work)
        }
    }

    /// Begins a request that waits for no other any more; false while it waits.
    func begin(_ work: Work) -> Bool {
        if let leader = work.leader {
            let isUnderWay = leader.work.promptStrand.map { $0.cache.count < leader.count } ?? false
            if !leader.work.isOver, isUnderWay || leader.work.strands.isEmpty { return false }
            work.leader = nil
        }
        guard work.strands.isEmpty else { return true }
        do {
            let match = keptBeginning(of: work)
            if let match {
                // Since it was admitted more may have been kept.
                work.reservedPages = neededPages(work) - match.count / pages.tokensPerPage
                work.keptCount = match.count
                rest(work, on: match.node)
                work.begin(try match.node.cache.fork(count: match.count))
            } else {
                work.begin(try model.makeCache())
            }
            began(promptTokens: work.prompt.count, kept: match?.count ?? 0)
            return true
        } catch {
            work.fail(.error(error))
            return false
        }
    }

    /// Keeps the whole pages of a sequence that are computed, for those that begin alike.
    func keep(_ ids: [Int32], _ cache: Model.Cache, of work: Work) throws {
        let count = min(cache.count, ids.count) / pages.tokensPerPage * pages.tokensPerPage
        guard options.keepsPrefixes, count > work.keptCount,
            let kept = try tree.insert(ids, count: count, cache: cache, adapter: work.origin.adapterName)
        else { return }
        work.keptCount = count
        work.reservedPages -= kept.added
        rest(work, on: kept.node)
    }

    /// Gives back what a request held; a whole answer is kept, as the next turn of a conversation begins with it.
    func release(_ work: Work) {
        if let (ids, cache) = work.sequence { try? keep(ids, cache, of: work) }
        work.sequence = nil
        work.reservedPages = 0
        work.leader = nil
        rest(work, on: nil)
    }

    /// Makes `node` the beginning that a request rests on: it stays while it does.
    private func rest(_ work: Work, on node: PrefixTree<Model.Cache>.Node?) {
        if let node { tree.pin(node) }
        if let old = work.node { tree.unpin(old) }
        work.node = node
    }

    private func keptBeginning(of work: Work) -> (node: PrefixTree<Model.Cache>.Node, count: Int)? {
        guard options.keepsPrefixes, !work.needsWholePrompt else { return nil }
        // The last token is always computed: its logits are wanted.
        return tree.match(work.prompt, limit: work.prompt.count - 1, adapter: work.origin.adapterName)
    }

    /// The prompt under way that will soon have computed more of this one than is kept.
    private func leader(of work: Work, beyond kept: Int) -> (work: Work, count: Int)? {
        guard options.keepsPrefixes, !work.needsWholePrompt else { return nil }
        var best: (work: Work, count: Int)?
        for other in active where other.origin.adapterName == work.origin.adapterName {
            // Only one that computes or will without waiting for yet another: those wait for the same one.
            guard other.leader == nil, other.strands.isEmpty || other.promptStrand != nil else { continue }
            var common = 0
            let limit = min(other.prompt.count, work.prompt.count - 1)
            while common < limit, other.prompt[common] == work.prompt[common] { common += 1 }
            common = common / pages.tokensPerPage * pages.tokensPerPage
            if common > max(kept, best?.count ?? 0) { best = (other, common) }
        }
        return best
    }
}
