// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

extension Xoshiro256 {
    /// Fills with normal numbers of mean 0.
    public mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>, deviation: Double) {
        var index = 0
        while index < values.count {
            let (first, second) = normalPair(nextUniform(), nextUniform())
            values[index] = Float(first * deviation)
            if index + 1 < values.count { values[index + 1] = Float(second * deviation) }
            index += 2
        }
    }

    /// Fills with uniform numbers in [−bound, bound).
    public mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>, bound: Double) {
        for index in values.indices { values[index] = Float((2 * nextUniform() - 1) * bound) }
    }
}
