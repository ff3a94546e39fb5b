// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama

/// Some continuations of one context while they are scored: the context once, then the rest of all of them together.
final class ScoreWork<Model: SequenceModel>: BatchWork<Model> {
    /// Gets each continuation's place in the list, and its score.
    typealias Deliver = (Int, Result<SequenceScore, any Error>) -> Void

    private let continuations: [[Int32]]
    private let deliver: Deliver
    private var scores: [SequenceScore]
    private var isTold: [Bool]

    /// - Parameter continuations: none empty, all tokens already checked.
    init(
        context: [Int32], continuations: [[Int32]], origin: RequestOrigin<Model.Adapter>, deliver: @escaping Deliver
    ) {
        self.continuations = continuations
        self.deliver = deliver
        scores = continuations.map { _ in SequenceScore() }
        isTold = continuations.map { _ in false }
        super.init(prompt: context, origin: origin)
    }

    // The last token of a continuation is scored by the one before it, and never computed.
    override var branches: [Int] { continuations.map { $0.count - 1 }.filter { $0 > 0 } }

    override func receive(_ rows: [LogitRow], of strand: Strand<Cache>) throws {
        guard let branch = strand.branch else {
            if strand.pending.isEmpty, rows.count > 0 { try begin(after: rows[rows.count - 1], strand.cache) }
            return
        }
        for row in 0..<rows.count { try note(rows[row], branch) }
        guard strand.pending.isEmpty else { return }
        strands.removeAll { $0 === strand }
        tell(branch)
        if strands.isEmpty { finish() }
    }

    override func fail(_ failure: Failure) {
        finish()
        let error: any Error =
            switch failure {
            case .cancelled: CancellationError()
            case .error(let error): error
            }
        for branch in continuations.indices where !isTold[branch] { deliver(branch, .failure(error)) }
    }

    /// Scores what comes right after the context, and begins with what is left.
    private func begin(after row: LogitRow, _ cache: Cache) throws {
        let count = cache.count
        for branch in continuations.indices { try note(row, branch) }
        let open = continuations.indices.filter { continuations[$0].count > 1 }
        strands = try open.map { branch in
            // The context's own cache serves the last, so that the usual single one copies nothing.
            let own = branch == open.last ? cache : try cache.fork(count: count)
            return Strand(continuations[branch].dropLast(), cache: own, wanted: .all, branch: branch)
        }
        for branch in continuations.indices where continuations[branch].count == 1 { tell(branch) }
        if strands.isEmpty { finish() }
    }

    private func note(_ row: LogitRow, _ branch: Int) throws {
        let id = continuations[branch][scores[branch].tokenCount]
        try row.check()
        scores[branch].logprobs.append(row.logprob(id))
        if scores[branch].isGreedy { scores[branch].isGreedy = row.likeliest == id }
    }

    private func tell(_ branch: Int) {
        isTold[branch] = true
        deliver(branch, .success(scores[branch]))
    }
}
