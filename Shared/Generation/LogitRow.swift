// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The logits after one token, and what every reader of them wants to know.
struct LogitRow {
    /// One a vocabulary entry.
    let values: UnsafeBufferPointer<Float>
    /// The logarithm of the sum of exponentials.
    let normalizer: Double
    /// The likeliest id, the first among equals.
    let likeliest: Int32
    /// The likeliest tokens, likeliest first, lower ids first among equals.
    let top: [RankedToken]

    /// Reads a row; `top` tokens are ranked.
    init(_ values: UnsafeBufferPointer<Float>, top count: Int) {
        self.values = values
        guard let base = values.baseAddress else { preconditionFailure("a row without logits") }
        let normalizer = Kernels.logSumExp(base, count: values.count)
        self.normalizer = normalizer
        likeliest = Int32(Kernels.argmax(base, count: values.count))
        var best: [Int] = []
        if count > 0 {
            for id in values.indices {
                if best.count == count, let last = best.last, values[id] <= values[last] { continue }
                let place = best.firstIndex { values[id] > values[$0] } ?? best.count
                best.insert(id, at: place)
                if best.count > count { best.removeLast() }
            }
        }
        top = best.map { RankedToken(id: Int32($0), logprob: Double(values[$0]) - normalizer) }
    }

    /// The log-probability of a token, in nats.
    func logprob(_ id: Int32) -> Double { Double(values[Int(id)]) - normalizer }

    /// Throws where the logits are not finite: the weights are broken.
    func check() throws {
        guard normalizer.isFinite else {
            throw GenerationError(
                .brokenModel, "model", "gives logits that are not finite numbers",
                remedy: "check its weights: a diverged training run leaves such a model")
        }
    }
}
