// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Tensors
import Testing

@Suite("The thread pool does every piece once")
struct ThreadPoolTests {
    @Test("whatever their number and the limit of threads, nested or not", arguments: [1, 2, 3, 7])
    func pieces(_ threads: Int) {
        let pool = ThreadPool.shared
        let before = pool.threads
        pool.setThreads(threads)
        defer { pool.setThreads(before) }
        for count in [0, 1, 2, 5, 64, 1000] {
            let done = (0..<count).map { _ in Counter() }
            pool.run(count) { piece in
                #expect(ThreadPool.slot < pool.slots)
                pool.run(3) { _ in done[piece].increment() }
            }
            #expect(done.allSatisfy { $0.value == 3 })
        }
    }

    @Test("in stretches too, and each thread once afterwards", arguments: [1, 2, 3, 7])
    func stretches(_ threads: Int) {
        let pool = ThreadPool.shared
        let before = pool.threads
        pool.setThreads(threads)
        defer { pool.setThreads(before) }
        for count in [0, 1, 2, 5, 64, 1000] {
            let done = (0..<count).map { _ in Counter() }
            let ends = (0..<threads).map { _ in Counter() }
            pool.runStretches(count) {
                done[$0].increment()
            } afterwards: {
                ends[$0].increment()
            }
            #expect(done.allSatisfy { $0.value == 1 })
            // A thread that comes when all is done takes no part.
            #expect(ends.allSatisfy { $0.value <= 1 } && ends.contains { $0.value == 1 })
        }
    }

    @Test("ranges cover everything once and depend on the sizes alone")
    func ranges() {
        let seen = Mutex<[Range<Int>]>([])
        ThreadPool.shared.parallel(103, grain: 10) { range in seen.withLock { $0.append(range) } }
        let sorted = seen.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        #expect(sorted.first?.lowerBound == 0 && sorted.last?.upperBound == 103 && sorted.count == 11)
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }

    @Test("many short calls from several tasks take turns", .timeLimit(.minutes(1)))
    func turns() async {
        let total = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<500 { ThreadPool.shared.run(8) { _ in total.increment() } }
                }
            }
        }
        #expect(total.value == 4 * 500 * 8)
    }
}

/// A counter pieces share.
private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.wrappingAdd(1, ordering: .relaxed) }
}
