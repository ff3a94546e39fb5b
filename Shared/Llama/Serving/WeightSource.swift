// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// Where a model that answers takes its weights from: matrices as they lie in a file or in memory.
public protocol WeightSource {
    /// The dimensions.
    var configuration: LlamaConfiguration { get }

    /// The weight of this published name, [rows, columns]; a norm is one row. Valid while the source lives.
    ///
    /// Throws if there is none of this name and shape.
    func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix

    /// How the elements of that weight are stored.
    func type(of name: String, rows: Int, columns: Int) throws -> StoredType

    /// Says that what was read so far is not read again, so that its memory can be given back.
    func release()
}

extension WeightSource {
    public func type(of name: String, rows: Int, columns: Int) throws -> StoredType {
        try matrix(name, rows: rows, columns: columns).type
    }
}

/// Weights in float32 memory as a source.
public final class MemoryWeights: WeightSource {
    private let weights: LlamaWeights

    /// A source that keeps these weights alive.
    public init(_ weights: LlamaWeights) { self.weights = weights }

    public var configuration: LlamaConfiguration { weights.configuration }

    public func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        guard let entry = weights.parameters.layout[name], entry.shape.count == rows * columns else {
            throw LlamaError(.invalidConfiguration, "the model has no weight \(name) of \(rows) x \(columns)")
        }
        // The weights are shared with this object, so that nobody writes to their memory while it lives.
        return try weights.parameters.withUnsafeValues { values throws(LlamaError) in
            guard let base = values.baseAddress else {
                throw LlamaError(.invalidConfiguration, "a model without weights")
            }
            return StoredMatrix(.numbers(.float32), base + entry.offset, rows: rows, columns: columns)
        }
    }

    public func release() {}
}
