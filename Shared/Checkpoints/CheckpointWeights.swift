// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import Llama
import Synchronization
public import Tensors

/// The safetensors or `model.gguf` of a model folder as a source of weights: read where they are mapped, in the type
/// they have.
public final class CheckpointWeights: WeightSource {
    public let configuration: LlamaConfiguration
    private let tensors: any CheckpointTensors
    /// Copies of matrices whose rows are in another order in the file.
    private let copies = Mutex<[UInt]>([])

    /// Maps the folder's files and checks that they hold what config.json needs, as ``LlamaCheckpoint/load(_:)`` does.
    public init(_ folder: URL) throws {
        configuration = try LlamaCheckpoint.configuration(folder)
        tensors = try LlamaCheckpoint.tensors(folder, configuration)
        try tensors.check(LlamaWeights.entries(of: configuration), tied: configuration.tieWordEmbeddings)
    }

    deinit { freeCopies() }

    public func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        let stored = try tensors.matrix(name, rows: rows, columns: columns)
        guard let order = tensors.storedRow(of: name) else { return stored }
        let width = stored.type.size(columns)
        let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, rows * width), alignment: 64)
        copies.withLock { $0.append(UInt(bitPattern: copy)) }
        for row in 0..<rows {
            (copy + row * width).copyMemory(from: stored.base + order(row) * width, byteCount: width)
        }
        return StoredMatrix(stored.type, copy, rows: rows, columns: columns)
    }

    public func type(of name: String, rows: Int, columns: Int) throws -> StoredType {
        try tensors.matrix(name, rows: rows, columns: columns).type
    }

    public func release() {
        tensors.release()
        freeCopies()
    }

    private func freeCopies() {
        copies.withLock { all in
            for address in all { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
            all = []
        }
    }
}
