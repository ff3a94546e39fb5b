// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where the parts of an area lie in one thread's scratch.
struct AttentionBuffers {
    /// [block, T], and a second of the size behind it in a backward pass.
    let scores: UnsafeMutablePointer<Float>
    let dScores: UnsafeMutablePointer<Float>
    /// [block, T].
    let probabilities: UnsafeMutablePointer<UInt16>
    /// Kᵀ [d, T] packed.
    let keys: UnsafeMutablePointer<UInt16>
    /// V [T, d] packed, in a backward pass K [T, d].
    let values: UnsafeMutablePointer<UInt16>
    /// [block, T], of a backward pass as what follows.
    let dProbabilities: UnsafeMutablePointer<UInt16>
    /// Vᵀ [d, T] packed.
    let transposedValues: UnsafeMutablePointer<UInt16>
    /// Pᵀ or dSᵀ [T, block] packed as a left operand.
    let left: UnsafeMutablePointer<UInt16>
    /// A block of queries or of the mixed values' gradients [block, d] packed.
    let right: UnsafeMutablePointer<UInt16>

    init(_ area: AttentionArea, _ floats: UnsafeMutablePointer<Float>) {
        scores = floats
        dScores = floats + area.scoreCount
        let halves = area.size - (area.isBackward ? 2 : 1) * area.scoreCount
        probabilities = UnsafeMutableRawPointer(floats + area.size - halves)
            .bindMemory(to: UInt16.self, capacity: 2 * halves)
        keys = probabilities + area.probabilityCount
        values = keys + area.keyCount
        dProbabilities = values + area.valueCount
        transposedValues = dProbabilities + area.probabilityCount
        left = transposedValues + area.keyCount
        right = left + area.leftCount
    }
}
