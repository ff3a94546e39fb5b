// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The keys and values of one sequence, so that each new token attends to them without computing them again.
///
/// The plain reference of decoding: keys and values in float32, one after the other, products by BLAS. Tests hold it equal
/// to transformers and to the whole sequence, and ``ServedLlama``, which answers, equal to it.
///
/// A cache belongs to one sequence of one model and is used by one task at a time. Memory is taken page by page as
/// tokens arrive: 2 · layers · keyValueWidth floats a token.
public final class KVCache {
    /// Tokens whose keys and values are held.
    public internal(set) var count = 0
    /// Tokens there is room for.
    public let capacity: Int
    let configuration: LlamaConfiguration
    private let arena = Arena()
    private let base: UnsafeMutablePointer<Float>

    /// An empty cache with room for `capacity` tokens. Throws `invalidCache` outside 1...maxPositions, `outOfMemory`
    /// if the memory is refused.
    public init(_ configuration: LlamaConfiguration, capacity: Int) throws(LlamaError) {
        guard capacity >= 1, capacity <= configuration.maxPositions else {
            throw LlamaError(
                .invalidCache,
                "a cache of \(capacity) tokens is outside 1...\(configuration.maxPositions) (max_position_embeddings)")
        }
        self.configuration = configuration
        self.capacity = capacity
        let floats = 2 * configuration.layerCount * configuration.keyValueWidth * capacity
        do { base = try arena.take(floats) } catch {
            throw LlamaError(.outOfMemory, "a cache of \(capacity) tokens: \(error.description)")
        }
    }

    /// Keeps the first `count` tokens and forgets the rest.
    public func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "cannot keep \(count) of \(self.count) tokens")
        self.count = count
    }

    /// A cache of its own with the same tokens: for several continuations of one context.
    public func fork(capacity: Int? = nil) throws(LlamaError) -> KVCache {
        let other = try KVCache(configuration, capacity: max(capacity ?? self.capacity, count))
        other.count = count
        let width = configuration.headDimension
        for layer in 0..<configuration.layerCount {
            for head in 0..<configuration.keyValueHeadCount {
                other.keys(layer, head).update(from: keys(layer, head), count: count * width)
                other.values(layer, head).update(from: values(layer, head), count: count * width)
            }
        }
        return other
    }

    /// The keys of one head, rotated: [capacity, headDimension].
    func keys(_ layer: Int, _ head: Int) -> UnsafeMutablePointer<Float> { slab(layer, head) }

    /// The values of one head: [capacity, headDimension].
    func values(_ layer: Int, _ head: Int) -> UnsafeMutablePointer<Float> {
        slab(layer, configuration.keyValueHeadCount + head)
    }

    private func slab(_ layer: Int, _ index: Int) -> UnsafeMutablePointer<Float> {
        base + (layer * 2 * configuration.keyValueHeadCount + index) * capacity * configuration.headDimension
    }
}
