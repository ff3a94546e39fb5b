// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Answers batches, several at once, and hands over the answers in the batches' order as soon as they are there.
func inOrder<Batch: Sendable, Answer: Sendable>(
    _ batches: [Batch], concurrent: Int, answer: @escaping @Sendable (Batch) async throws -> Answer,
    then: (Batch, Answer) async throws -> Void
) async throws {
    var next = 0
    var emitted = 0
    var finished: [Int: Answer] = [:]
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
        func start() {
            guard next < batches.count else { return }
            let (index, batch) = (next, batches[next])
            group.addTask { (index, try await answer(batch)) }
            next += 1
        }
        for _ in 0..<concurrent { start() }
        while let (index, answered) = try await group.next() {
            start()
            finished[index] = answered
            while let ready = finished.removeValue(forKey: emitted) {
                try await then(batches[emitted], ready)
                emitted += 1
            }
        }
    }
}
