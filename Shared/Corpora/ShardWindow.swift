// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps what a dataset has in memory of its shards within a budget, however large they are.
///
/// Pages that a map has read stay with the process until the system is short of memory, and count as its own until
/// then. Here they are counted as rows are read, and given back when there are too many; the system's cache may keep
/// them, so reading them again costs little while there is room.
final class ShardWindow: Sendable {
    /// Pages given back when rows have touched about this much.
    static let limit = 32 << 20
    /// A read maps what the cache has around it, up to 2 MB (a huge page), in each of four parts of a shard.
    private static let around = 4 << 21

    private struct State {
        var bytes = 0
        var shards: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Counts a row of `bytes` of the shard of this index.
    func note(_ shard: Int, bytes: Int, _ shards: [TokenShard]) {
        let full = state.withLock { state -> Set<Int> in
            state.bytes += bytes + Self.around
            state.shards.insert(shard)
            guard state.bytes > Self.limit else { return [] }
            defer { state = State() }
            return state.shards
        }
        for index in full { shards[index].release() }
    }
}
