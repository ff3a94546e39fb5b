// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The matrices of a model as its files hold them, quantised blocks above all: a base that is read and never trained.
///
/// Invariant behind `@unchecked Sendable`: the memory is written by the initialiser alone.
public final class StoredWeights: @unchecked Sendable {
    /// Rows are the tokens.
    let embedding: StoredMatrix
    /// The embedding itself when tied.
    let head: StoredMatrix
    private let projections: [StoredMatrix]
    private let arena: Arena
    /// Bytes of all matrices.
    public let bytes: Int

    /// Copies the matrices of a source. Throws what the source throws, or `outOfMemory`.
    init(_ source: some WeightSource) throws {
        let c = source.configuration
        let arena = Arena()
        var bytes = 0
        func matrix(_ parts: [(name: String, rows: Int)], _ columns: Int) throws -> StoredMatrix {
            let stored = try parts.map { try source.matrix($0.name + ".weight", rows: $0.rows, columns: columns) }
            defer { source.release() }
            let copy = try Self.joined(stored, arena)
            bytes += copy.rows * copy.type.size(columns)
            return copy
        }
        do {
            embedding = try matrix([("model.embed_tokens", c.vocabularySize)], c.hiddenSize)
            var projections: [StoredMatrix] = []
            for layer in 0..<c.layerCount {
                for projection in Projection.allCases {
                    let parts: [(name: String, rows: Int)] = projection.targets(c).map { target, _ in
                        ("model.layers.\(layer).\(target.modulePath)", target.outputs(c))
                    }
                    projections.append(try matrix(parts, projection.inputs(c)))
                }
            }
            self.projections = projections
            head = c.tieWordEmbeddings ? embedding : try matrix([("lm_head", c.vocabularySize)], c.hiddenSize)
        } catch let error as TensorError {
            throw LlamaError(.outOfMemory, "the weights of a model: \(error.description)")
        }
        self.arena = arena
        self.bytes = bytes
    }

    /// The matrix [outputs, inputs] of a projection.
    func matrix(_ layer: Int, _ projection: Projection) -> StoredMatrix {
        projections[layer * Projection.allCases.count + projection.rawValue]
    }

    /// Calls `body` with the bytes of every matrix, one after the other.
    public func withUnsafeBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        let edges = head.base == embedding.base ? [embedding] : [embedding, head]
        for matrix in edges + projections {
            body(UnsafeRawBufferPointer(start: matrix.base, count: matrix.rows * matrix.type.size(matrix.columns)))
        }
        withExtendedLifetime(arena) {}
    }

    /// Matrices one below the other, in memory of their own: in their type, or in float32 where they have several.
    private static func joined(_ parts: [StoredMatrix], _ arena: Arena) throws(TensorError) -> StoredMatrix {
        let columns = parts[0].columns
        let type = parts.allSatisfy { $0.type == parts[0].type } ? parts[0].type : .numbers(.float32)
        let rows = parts.reduce(0) { $0 + $1.rows }
        let rowBytes = type.size(columns)
        let memory = UnsafeMutableRawPointer(try arena.take(rows * rowBytes, of: UInt8.self))
        var at = memory
        for part in parts {
            if part.type == type {
                at.copyMemory(from: part.base, byteCount: part.rows * rowBytes)
            } else {
                for row in 0..<part.rows {
                    let to = (at + row * rowBytes).bindMemory(to: Float.self, capacity: columns)
                    part.widenInThread(row, 0..<columns, into: to)
                }
            }
            at += part.rows * rowBytes
        }
        return StoredMatrix(type, memory, rows: rows, columns: columns)
    }
}
