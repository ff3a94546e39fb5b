// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Arenas waiting for their next use, so that concurrent calls each have one and steps reuse memory.
public final class ArenaPool: Sendable {
    private let free = Mutex<[Arena]>([])

    /// An empty pool.
    public init() {}

    /// Runs `body` with an arena that nobody else uses meanwhile.
    public func withArena<R, E: Error>(_ body: (Arena) throws(E) -> R) throws(E) -> R {
        let arena = free.withLock { $0.popLast() } ?? Arena()
        defer {
            arena.reset()
            free.withLock { $0.append(arena) }
        }
        return try body(arena)
    }
}
