// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Numbers in ±scale from a fixed sequence.
func numbers(_ count: Int, seed: UInt64, scale: Float = 2) -> [Float] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) / Float(1 << 23) - 1) * scale
    }
}
