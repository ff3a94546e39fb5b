// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The scratch one thread needs for a head of bfloat16 attention.
struct AttentionArea {
    /// Elements of each buffer, in the order they lie in.
    let scoreCount: Int
    let probabilityCount: Int
    let keyCount: Int
    let valueCount: Int
    let leftCount: Int
    let rightCount: Int
    let isBackward: Bool

    init(_ c: LlamaConfiguration, longest: Int, backward: Bool) {
        let block = min(BFloat16Pass.queryBlock, longest)
        let padded = (longest + 1) & ~1
        let width = c.headDimension
        scoreCount = (block * max(padded, width) + 15) & ~15
        probabilityCount = (block * padded + 31) & ~31
        keyCount = PackedMatrix.size(depth: width, columns: longest)
        valueCount = PackedMatrix.size(depth: longest, columns: width)
        leftCount = BFloat16Product.leftSize(columns: longest, depth: block)
        rightCount = PackedMatrix.size(depth: block, columns: width)
        isBackward = backward
    }

    /// Floats in all, the 16-bit buffers included.
    var size: Int {
        let forward = probabilityCount + keyCount + valueCount
        let backward = isBackward ? probabilityCount + keyCount + leftCount + rightCount : 0
        return (isBackward ? 2 : 1) * scoreCount + (((forward + backward) / 2 + 15) & ~15)
    }
}
