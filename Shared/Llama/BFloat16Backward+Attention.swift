// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension BFloat16Backward {
    /// The gradients of queries, keys and values before their rotation, rounded into `dWide`, from that of the mixed values,
    /// in parallel over sequences and key heads. Probabilities are computed again block by block instead of being kept.
    func attention(_ a: BlockActivations<UInt16>) throws(LlamaError) {
        guard case .spans(let spans) = pass.attention else {
            preconditionFailure("gradients through a cache are not defined")
        }
        let (area, scratch) = (attentionArea, attentionScratch)
        let groups = c.keyValueHeadCount
        ThreadPool.shared.run(spans.count * groups) { piece in
            self.attentionGroup(
                a, spans[piece / groups], piece % groups,
                AttentionBuffers(area, scratch + ThreadPool.slot * area.size))
        }
    }

    private func attentionGroup(
        _ a: BlockActivations<UInt16>, _ span: TokenBatch.Span, _ group: Int, _ b: AttentionBuffers
    ) {
        let (width, stride, count) = (c.headDimension, pass.qkvWidth, span.count)
        let rows = a.queryKeyValue + span.start * stride
        let dRows = dQueryKeyValue + span.start * stride
        let keyOffset = c.queryWidth + group * width
        let (key, value) = (rows + keyOffset, rows + keyOffset + c.keyValueWidth)
        let (dKey, dValue) = (dRows + keyOffset, dRows + keyOffset + c.keyValueWidth)
        for row in 0..<count {
            (dKey + row * stride).update(repeating: 0, count: width)
            (dValue + row * stride).update(repeating: 0, count: width)
        }
        let transposedKeys = PackedMatrix(depth: width, columns: count, in: b.keys)
        transposedKeys.packInThread(.columns, key, stride: stride)
        let transposedValues = PackedMatrix(depth: width, columns: count, in: b.transposedValues)
        transposedValues.packInThread(.columns, value, stride: stride)
        let keys = PackedMatrix(depth: count, columns: width, in: b.values)
        keys.packInThread(.rows, key, stride: stride)
        for head in group * c.groupSize..<(group + 1) * c.groupSize {
            let query = rows + head * width
            let dQuery = dRows + head * width
            let dMixed = dMixedHalves + span.start * c.queryWidth + head * width
            for first in Swift.stride(from: 0, to: count, by: BFloat16Pass.queryBlock) {
                let block = min(BFloat16Pass.queryBlock, count - first)
                let causal = CausalBlock(first: first, count: block)
                let padded = causal.padded
                let (q, dm) = (query + first * stride, dMixed + first * c.queryWidth)
                causal.scores(q, stride: stride, transposedKeys, into: b.scores)
                causal.scores(dm, stride: c.queryWidth, transposedValues, into: b.dScores)
                for row in 0..<block {
                    let at = row * padded
                    Kernels.softmaxBackward(
                        b.scores + at, dp: b.dScores + at, scale: pass.attentionScale, into: b.probabilities + at,
                        b.dProbabilities + at, count: first + row + 1, padded: padded)
                }
                for (row, rows, depth) in causal.parts {
                    BFloat16Product.multiplyInThread(
                        b.dProbabilities + row * padded, stride: padded, rows: rows, keys, depth: depth,
                        into: .floats(dQuery + (first + row) * stride, stride: stride))
                }
                let right = PackedMatrix(depth: block, columns: width, in: b.right)
                right.packInThread(.rows, dm, stride: c.queryWidth)
                BFloat16Product.addCausalTransposedInThread(
                    b.probabilities, stride: padded, first: first, right, into: dValue, stride: stride,
                    scratch: b.left)
                right.packInThread(.rows, q, stride: stride)
                BFloat16Product.addCausalTransposedInThread(
                    b.dProbabilities, stride: padded, first: first, right, into: dKey, stride: stride,
                    scratch: b.left)
            }
            // While they are in the cache.
            pass.rotate(dQueryKeyValue, dWide, span, head: head, 1, turns: true, sign: -1)
        }
        pass.rotate(dQueryKeyValue, dWide, span, head: c.headCount + group, 1, turns: true, sign: -1)
        let values = c.headCount + c.keyValueHeadCount + group
        pass.rotate(dQueryKeyValue, dWide, span, head: values, 1, turns: false, sign: -1)
    }
}
