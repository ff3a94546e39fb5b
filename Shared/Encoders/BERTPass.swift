// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensors

/// One text on its way through the blocks.
struct BERTPass {
    private let c: BERTConfiguration
    private let weights: [String: Tensor]
    private let rows: Int
    /// [tokens, hiddenSize]: the embeddings, then the output of the last block that ran.
    private(set) var stream: [Float]

    init(_ configuration: BERTConfiguration, _ weights: [String: Tensor], _ ids: [Int32]) {
        c = configuration
        self.weights = weights
        rows = ids.count
        let width = configuration.hiddenSize
        stream = [Float](repeating: 0, count: ids.count * width)
        with("embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight") { words, positions in
            with("embeddings.token_type_embeddings.weight") { types in
                for (row, id) in ids.enumerated() {
                    for i in 0..<width {
                        stream[row * width + i] = words[Int(id) * width + i] + positions[row * width + i] + types[i]
                    }
                }
            }
        }
        norm(&stream, "embeddings.LayerNorm")
    }

    /// Runs a block.
    mutating func block(_ index: Int) {
        let prefix = "encoder.layer.\(index)."
        let query = linear(stream, prefix + "attention.self.query", out: c.hiddenSize)
        let key = linear(stream, prefix + "attention.self.key", out: c.hiddenSize)
        let value = linear(stream, prefix + "attention.self.value", out: c.hiddenSize)
        let mixed = attention(query, key, value)
        var middle = linear(mixed, prefix + "attention.output.dense", out: c.hiddenSize)
        add(stream, to: &middle)
        norm(&middle, prefix + "attention.output.LayerNorm")
        var inner = linear(middle, prefix + "intermediate.dense", out: c.intermediateSize)
        inner.withUnsafeMutableBufferPointer { values in
            // Exact GELU: x · Φ(x), Φ by the error function of x / √2.
            let rootOfHalf = Float(0.5).squareRoot()
            for i in values.indices { values[i] = values[i] * 0.5 * (1 + erff(values[i] * rootOfHalf)) }
        }
        var output = linear(inner, prefix + "output.dense", out: c.hiddenSize)
        add(middle, to: &output)
        norm(&output, prefix + "output.LayerNorm")
        stream = output
    }

    /// softmax(q · kᵀ / √d) · v, head by head, over all tokens of the text.
    private func attention(_ query: [Float], _ key: [Float], _ value: [Float]) -> [Float] {
        let width = c.hiddenSize, head = width / c.headCount
        let scale = 1 / Float(head).squareRoot()
        var mixed = [Float](repeating: 0, count: rows * width)
        var scores = [Float](repeating: 0, count: rows * rows)
        query.withUnsafeBufferPointer { q in
            key.withUnsafeBufferPointer { k in
                value.withUnsafeBufferPointer { v in
                    mixed.withUnsafeMutableBufferPointer { mixed in
                        scores.withUnsafeMutableBufferPointer { scores in
                            guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress,
                                let out = mixed.baseAddress, let p = scores.baseAddress
                            else { return }
                            for at in stride(from: 0, to: width, by: head) {
                                BLAS.gemm(
                                    false, true, rows, rows, head, scale, q + at, width, k + at, width, 0, p, rows)
                                for row in 0..<rows { Kernels.softmax(p + row * rows, count: rows) }
                                BLAS.gemm(
                                    false, false, rows, head, rows, 1, p, rows, v + at, width, 0, out + at, width)
                            }
                        }
                    }
                }
            }
        }
        return mixed
    }

    /// x · wᵀ + b.
    private func linear(_ x: [Float], _ name: String, out: Int) -> [Float] {
        let depth = x.count / rows
        var y = [Float](repeating: 0, count: rows * out)
        with(name + ".weight", name + ".bias") { weight, bias in
            x.withUnsafeBufferPointer { x in
                y.withUnsafeMutableBufferPointer { y in
                    guard let x = x.baseAddress, let to = y.baseAddress, let weight = weight.baseAddress else { return }
                    for row in 0..<rows {
                        _ = UnsafeMutableBufferPointer(start: to + row * out, count: out).update(from: bias)
                    }
                    BLAS.gemm(false, true, rows, out, depth, 1, x, depth, weight, depth, 1, to, out)
                }
            }
        }
        return y
    }

    private func add(_ x: [Float], to y: inout [Float]) {
        for i in y.indices { y[i] += x[i] }
    }

    /// (x − mean) / √(variance + epsilon) · weight + bias of each row, with sums in float64.
    private func norm(_ x: inout [Float], _ name: String) {
        let width = c.hiddenSize
        with(name + ".weight", name + ".bias") { weight, bias in
            for start in stride(from: 0, to: x.count, by: width) {
                var sum = 0.0, squares = 0.0
                for i in start..<start + width { sum += Double(x[i]) }
                let mean = sum / Double(width)
                for i in start..<start + width { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
                let inverse = 1 / (squares / Double(width) + c.epsilon).squareRoot()
                for i in 0..<width {
                    x[start + i] = Float((Double(x[start + i]) - mean) * inverse) * weight[i] + bias[i]
                }
            }
        }
    }

    private func with(_ name: String, _ body: (UnsafeBufferPointer<Float>) -> Void) {
        guard let tensor = weights[name] else { preconditionFailure("\(name) was not loaded") }
        tensor.withUnsafeValues { body($0) }
    }

    private func with(
        _ first: String, _ second: String, _ body: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>) -> Void
    ) {
        with(first) { a in with(second) { b in body(a, b) } }
    }
}
