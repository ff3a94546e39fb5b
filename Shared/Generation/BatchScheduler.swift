// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// Computes the requests of everybody together, step by step: each step extends the answers under way by a token and
/// fills up with tokens of prompts and continuations.
///
/// A request begins when the pages it may need are free, so none is ever taken back; what waits is begun in fair turns
/// (``TenantQueues``) and in its tenant's order. By the model's promise nothing of this changes an answer. Belongs to
/// one thread.
final class BatchScheduler<Model: SequenceModel> {
    typealias Work = BatchWork<Model>
    typealias Item = (work: Work, strand: Strand<Model.Cache>)

    let model: Model
    let options: BatchOptions
    let pages: PageBudget
    let tree: PrefixTree<Model.Cache>
    var waiting = TenantQueues<Work>(quantum: 1024)
    var active: [Work] = []
    /// Whose prompts come first in the next step.
    var turn = 0
    private(set) var figures = BatchFigures()

    init(model: Model, options: BatchOptions = BatchOptions()) {
        self.model = model
        self.options = options
        pages = model.pages
        tree = PrefixTree(pageSize: pages.tokensPerPage)
        figures.totalPages = pages.total
    }

    /// Puts a request behind all others of its tenant. Throws where even an empty memory could not hold it.
    func add(_ work: Work) throws {
        let needed = neededPages(work)
        guard needed <= pages.total else {
            throw GenerationError(
                .invalidPrompt, "request",
                "may need \(needed) pages of \(pages.tokensPerPage) tokens, the key-value memory has \(pages.total)",
                remedy: "shorten the prompt, lower maxTokens, or raise the worker's memory budget")
        }
        waiting.append(work, tenant: work.origin.tenant, cost: work.cost)
    }

    /// Computes one step; false where nothing is left to do.
    func step() -> Bool {
        let start = ContinuousClock.now
        figures.promptTokens = 0
        figures.keptTokens = 0
        endWhatIsOver(now: start)
        admit()
        let plan = plan()
        figures.prefillTokens = plan.reduce(0) { $0 + ($1.item.strand.isDecode ? 0 : $1.count) }
        figures.decodeTokens = plan.count { $0.item.strand.isDecode }
        if !plan.isEmpty { compute(plan) }
        removeFinished()
        figures.waiting = waiting.count
        figures.active = active.count
        figures.reservedPages = active.reduce(0) { $0 + $1.reservedPages }
        figures.keptPages = tree.pages
        figures.duration = ContinuousClock.now - start
        return !active.isEmpty || !waiting.isEmpty
    }

    /// Ends all requests with an error.
    func failAll(_ error: any Error) {
        for work in waiting.remove(where: { _ in true }) + active { work.fail(.error(error)) }
        removeFinished()
    }

    private func compute(_ plan: [(item: Item, count: Int)]) {
        let logits: Tensor
        do {
            logits = try model.extend(
                plan.map { item, count in
                    SequenceStep(
                        tokens: Array(item.strand.pending.prefix(count)), cache: item.strand.cache,
                        adapter: item.work.origin.adapter,
                        logits: item.strand.rows(count) == 0 ? .none : item.strand.wanted)
                })
        } catch {
            for (item, _) in plan where !item.work.isOver { item.work.fail(.error(error)) }
            return
        }
        logits.withUnsafeValues { values in
            let rows = read(values, plan)
            for (index, (item, count)) in plan.enumerated() where !item.work.isOver {
                let isPrompt = item.work.promptStrand === item.strand
                item.strand.computed(count)
                do {
                    if isPrompt { try keep(item.work.prompt, item.strand.cache, of: item.work) }
                    try item.work.receive(rows[index], of: item.strand)
                } catch {
                    item.work.fail(.error(error))
                }
            }
        }
    }

    /// The rows of each step, read on all threads: with a large vocabulary that is much of a step of a small model.
    private func read(
        _ values: UnsafeBufferPointer<Float>, _ plan: [(item: Item, count: Int)]
    ) -> [[LogitRow]] {
        let width = model.vocabularySize
        var starts = [0]
        for (item, count) in plan { starts.append(starts[starts.count - 1] + item.strand.rows(count)) }
        var rows = [[LogitRow]](repeating: [], count: plan.count)
        rows.withUnsafeMutableBufferPointer { rows in
            // Each piece writes its own element and changes its own request, of which it has the only strand.
            nonisolated(unsafe) let rows = rows
            ThreadPool.shared.run(plan.count) { index in
                let (item, count) = plan[index]
                rows[index] = (starts[index]..<starts[index + 1]).map { row in
                    LogitRow(
                        UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width]),
                        top: item.work.topLogprobs)
                }
                if item.strand.isDecode, count == 1, let row = rows[index].last { item.work.choose(row) }
            }
        }
        return rows
    }

    private func removeFinished() {
        for work in active where work.isOver { release(work) }
        active.removeAll { $0.isOver }
    }

    /// Ends what was cancelled and what is too late.
    private func endWhatIsOver(now: ContinuousClock.Instant) {
        let isOver = { (work: Work) -> Bool in
            if work.isOver { return true }
            if work.origin.isCancelled() {
                work.fail(.cancelled)
            } else if let deadline = work.origin.deadline, deadline <= now {
                work.fail(.error(GenerationError.expired))
            }
            return work.isOver
        }
        _ = waiting.remove(where: isOver)
        for work in active { _ = isOver(work) }
        removeFinished()
    }

    func began(promptTokens: Int, kept: Int) {
        figures.promptTokens += promptTokens
        figures.keptTokens += kept
    }
}
