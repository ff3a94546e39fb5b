// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The blocks of a buffer that blank lines separate.
struct ParagraphScanner: Sequence, IteratorProtocol {
    private let buffer: UnsafeRawBufferPointer
    private var lines: LineScanner

    init(_ buffer: UnsafeRawBufferPointer) {
        self.buffer = buffer
        lines = LineScanner(buffer)
    }

    /// The next block as one line that spans several, with the number and offset of its first.
    mutating func next() -> LineScanner.Line? {
        var first: LineScanner.Line?
        var end = 0
        while let line = lines.next() {
            if line.isBlank {
                if first != nil { break }
            } else {
                first = first ?? line
                end = line.offset + line.bytes.count
            }
        }
        guard var block = first else { return nil }
        block.bytes = UnsafeRawBufferPointer(rebasing: buffer[block.offset..<end])
        return block
    }
}
