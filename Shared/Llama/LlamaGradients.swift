// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// Gradients of what a model trains: of its adapter if it has one, of all weights otherwise.
///
/// They add up over any number of batches until `zero()`.
public struct LlamaGradients: Sendable {
    /// The gradients, under the names and in the layout of the parameters they belong to.
    public var parameters: ParameterSet

    /// Zero gradients for `model`. Throws `outOfMemory` if the memory is refused.
    public init(for model: LlamaModel) throws(LlamaError) {
        let layout = model.trainedParameters
        do { parameters = try ParameterSet(zeros: layout) } catch {
            throw LlamaError(.outOfMemory, "gradients of \(layout.count) parameters: \(error.description)")
        }
    }

    /// Forgets everything added so far.
    public mutating func zero() { parameters.zero() }

    mutating func zero(ranges: [Range<Int>]) { for range in ranges { parameters.zero(range) } }

    /// The Euclidean norm of all gradients together, as clipping by global norm needs it.
    public var norm: Double {
        parameters.withUnsafeValues { values in
            values.baseAddress.map { Kernels.sumOfSquares($0, count: values.count).squareRoot() } ?? 0
        }
    }
}
