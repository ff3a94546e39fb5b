// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension TokenBatch {
    /// Pairs of tokens of which the later sees the earlier, each token with itself included.
    public var attendedPairs: Int { spans.reduce(0) { $0 + $1.count * ($1.count + 1) / 2 } }
}
