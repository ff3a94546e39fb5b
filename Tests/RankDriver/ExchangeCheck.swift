// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Glibc

/// Sums, gathers and shares numbers of many sizes over the ranks and holds the results against a loop.
struct ExchangeCheck {
    let collective: any Collective

    /// Numbers whose sum depends on the order.
    private static func value(_ index: Int, _ rank: Int) -> Float {
        Float(((index &* 2_654_435_761) ^ (rank &* 40_503)) % 100_003) / 7 * (rank % 2 == 0 ? 1 : 1e-3)
    }

    /// Prints one line of rank 0: whether everything was right on every rank.
    func run() throws {
        var wrong = 0
        for count in [1, 17, 4_096, 100_003, 9_000_001] { wrong += try mistakes(count: count) }
        for round in 0..<50 {
            wrong += try collective.follow(round % 3 == 0) == (round % 3 == 0) ? 0 : 1
        }
        let all = try collective.share([Double(wrong), Double(collective.rank)])
        let isRight = all == (0..<all.count).map { [0, Double($0)] }
        try collective.close()
        guard collective.rank == 0 else { return }
        RankConnection.tell("\(collective.size) ranks: \(isRight ? "right" : "wrong \(all)")")
    }

    private func mistakes(count: Int) throws -> Int {
        let (rank, size) = (collective.rank, collective.size)
        let values = UnsafeMutablePointer<Float>.allocate(capacity: count)
        defer { values.deallocate() }
        for index in 0..<count { values[index] = Self.value(index, rank) }
        // Buckets of unequal shards, several under way at once.
        let bucket = max(1, count / 7)
        let buckets = stride(from: 0, to: count, by: bucket).map { first -> [Range<Int>] in
            let end = min(count, first + bucket)
            let cuts = (0...size).map { first + (end - first) * $0 * $0 / (size * size) }
            return (0..<size).map { cuts[$0]..<cuts[$0 + 1] }
        }
        for shards in buckets { try collective.startReduce(values, shards) }
        try collective.finish()
        var wrong = 0
        for shards in buckets {
            for (owner, shard) in shards.enumerated() {
                for index in shard where !isRight(values[index], index, owner == rank) { wrong += 1 }
            }
        }
        for shards in buckets { try collective.startGather(values, shards) }
        try collective.finish()
        for index in 0..<count where !isRight(values[index], index, true) { wrong += 1 }
        return wrong
    }

    private func isRight(_ value: Float, _ index: Int, _ isSum: Bool) -> Bool {
        guard isSum else { return value == Self.value(index, collective.rank) }
        var sum = Self.value(index, 0)
        for rank in 1..<max(1, collective.size) { sum += Self.value(index, rank) }
        return value == sum
    }

    /// Exchanges for ever, or until asked to stop; the rank that is named kills itself after a while.
    func loop(dying: Int?) throws {
        var rounds = 0
        while true {
            let stops = try collective.follow(RankConnection.isStopAsked)
            let seen = try collective.share([Double(rounds)])
            guard seen.allSatisfy({ $0 == [Double(rounds)] }) else { exit(5) }
            if stops { break }
            rounds += 1
            if rounds == 20, collective.rank == 0 {
                RankConnection.tell("running")
            }
            if rounds == 30, collective.rank == dying { kill(getpid(), SIGKILL) }
            usleep(2_000)
        }
        try collective.close()
        if collective.rank == 0 { RankConnection.tell("stopped") }
    }
}
