// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The lines of a buffer, split at line feeds; a carriage return before one is left out.
///
/// The lines point into the buffer: use them only while it lives.
struct LineScanner: Sequence, IteratorProtocol {
    /// One line, numbered from 1, with the offset of its first byte.
    struct Line {
        var number: Int
        var offset: Int
        var bytes: UnsafeRawBufferPointer

        /// Whether the line has nothing but spaces and tabs.
        var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
    }

    private let buffer: UnsafeRawBufferPointer
    private var offset: Int
    private var number = 0

    /// The lines of `buffer`, without a byte order mark at its start.
    init(_ buffer: UnsafeRawBufferPointer) {
        self.buffer = buffer
        offset = buffer.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    mutating func next() -> Line? {
        guard offset < buffer.count else { return nil }
        number += 1
        let start = offset
        var end = start
        while end < buffer.count, buffer[end] != 0x0A { end += 1 }
        offset = end + 1
        if end > start, buffer[end - 1] == 0x0D { end -= 1 }
        return Line(number: number, offset: start, bytes: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
    }
}
