// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Some rows of logits, one a token, and what is read from them.
struct LogitRows {
    let values: UnsafeBufferPointer<Float>
    let width: Int

    var count: Int { width > 0 ? values.count / width : 0 }

    /// The logits of one row.
    subscript(row: Int) -> LogitRow {
        LogitRow(values: UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width]))
    }
}

/// The logits after one token.
struct LogitRow {
    let values: UnsafeBufferPointer<Float>

    /// The logarithm of the sum of exponentials.
    ///
    /// Throws where the logits are not finite: the weights are broken.
    func normalizer() throws -> Double {
        guard let base = values.baseAddress else { return 0 }
        let normalizer = Kernels.logSumExp(base, count: values.count)
        guard normalizer.isFinite else {
            throw GenerationError(
                .brokenModel, "model", "gives logits that are not finite numbers",
                remedy: "check its weights: a diverged training run leaves such a model")
        }
        return normalizer
    }

    /// The likeliest id, the first among equals.
    var likeliest: Int32 {
        guard let base = values.baseAddress else { return 0 }
        return Int32(Kernels.argmax(base, count: values.count))
    }

    /// The `count` likeliest tokens, likeliest first, lower ids first among equals.
    func top(_ count: Int, normalizer: Double) -> [RankedToken] {
        guard count > 0 else { return [] }
        var best: [Int] = []
        for id in values.indices {
            if best.count == count, let last = best.last, values[id] <= values[last] { continue }
            let place = best.firstIndex { values[id] > values[$0] } ?? best.count
            best.insert(id, at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map { RankedToken(id: Int32($0), logprob: Double(values[$0]) - normalizer) }
    }
}
