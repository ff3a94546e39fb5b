// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Tensors

/// Memory for logits that is used again once nobody reads them: a step of decoding takes none from the system.
final class LogitsMemory: Sendable {
    /// Floats that go back when the last tensor that reads them is gone.
    ///
    /// Invariant behind `@unchecked Sendable`: written before it is handed out as a tensor, read from then on.
    final class Block: @unchecked Sendable {
        private let memory: LogitsMemory
        private let arena: Arena
        let base: UnsafeMutablePointer<Float>
        let count: Int

        fileprivate init(_ memory: LogitsMemory, _ count: Int) throws(TensorError) {
            self.memory = memory
            self.count = count
            arena = Arena()
            base = try arena.take(count)
        }

        fileprivate init(_ memory: LogitsMemory, again other: Free) {
            self.memory = memory
            (arena, base, count) = (other.arena, other.base, other.count)
        }

        deinit { memory.give(back: Free(arena: arena, base: base, count: count)) }
    }

    // As a block, of which nobody has the memory.
    fileprivate struct Free: @unchecked Sendable {
        let arena: Arena
        let base: UnsafeMutablePointer<Float>
        let count: Int
    }

    private static let most = 4
    private let free = Mutex<[Free]>([])

    /// Room for `count` floats of no particular content.
    func take(_ count: Int) throws(TensorError) -> Block {
        let found = free.withLock { free -> Free? in
            guard let index = free.firstIndex(where: { $0.count >= count && $0.count <= 4 * count }) else { return nil }
            return free.remove(at: index)
        }
        if let found { return Block(self, again: found) }
        return try Block(self, count)
    }

    fileprivate func give(back block: Free) {
        free.withLock { free in
            if free.count == Self.most { free.removeFirst() }
            free.append(block)
        }
    }
}
