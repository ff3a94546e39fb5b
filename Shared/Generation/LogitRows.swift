// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Rows of a logits tensor and what is read from one of them.
enum LogitRows {
    static func row(_ index: Int, of logits: Tensor, width: Int) -> [Float] {
        logits.withUnsafeValues { Array($0[(index * width)..<((index + 1) * width)]) }
    }

    /// The log-probability of `id` and whether it is the likeliest (the first among equals).
    ///
    /// Throws where the logits are not finite: the weights are broken.
    static func score(_ id: Int32, in row: [Float]) throws -> (logprob: Double, isGreedy: Bool) {
        try row.withUnsafeBufferPointer { row in
            guard let base = row.baseAddress else { return (0, false) }
            let normalizer = Kernels.logSumExp(base, count: row.count)
            guard normalizer.isFinite else {
                throw GenerationError(
                    .brokenModel, "model", "gives logits that are not finite numbers",
                    remedy: "check its weights: a diverged training run leaves such a model")
            }
            let logprob = Double(row[Int(id)]) - normalizer
            return (logprob, Kernels.argmax(base, count: row.count) == Int(id))
        }
    }
}
