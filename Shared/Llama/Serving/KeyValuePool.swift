// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Tensors

/// The memory of keys and values of one model: pages of 32 tokens within a budget of bytes.
///
/// A page holds all layers. For each layer and key head: keys [headDimension][32 tokens], then values in panels of 32
/// columns, [headDimension / 32, rounded up][32 tokens][32], so that both are operands of a product as they lie. With
/// weights in float32 they are float32, else float16.
public final class KeyValuePool: Sendable {
    private struct Pages {
        /// Memory of pages nobody holds.
        var free: [KeyValuePage.Memory] = []
        /// Pages whose memory was taken from the system.
        var made = 0
    }

    /// Tokens of a page.
    public static let tokensPerPage = ServingKernels.pageTokens
    /// Bytes of a page of a model; `isHalf` unless its weights are served in float32.
    public static func pageBytes(_ configuration: LlamaConfiguration, isHalf: Bool) -> Int {
        KeyValueLayout(configuration, isHalf: isHalf).pageBytes
    }

    /// Pages there may be.
    public let total: Int
    let layout: KeyValueLayout
    private let pages = Mutex(Pages())

    /// Pages for a model, as many as `bytes` hold. Throws `outOfMemory` if that is not one.
    init(_ configuration: LlamaConfiguration, isHalf: Bool, bytes: Int) throws(LlamaError) {
        layout = KeyValueLayout(configuration, isHalf: isHalf)
        total = bytes / layout.pageBytes
        guard total > 0 else {
            throw LlamaError(
                .outOfMemory,
                "\(bytes) bytes hold no page of keys and values, which takes \(layout.pageBytes); give more")
        }
    }

    /// Pages no cache holds.
    public var free: Int { pages.withLock { total - $0.made + $0.free.count } }

    /// A page of no particular content. Throws `noPage` when all are held.
    func take() throws(LlamaError) -> KeyValuePage {
        let memory = try pages.withLock { pages throws(LlamaError) -> KeyValuePage.Memory in
            if let memory = pages.free.popLast() { return memory }
            guard pages.made < total else {
                throw LlamaError(
                    .noPage, "all \(total) pages of keys and values are held; drop a sequence or give more memory")
            }
            do throws(TensorError) {
                let memory = try KeyValuePage.Memory(bytes: layout.pageBytes)
                pages.made += 1
                return memory
            } catch { throw LlamaError(.outOfMemory, "a page of keys and values: \(error.description)") }
        }
        return KeyValuePage(memory, of: self)
    }

    fileprivate func give(back memory: KeyValuePage.Memory) { pages.withLock { $0.free.append(memory) } }
}

/// Keys and values of 32 tokens of one sequence; goes back to its pool with the last cache that holds it.
final class KeyValuePage {
    /// The memory of a page. Invariant behind `@unchecked Sendable`: one page at a time has it.
    final class Memory: @unchecked Sendable {
        private let arena = Arena()
        let base: UnsafeMutableRawPointer

        init(bytes: Int) throws(TensorError) { base = UnsafeMutableRawPointer(try arena.take((bytes + 3) / 4)) }
    }

    private let memory: Memory
    private let pool: KeyValuePool

    var base: UnsafeMutableRawPointer { memory.base }

    fileprivate init(_ memory: Memory, of pool: KeyValuePool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.give(back: memory) }
}
