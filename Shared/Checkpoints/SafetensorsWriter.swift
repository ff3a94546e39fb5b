// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Tensors

/// Collects tensors and writes them as one safetensors file.
///
/// The same tensors give the same bytes: data in the order they were added, header keys sorted, no time stamp. The
/// writer shares the tensors' memory, so let it go before parameters are written again (they would be copied).
public struct SafetensorsWriter {
    private enum Content {
        case tensor(Tensor, ElementType)
        case streamed(Shape, ElementType, (UnsafeMutableBufferPointer<Float>) throws -> Void)
        case integers([Int64])

        var type: ElementType {
            switch self {
            case .tensor(_, let type), .streamed(_, let type, _): type
            case .integers: .int64
            }
        }

        var shape: Shape {
            switch self {
            case .tensor(let tensor, _): tensor.shape
            case .streamed(let shape, _, _): shape
            case .integers(let values): [values.count]
            }
        }
    }

    /// The free strings under `__metadata__`; transformers wants `format`.
    public var metadata = ["format": "pt"]
    private var contents: [(name: String, content: Content)] = []

    /// A writer of no tensors.
    public init() {}

    /// Adds a tensor, rounded to `type` (F32, BF16 or F16).
    public mutating func add(_ name: String, _ tensor: Tensor, as type: ElementType = .float32) {
        precondition(type.isFloatingPoint, "tensors are written as F32, BF16 or F16")
        contents.append((name, .tensor(tensor, type)))
    }

    /// Adds a tensor that `read` fills when the file is written, rounded to `type`: one such is in memory at a time.
    public mutating func add(
        _ name: String, _ shape: Shape, as type: ElementType = .float32,
        read: @escaping (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) {
        precondition(type.isFloatingPoint, "tensors are written as F32, BF16 or F16")
        contents.append((name, .streamed(shape, type, read)))
    }

    /// Adds a vector of integers (I64).
    public mutating func add(_ name: String, integers: [Int64]) { contents.append((name, .integers(integers))) }

    /// Adds every tensor of a set in its order, under names that `naming` makes.
    public mutating func add(
        _ set: ParameterSet, as type: ElementType = .float32, naming: (String) -> String = { $0 }
    ) {
        for entry in set.layout.entries {
            if let tensor = set[entry.name] { add(naming(entry.name), tensor, as: type) }
        }
    }

    /// Bytes of the data so far.
    public var dataBytes: Int { contents.reduce(0) { $0 + $1.content.shape.count * $1.content.type.size } }

    /// Publishes the file: written aside, synced, renamed. Throws `FileError`; then nothing appears.
    public func write(to url: URL) throws {
        let header = try header()
        try PublishedFile.write(to: url.path) { file in
            try header.withUnsafeBytes { try file.write($0) }
            for (_, content) in contents {
                switch content {
                case .integers(let values):
                    try values.map(\.littleEndian).withUnsafeBytes { try file.write($0) }
                case .tensor(let tensor, .float32):
                    try tensor.withUnsafeValues { try file.write(UnsafeRawBufferPointer($0)) }
                case .tensor(let tensor, let type):
                    try Self.append(tensor, type, to: &file)
                case .streamed(let shape, let type, let read):
                    var tensor = Tensor(zeros: shape)
                    try tensor.withUnsafeMutableValues { try read($0) }
                    try Self.append(tensor, type, to: &file)
                }
            }
        }
    }

    private static func append(_ tensor: Tensor, _ type: ElementType, to file: inout PublishedFile) throws {
        let chunk = 1 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk * type.size, alignment: 64)
        defer { buffer.deallocate() }
        try tensor.withUnsafeValues { values in
            guard let base = values.baseAddress, let target = buffer.baseAddress else { return }
            for first in stride(from: 0, to: values.count, by: chunk) {
                let count = min(chunk, values.count - first)
                type.narrow(base + first, count: count, into: target)
                try file.write(UnsafeRawBufferPointer(start: target, count: count * type.size))
            }
        }
    }

    /// Length, JSON and padding to a multiple of 8, so that the data is aligned.
    private func header() throws -> Data {
        struct Item: Encodable {
            let dtype: String
            let shape: [Int]
            let offsets: [Int]

            enum CodingKeys: String, CodingKey {
                case dtype
                case shape
                case offsets = "data_offsets"
            }
        }
        struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        struct Header: Encodable {
            let items: [String: Item]
            let metadata: [String: String]

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Name.self)
                if !metadata.isEmpty { try container.encode(metadata, forKey: Name("__metadata__")) }
                for (name, item) in items { try container.encode(item, forKey: Name(name)) }
            }
        }
        var items: [String: Item] = [:]
        var offset = 0
        for (name, content) in contents {
            let bytes = content.shape.count * content.type.size
            items[name] = Item(
                dtype: content.type.rawValue, shape: content.shape.dimensions, offsets: [offset, offset + bytes])
            offset += bytes
        }
        precondition(items.count == contents.count, "two tensors of one file share a name")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = try encoder.encode(Header(items: items, metadata: metadata))
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        var length = UInt64(json.count).littleEndian
        return withUnsafeBytes(of: &length) { Data($0) } + json
    }
}
