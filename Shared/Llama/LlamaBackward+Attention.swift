// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension LlamaBackward {
    /// The gradients of queries, keys and values from that of the mixed values, in parallel over sequences and key
    /// heads: the query heads of a group add to one key head, so one piece does them in turn.
    ///
    /// Probabilities are computed again block by block instead of being kept: T·T floats a head would be the largest
    /// activation of all.
    func attention(_ a: BlockActivations<Float>) throws(LlamaError) {
        guard case .spans(let spans) = pass.attention else {
            preconditionFailure("gradients through a cache are not defined")
        }
        let longest = spans.map(\.count).max() ?? 0
        let size = LlamaPass.queryBlock * longest
        let scratch = try pass.attentionScratch(ThreadPool.shared.slots * 2 * size)
        let groups = c.keyValueHeadCount
        ThreadPool.shared.run(spans.count * groups) { piece in
            let area = scratch + ThreadPool.slot * 2 * size
            self.attentionGroup(a, spans[piece / groups], piece % groups, area, area + size)
        }
    }

    private func attentionGroup(
        _ a: BlockActivations<Float>, _ span: TokenBatch.Span, _ group: Int, _ p: UnsafeMutablePointer<Float>,
        _ dp: UnsafeMutablePointer<Float>
    ) {
        let (width, stride, mixedStride) = (c.headDimension, pass.qkvWidth, c.queryWidth)
        let rows = a.queryKeyValue + span.start * stride
        let dRows = dQueryKeyValue + span.start * stride
        let keyOffset = c.queryWidth + group * width
        let (key, value) = (rows + keyOffset, rows + keyOffset + c.keyValueWidth)
        let (dKey, dValue) = (dRows + keyOffset, dRows + keyOffset + c.keyValueWidth)
        for row in 0..<span.count {
            (dKey + row * stride).update(repeating: 0, count: width)
            (dValue + row * stride).update(repeating: 0, count: width)
        }
        for head in group * c.groupSize..<(group + 1) * c.groupSize {
            let query = rows + head * width
            let dQuery = dRows + head * width
            let dMixed = dMixed + span.start * mixedStride + head * width
            for first in Swift.stride(from: 0, to: span.count, by: LlamaPass.queryBlock) {
                let count = min(LlamaPass.queryBlock, span.count - first)
                let columns = first + count
                let (q, dq, dm) = (query + first * stride, dQuery + first * stride, dMixed + first * mixedStride)
                pass.probabilities(q, stride, count, key, stride, past: first, into: p)
                BLAS.gemmInThread(
                    false, true, count, columns, width, 1, dm, mixedStride, value, stride, 0, dp, columns)
                BLAS.gemmInThread(
                    true, false, columns, width, count, 1, p, columns, dm, mixedStride, 1, dValue, stride)
                for row in 0..<count {
                    let visible = first + row + 1
                    Kernels.softmaxBackward(p + row * columns, dp: dp + row * columns, count: visible)
                    (dp + row * columns + visible).update(repeating: 0, count: columns - visible)
                }
                let scale = pass.attentionScale
                BLAS.gemmInThread(
                    false, false, count, width, columns, scale, dp, columns, key, stride, 0, dq, stride)
                BLAS.gemmInThread(
                    true, false, columns, width, count, scale, dp, columns, q, stride, 1, dKey, stride)
            }
        }
    }
}
