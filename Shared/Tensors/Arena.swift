// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Scratch memory that grows to what one step needs and is used again by the next.
///
/// `take` hands out blocks one after the other; `reset` takes them all back at once. After a step that overflowed into
/// extra blocks, the next reset joins them into one, so that a steady state allocates nothing.
///
/// Invariant behind `@unchecked Sendable`: an arena is used by one task at a time; `ArenaPool` hands each out once.
public final class Arena: @unchecked Sendable {
    private var blocks: [FloatStorage] = []
    private var used = 0
    private var taken = 0
    /// The most floats handed out between two resets.
    private(set) var mostTaken = 0

    /// An empty arena.
    public init() {}

    /// `count` floats of unspecified content, aligned to 64 bytes, valid until the next `reset`. Throws if the
    /// memory is refused.
    public func take(_ count: Int) throws(TensorError) -> UnsafeMutablePointer<Float> {
        let size = (count + 15) & ~15
        taken += size
        if let block = blocks.last, used + size <= block.count {
            defer { used += size }
            return block.base + used
        }
        let block = try FloatStorage(count: max(size, 1 << 16))
        blocks.append(block)
        used = size
        return block.base
    }

    /// `count` 16-bit numbers of unspecified content, as `take`.
    public func takeHalves(_ count: Int) throws(TensorError) -> UnsafeMutablePointer<UInt16> {
        try take(count, of: UInt16.self)
    }

    /// `count` elements of any plain type no wider than a cache line, as `take`.
    public func take<Element: BitwiseCopyable>(
        _ count: Int, of type: Element.Type
    ) throws(TensorError) -> UnsafeMutablePointer<Element> {
        let (size, float) = (MemoryLayout<Element>.stride, MemoryLayout<Float>.stride)
        let memory = try take((count * size + float - 1) / float)
        return UnsafeMutableRawPointer(memory).bindMemory(to: type, capacity: count)
    }

    /// Takes every block back.
    public func reset() {
        if blocks.count > 1 {
            blocks = []
            if let joined = try? FloatStorage(count: taken) { blocks = [joined] }
        }
        mostTaken = max(mostTaken, taken)
        used = 0
        taken = 0
    }

    /// Makes room for `count` floats in one block, so that a call that needs no more takes no other. Only between uses.
    public func reserve(_ count: Int) throws(TensorError) {
        guard used == 0, blocks.count != 1 || blocks[0].count < count else { return }
        blocks = []
        blocks = [try FloatStorage(count: count)]
    }

    /// Floats held at the moment.
    public var capacity: Int { blocks.reduce(0) { $0 + $1.count } }
}
