// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Tensors

/// Writes a GGUF file of version 3, tensor by tensor: one is in memory at a time.
///
/// The same metadata and tensors give the same bytes: in the order they were added, no time stamp.
public struct GGUFWriter {
    private struct Item {
        let name: String
        let format: WeightFormat
        let shape: Shape
        let read: (UnsafeMutableBufferPointer<Float>) throws -> Void

        var bytes: Int {
            let rowLength = shape.dimensions.last ?? 1
            return shape.count / max(1, rowLength) * (format.rowBytes(rowLength) ?? 0)
        }
    }

    private static let alignment = 32
    private var values: [(key: String, value: GGUFValue)] = []
    private var items: [Item] = []

    /// A writer of nothing.
    public init() {}

    /// Adds a value. Integers are written as uint32, lists of them as int32, reals as float32.
    public mutating func add(_ key: String, _ value: GGUFValue) { values.append((key, value)) }

    /// Adds a tensor: `read` fills its elements when the file is written. Rows must be whole blocks of the format.
    public mutating func add(
        _ name: String, _ format: WeightFormat, _ shape: Shape,
        read: @escaping (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) {
        precondition(format.rowBytes(shape.dimensions.last ?? 1) != nil, "rows are no whole blocks")
        items.append(Item(name: name, format: format, shape: shape, read: read))
    }

    /// Publishes the file: written aside, synced, renamed. Calls `progress` with the bytes of data written so far and
    /// in all. Throws `FileError`, or what reading a tensor threw; then nothing appears.
    public func write(to url: URL, progress: (Int, Int) throws -> Void = { _, _ in }) throws {
        let total = items.reduce(0) { $0 + $1.bytes }
        let header = try header()
        try PublishedFile.write(to: url.path) { file in
            try file.write(header)
            var written = 0
            for item in items {
                try Self.append(item, to: &file)
                try file.write([UInt8](repeating: 0, count: Self.padding(file.byteCount)))
                written += item.bytes
                try progress(written, total)
            }
        }
    }

    private static func padding(_ bytes: Int) -> Int { (alignment - bytes % alignment) % alignment }

    private static func append(_ item: Item, to file: inout PublishedFile) throws {
        let count = item.shape.count
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        defer { values.deallocate() }
        try item.read(values)
        // Whole blocks, since those divide a chunk.
        let chunk = 1 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk * 4, alignment: 64)
        defer { buffer.deallocate() }
        guard let source = values.baseAddress, let target = buffer.baseAddress else { return }
        for first in stride(from: 0, to: count, by: chunk) {
            let length = min(chunk, count - first)
            item.format.narrow(source + first, count: length, into: target)
            let bytes = item.format.rowBytes(length) ?? 0
            try file.write(UnsafeRawBufferPointer(start: target, count: bytes))
        }
    }

    private func header() throws -> [UInt8] {
        var bytes = GGUFFile.magic
        func append(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        func append(string: [UInt8]) {
            append(UInt64(string.count))
            bytes += string
        }
        append(UInt32(3))
        append(UInt64(items.count))
        append(UInt64(values.count))
        for (key, value) in values {
            append(string: Array(key.utf8))
            switch value {
            case .integer(let number):
                append(UInt32(4))
                append(try narrowed(number, key, as: UInt32.self))
            case .real(let number):
                append(UInt32(6))
                append(Float(number).bitPattern)
            case .boolean(let flag):
                append(UInt32(7))
                append(UInt8(flag ? 1 : 0))
            case .string(let text):
                append(UInt32(8))
                append(string: text)
            case .integers(let numbers):
                append(UInt32(9))
                append(UInt32(5))
                append(UInt64(numbers.count))
                for number in numbers { append(try narrowed(number, key, as: Int32.self)) }
            case .reals(let numbers):
                append(UInt32(9))
                append(UInt32(6))
                append(UInt64(numbers.count))
                for number in numbers { append(number.bitPattern) }
            case .strings(let strings):
                append(UInt32(9))
                append(UInt32(8))
                append(UInt64(strings.count))
                for string in strings { append(string: string) }
            }
        }
        var offset = 0
        for item in items {
            append(string: Array(item.name.utf8))
            append(UInt32(item.shape.rank))
            for extent in item.shape.dimensions.reversed() { append(UInt64(extent)) }
            append(item.format.number)
            append(UInt64(offset))
            offset += item.bytes + Self.padding(item.bytes)
        }
        return bytes + [UInt8](repeating: 0, count: Self.padding(bytes.count))
    }

    private func narrowed<Number: FixedWidthInteger>(
        _ number: Int, _ key: String, as type: Number.Type
    ) throws -> Number {
        guard let narrow = Number(exactly: number) else {
            throw CheckpointError(.unsupported, "\(key) is \(number), which GGUF cannot hold as \(type)")
        }
        return narrow
    }
}
