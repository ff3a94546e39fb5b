// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Tensors

/// A safetensors file, memory-mapped, its header checked in full before anything is read.
///
/// Layout: 8 bytes little-endian header length, a JSON header of name → {dtype, shape, data_offsets}, then the data
/// without gaps (github.com/huggingface/safetensors, format).
public struct SafetensorsFile: Sendable {
    /// One tensor of the file.
    public struct Entry: Sendable {
        /// The tensor's name.
        public let name: String
        /// How its elements are stored.
        public let type: ElementType
        /// Its extents.
        public let shape: Shape
        /// Its bytes within the file.
        public let range: Range<Int>
    }

    /// The longest header accepted, as in the reference implementation.
    public static let headerLimit = 100_000_000

    /// The path, for messages.
    public let path: String
    /// The tensors in the order of their data.
    public let entries: [Entry]
    /// The free strings under `__metadata__`.
    public let metadata: [String: String]
    private let file: MappedFile
    private let indices: [String: Int]

    /// Maps and checks the file. Throws `unreadable`, `truncated` (with expected and actual bytes) or `malformed`.
    public init(_ url: URL) throws {
        path = url.path
        do { file = try MappedFile(path: url.path) } catch {
            throw CheckpointError(.unreadable, error.description)
        }
        let header = try SafetensorsHeader(file.bytes, path: path)
        entries = header.entries
        metadata = header.metadata
        indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    /// The entry of this name.
    public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

    /// One floating-point tensor as float32: in place where the file has it aligned, converted otherwise.
    ///
    /// Throws `mismatch` if there is none of this name, `unsupported` if it holds no floating-point numbers.
    public func tensor(_ name: String) throws -> Tensor {
        let entry = try floatingPoint(name)
        let bytes = file.bytes.baseAddress.map { $0 + entry.range.lowerBound }
        if entry.type == .float32, let bytes, Int(bitPattern: bytes) % 4 == 0 {
            let floats = bytes.assumingMemoryBound(to: Float.self)
            return Tensor(borrowing: floats, shape: entry.shape, owner: file)
        }
        var tensor = Tensor(zeros: entry.shape)
        tensor.withUnsafeMutableValues { values in
            guard let base = values.baseAddress, let bytes else { return }
            entry.type.widen(bytes, count: values.count, into: base)
        }
        return tensor
    }

    /// Copies one floating-point tensor of `shape` into `target`, converted to float32.
    ///
    /// Throws `mismatch`, with both shapes, if the file's tensor is missing or of another shape.
    public func read(_ name: String, shape: Shape, into target: UnsafeMutableBufferPointer<Float>) throws {
        let entry = try floatingPoint(name)
        guard entry.shape == shape, target.count == shape.count else {
            throw CheckpointError(
                .mismatch, "\(path): \(name) has the shape \(entry.shape), the model needs \(shape)")
        }
        guard let bytes = file.bytes.baseAddress, let base = target.baseAddress else { return }
        entry.type.widen(bytes + entry.range.lowerBound, count: target.count, into: base)
        // A model of gigabytes would else be in memory twice while it is loaded.
        file.release()
    }

    /// A floating-point tensor of rows · columns elements where it lies in the map, valid while this value lives.
    ///
    /// Throws as `read`.
    func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        let entry = try floatingPoint(name)
        guard entry.shape.count == rows * columns, let bytes = file.bytes.baseAddress else {
            throw CheckpointError(
                .mismatch, "\(path): \(name) has the shape \(entry.shape), the model needs \(rows) x \(columns)")
        }
        return StoredMatrix(.numbers(entry.type), bytes + entry.range.lowerBound, rows: rows, columns: columns)
    }

    /// Gives the memory of what was read back; it is read from the file again when it is needed.
    func release() { file.release() }

    /// The elements of an integer tensor (I64, I32, I16, I8, U8).
    public func integers(_ name: String) throws -> [Int] {
        guard let entry = self[name] else { throw missing(name) }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
        func load<T: FixedWidthInteger>(_ type: T.Type) -> [Int] {
            (0..<entry.shape.count).map {
                Int(T(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)))
            }
        }
        switch entry.type {
        case .int64: return load(Int64.self)
        case .int32: return load(Int32.self)
        case .int16: return load(Int16.self)
        case .int8: return load(Int8.self)
        case .uint8: return load(UInt8.self)
        default:
            throw CheckpointError(.unsupported, "\(path): \(name) is \(entry.type.rawValue), not integers")
        }
    }

    private func floatingPoint(_ name: String) throws -> Entry {
        guard let entry = self[name] else { throw missing(name) }
        guard entry.type.isFloatingPoint else {
            throw CheckpointError(
                .unsupported,
                "\(path): \(name) is \(entry.type.rawValue); this engine reads F32, BF16 and F16 as numbers")
        }
        return entry
    }

    private func missing(_ name: String) -> CheckpointError {
        CheckpointError(.mismatch, "\(path) has no tensor named \(name)")
    }
}
