// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Memory for merging one stretch of text at a time, and a cache of the words it has seen.
///
/// A direct-mapped cache with one line a word: 24 bytes of key (22 bytes of text at most, zero-padded, then its
/// length), a count, and up to nine ids. A word that hashes to a taken line replaces it.
// Unchecked, as one call of the encoder at a time owns a workspace (see WorkspacePool).
final class MergeWorkspace: @unchecked Sendable {
    static let lines = 1 << 15
    static let lineBytes = 64
    static let longestKey = 22
    static let mostIDs = 9

    let cache: UnsafeMutableRawPointer
    var buffers = MergeBuffers()
    var prefixed: [UInt8] = []

    init() {
        let bytes = Self.lines * Self.lineBytes
        cache = .allocate(byteCount: bytes, alignment: Self.lineBytes)
        cache.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit { cache.deallocate() }

    /// Gives `use` the ids of a word: from the cache, or made by `encode` into `buffers.ids`.
    @inline(__always)
    func withIDs(
        of text: UnsafeBufferPointer<UInt8>, _ begin: Int, _ end: Int,
        encode: (UnsafeBufferPointer<UInt8>, inout MergeBuffers) -> Void,
        use: (UnsafeBufferPointer<TokenID>) -> Void
    ) {
        let length = end - begin
        guard length <= Self.longestKey else {
            encode(UnsafeBufferPointer(rebasing: text[begin..<end]), &buffers)
            return buffers.ids.withUnsafeBufferPointer(use)
        }
        let key = WordKey(text, begin, length)
        let line = cache + Int(key.hash & UInt64(Self.lines - 1)) * Self.lineBytes
        if line.load(as: UInt64.self) == key.a, line.load(fromByteOffset: 8, as: UInt64.self) == key.b,
            line.load(fromByteOffset: 16, as: UInt64.self) == key.c
        {
            let count = Int(line.load(fromByteOffset: 24, as: Int32.self))
            return use(UnsafeBufferPointer(start: (line + 28).assumingMemoryBound(to: TokenID.self), count: count))
        }
        encode(UnsafeBufferPointer(rebasing: text[begin..<end]), &buffers)
        buffers.ids.withUnsafeBufferPointer(use)
        guard buffers.ids.count <= Self.mostIDs else { return }
        line.storeBytes(of: key.a, as: UInt64.self)
        line.storeBytes(of: key.b, toByteOffset: 8, as: UInt64.self)
        line.storeBytes(of: key.c, toByteOffset: 16, as: UInt64.self)
        line.storeBytes(of: Int32(buffers.ids.count), toByteOffset: 24, as: Int32.self)
        for (i, id) in buffers.ids.enumerated() {
            line.storeBytes(of: id, toByteOffset: 28 + 4 * i, as: TokenID.self)
        }
    }
}

/// What one merge needs: a value, so that its parts are reached without a check each.
struct MergeBuffers {
    var ids: [TokenID] = []
    var symbols: [Int32] = []
    var starts: [Int32] = []
    var merged: [Int32] = []
    var previous: [Int32] = []
    var following: [Int32] = []
    var heap = MergeHeap()
}

/// A binary min-heap of candidate merges: rank in the upper half of the key, position in the lower.
struct MergeHeap {
    private var keys: [UInt64] = []

    mutating func removeAll() { keys.removeAll(keepingCapacity: true) }

    mutating func push(rank: Int32, position: Int) {
        keys.append(UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(position))
        var child = keys.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard keys[child] < keys[parent] else { break }
            keys.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (rank: Int32, position: Int)? {
        guard let top = keys.first else { return nil }
        let last = keys.removeLast()
        if !keys.isEmpty {
            keys[0] = last
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < keys.count else { break }
                if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
                guard keys[child] < keys[parent] else { break }
                keys.swapAt(child, parent)
                parent = child
            }
        }
        return (Int32(truncatingIfNeeded: top >> 32), Int(top & 0xFFFF_FFFF))
    }
}
