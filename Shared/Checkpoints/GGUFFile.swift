// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Files
public import FoundationEssentials
public import Tensors

/// A GGUF file of version 2 or 3, memory-mapped, its header checked in full before anything is read.
///
/// Layout (ggml-org/ggml, docs/gguf.md): "GGUF", version, counts, metadata, descriptions of the tensors, padding, data;
/// little-endian. Extents are stored the other way round than here: a row's length comes first.
public struct GGUFFile: Sendable {
    /// One tensor of the file.
    public struct Entry: Sendable {
        /// The tensor's name.
        public let name: String
        /// How its elements are stored.
        public let format: WeightFormat
        /// Its extents; the last is a row's length.
        public let shape: Shape
        /// Its bytes within the file.
        public let range: Range<Int>
    }

    static let magic: [UInt8] = Array("GGUF".utf8)
    private static let mostItems = 1 << 16

    /// The path, for messages.
    public let path: String
    /// The tensors, in the order of their descriptions.
    public let entries: [Entry]
    /// What the file says of itself, by key.
    public let metadata: [String: GGUFValue]
    let file: MappedFile
    private let indices: [String: Int]

    /// Maps and checks the file. Throws `unreadable`, `truncated`, `malformed`, or `unsupported` naming the tensor whose
    /// type is not read.
    public init(_ url: URL) throws {
        do { try self.init(MappedFile(path: url.path)) } catch let error as FileError {
            throw CheckpointError(.unreadable, error.description)
        }
    }

    /// Checks a mapped file.
    public init(_ file: MappedFile) throws {
        self.file = file
        path = file.path
        (metadata, entries) = try withExtendedLifetime(file) { try Self.header(file.bytes, path: file.path) }
        indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    /// The entry of this name.
    public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

    private static func header(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws -> (metadata: [String: GGUFValue], entries: [Entry]) {
        guard bytes.count >= 24, bytes.prefix(4).elementsEqual(magic) else {
            throw CheckpointError(.malformed, "\(path) is no GGUF file: it does not begin with GGUF and a header")
        }
        var cursor = GGUFCursor(bytes, path: path)
        _ = try cursor.number(UInt32.self)
        let version = try cursor.number(UInt32.self)
        guard version == 2 || version == 3 else {
            throw CheckpointError(
                .unsupported, "\(path) has the GGUF version \(version) (or another byte order); 2 and 3 are read")
        }
        let tensorCount = try cursor.count(of: "tensors", atLeast: 1, most: mostItems)
        let valueCount = try cursor.count(of: "metadata values", atLeast: 1, most: mostItems)
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<valueCount {
            let key = String(decoding: try cursor.string(most: 65535), as: UTF8.self)
            guard metadata.updateValue(try cursor.value(), forKey: key) == nil else {
                throw cursor.malformed("the key \(key.prefix(64)) comes twice")
            }
        }
        var descriptions: [(name: String, format: WeightFormat, shape: Shape, offset: UInt64)] = []
        var names: Set<String> = []
        for _ in 0..<tensorCount {
            let tensor = try description(&cursor, path: path)
            guard names.insert(tensor.name).inserted else {
                throw cursor.malformed("the tensor \(tensor.name) comes twice")
            }
            descriptions.append(tensor)
        }
        let alignment = try Self.alignment(metadata, cursor)
        let start = (cursor.index + alignment - 1) / alignment * alignment
        return (metadata, try entries(descriptions, start: start, alignment: alignment, fileBytes: bytes.count, cursor))
    }

    private static func description(
        _ cursor: inout GGUFCursor, path: String
    ) throws -> (name: String, format: WeightFormat, shape: Shape, offset: UInt64) {
        let name = String(decoding: try cursor.string(most: 256), as: UTF8.self)
        let rank = try cursor.number(UInt32.self)
        guard rank >= 1, rank <= 4 else { throw cursor.malformed("\(name) has \(rank) extents") }
        let extents = try (0..<rank).map { _ in try cursor.number(UInt64.self) }
        let number = try cursor.number(UInt32.self)
        guard let format = WeightFormat(number: number) else {
            throw CheckpointError(
                .unsupported,
                "\(path): \(name) has the GGML type \(number); F32, F16, BF16, Q8_0 and Q4_0 are read, "
                    + "so convert the model to one of these")
        }
        let shape = Shape(extents.reversed().map { Int(exactly: $0) ?? -1 })
        guard let count = shape.checkedCount, count < 1 << 44, let rowLength = shape.dimensions.last,
            format.rowBytes(rowLength) != nil
        else { throw cursor.malformed("\(name) has the impossible shape \(shape) for \(format.rawValue)") }
        return (name, format, shape, try cursor.number(UInt64.self))
    }

    private static func alignment(_ metadata: [String: GGUFValue], _ cursor: GGUFCursor) throws -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .integer(let alignment) = value, alignment >= 8, alignment <= 1 << 20, alignment.nonzeroBitCount == 1
        else { throw cursor.malformed("general.alignment is no power of two from 8 to 2^20") }
        return alignment
    }

    private static func entries(
        _ descriptions: [(name: String, format: WeightFormat, shape: Shape, offset: UInt64)], start: Int,
        alignment: Int, fileBytes: Int, _ cursor: GGUFCursor
    ) throws -> [Entry] {
        let entries = try descriptions.map { tensor in
            let rowLength = tensor.shape.dimensions.last ?? 1
            let rowBytes = tensor.format.rowBytes(rowLength) ?? 0
            let bytes = rowLength == 0 ? 0 : tensor.shape.count / rowLength * rowBytes
            guard tensor.offset % UInt64(alignment) == 0, tensor.offset <= UInt64(Int.max / 4) else {
                throw cursor.malformed("\(tensor.name) has the impossible offset \(tensor.offset)")
            }
            let first = start + Int(tensor.offset)
            guard bytes <= fileBytes, first <= fileBytes - bytes else {
                throw CheckpointError(
                    .truncated,
                    "\(cursor.path): \(tensor.name) needs the bytes up to \(first + bytes), the file has \(fileBytes)")
            }
            return Entry(
                name: tensor.name, format: tensor.format, shape: tensor.shape, range: first..<first + bytes)
        }
        var end = 0
        for entry in entries.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) where !entry.range.isEmpty {
            guard entry.range.lowerBound >= end else { throw cursor.malformed("\(entry.name) overlaps another tensor") }
            end = entry.range.upperBound
        }
        return entries
    }
}
