// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

extension LlamaModel {
    /// Logits [rows, columns, vocabulary] of every token; zeros where a row is shorter than the longest.
    ///
    /// - Throws: `invalidBatch` for ids outside the vocabulary or positions outside the model's, `outOfMemory`.
    public func logits(_ batch: TokenBatch) throws(LlamaError) -> Tensor {
        try batch.check(configuration)
        var result = Tensor(zeros: [batch.rowCount, batch.columnCount, configuration.vocabularySize])
        let width = configuration.hiddenSize
        func fill(_ head: (_ start: Int, _ rows: Int, UnsafeMutablePointer<Float>) -> Void) {
            result.withUnsafeMutableValues { values in
                guard let base = values.baseAddress else { return }
                var start = 0
                for (row, length) in batch.lengths.enumerated() {
                    head(start, length, base + row * batch.columnCount * configuration.vocabularySize)
                    start += length
                }
            }
        }
        if precision == .bfloat16 {
            try withBFloat16Pass(ids: batch.ids, positions: batch.positions, attention: .spans(batch.spans)) {
                (pass) throws(LlamaError) in
                let a = try pass.activations()
                pass.embed(into: a.input)
                try pass.blocks(a)
                pass.norm(a.input, pass.layout.norm, a.inputInverse)
                fill { start, rows, logits in pass.head(pass.normed + start * width, rows: rows, into: logits) }
            }
        } else {
            try withPass(ids: batch.ids, positions: batch.positions, attention: .spans(batch.spans)) {
                (pass) throws(LlamaError) in
                let a = try pass.activations()
                pass.embed(into: a.input)
                try pass.blocks(a)
                pass.norm(a.input, pass.layout.norm, into: pass.normed, a.inputInverse)
                fill { start, rows, logits in pass.head(pass.normed + start * width, rows: rows, into: logits) }
            }
        }
        return result
    }

    /// The residual stream [rows, columns, hidden] after the embedding (first), after each block, and after the final
    /// norm (last), in float32; zeros where a row is shorter than the longest.
    public func hiddenStates(_ batch: TokenBatch) throws(LlamaError) -> [Tensor] {
        try batch.check(configuration)
        let width = configuration.hiddenSize
        func unpacked(_ flat: UnsafePointer<Float>) -> Tensor {
            var tensor = Tensor(zeros: [batch.rowCount, batch.columnCount, width])
            tensor.withUnsafeMutableValues { values in
                guard let base = values.baseAddress else { return }
                var start = 0
                for (row, length) in batch.lengths.enumerated() {
                    (base + row * batch.columnCount * width)
                        .update(from: flat + start * width, count: length * width)
                    start += length
                }
            }
            return tensor
        }
        return try withPass(ids: batch.ids, positions: batch.positions, attention: .spans(batch.spans)) {
            (pass) throws(LlamaError) in
            let a = try pass.activations()
            pass.embed(into: a.input)
            var states = [unpacked(a.input)]
            try pass.blocks(a) { _ in states.append(unpacked(a.input)) }
            pass.norm(a.input, pass.layout.norm, into: pass.normed, a.inputInverse)
            states.append(unpacked(pass.normed))
            return states
        }
    }
}
