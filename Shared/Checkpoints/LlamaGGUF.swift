// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Llama
import Tensors

/// A Llama model in a GGUF file, memory-mapped, its tensors checked against its configuration.
public struct LlamaGGUF: Sendable {
    /// The file.
    public let file: GGUFFile
    /// The dimensions.
    public let configuration: LlamaConfiguration
    private let names: LlamaTensorNames

    /// Opens a file whose metadata give the configuration. Throws errors that name the file and what is wrong.
    public init(_ url: URL) throws {
        let file = try GGUFFile(url)
        try self.init(file, configuration: GGUFConfiguration(file).configuration)
    }

    /// Opens the file of a model folder, beside the config.json that gave the configuration.
    public init(_ url: URL, configuration: LlamaConfiguration) throws {
        try self.init(GGUFFile(url), configuration: configuration)
    }

    init(_ file: GGUFFile, configuration: LlamaConfiguration) throws {
        self.file = file
        self.configuration = configuration
        names = LlamaTensorNames(configuration: configuration)
        // Before any memory is taken: what is claimed must be what the file holds.
        try check(LlamaWeights.entries(of: configuration), tied: configuration.tieWordEmbeddings)
    }

    /// Bytes of the weights where matrices are kept as they are and norms in float32; nil if no matrix is in blocks.
    var keptBytes: Int? {
        let all = LlamaWeights.entries(of: configuration).compactMap { tensor in file[names.stored(tensor.name)] }
        guard all.contains(where: { $0.format.blockFormat != nil }) else { return nil }
        return all.reduce(0) { $0 + ($1.shape.rank == 1 ? 4 * $1.shape.count : $1.range.count) }
    }

    private func entry(_ name: String) throws -> GGUFFile.Entry {
        let stored = names.stored(name)
        guard let entry = file[stored] else {
            throw CheckpointError(.mismatch, "\(file.path) lacks the tensor \(stored) (\(name))")
        }
        return entry
    }
}

extension LlamaGGUF: CheckpointTensors {
    func check(_ expected: [ParameterLayout.Entry], tied: Bool) throws {
        var left = Set(file.entries.map(\.name))
        for tensor in expected {
            let found = try entry(tensor.name)
            guard found.shape == tensor.shape else {
                throw CheckpointError(
                    .mismatch,
                    "\(file.path): \(found.name) has the shape \(found.shape), the configuration needs \(tensor.shape)")
            }
            left.remove(found.name)
        }
        left.remove(LlamaTensorNames.ropeFactors)
        if tied { left.remove(names.stored("lm_head.weight")) }
        if let extra = left.sorted().first {
            throw CheckpointError(.mismatch, "\(file.path) holds \(extra), which such a Llama does not have")
        }
    }

    func read(_ name: String, shape: Shape, into target: UnsafeMutableBufferPointer<Float>) throws {
        let found = try entry(name)
        guard found.shape == shape, target.count == shape.count, let base = target.baseAddress else {
            throw CheckpointError(.mismatch, "\(file.path): \(found.name) has the shape \(found.shape), not \(shape)")
        }
        let rowLength = shape.dimensions[shape.rank - 1]
        let rowBytes = found.format.rowBytes(rowLength) ?? 0
        withExtendedLifetime(file.file) {
            guard let bytes = file.file.bytes.baseAddress else { return }
            let start = bytes + found.range.lowerBound
            guard let order = storedRow(of: name) else {
                return found.format.widen(start, count: target.count, into: base)
            }
            for row in 0..<target.count / max(1, rowLength) {
                found.format.widen(start + order(row) * rowBytes, count: rowLength, into: base + row * rowLength)
            }
        }
        file.file.release()
    }

    func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        let found = try entry(name)
        guard found.shape.count == rows * columns, found.shape.dimensions.last == columns,
            let bytes = file.file.bytes.baseAddress
        else {
            throw CheckpointError(
                .mismatch, "\(file.path): \(found.name) has the shape \(found.shape), not \(rows) x \(columns)")
        }
        return StoredMatrix(found.format.storedType, bytes + found.range.lowerBound, rows: rows, columns: columns)
    }

    func storedRow(of name: String) -> ((Int) -> Int)? {
        names.isInterleaved(name) ? { names.storedRow($0, of: name) } : nil
    }

    func release() { file.file.release() }
}
