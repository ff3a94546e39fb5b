// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension BFloat16Pass {
    /// Rows of queries whose scores are computed together: eight whole tiles of the product.
    static let queryBlock = 112

    /// Mixes the values of every head into `a.mixed`, in parallel over sequences and key heads.
    func attend(_ a: BlockActivations<UInt16>) throws(LlamaError) {
        guard case .spans(let spans) = attention else {
            preconditionFailure("bfloat16 passes have no cache")
        }
        let area = AttentionArea(c, longest: spans.map(\.count).max() ?? 0, backward: false)
        let scratch = try attentionScratch(ThreadPool.shared.slots * area.size)
        let groups = c.keyValueHeadCount
        ThreadPool.shared.run(spans.count * groups) { piece in
            self.attendGroup(
                a, spans[piece / groups], piece % groups,
                AttentionBuffers(area, scratch + ThreadPool.slot * area.size))
        }
    }

    private func attendGroup(
        _ a: BlockActivations<UInt16>, _ span: TokenBatch.Span, _ group: Int, _ buffers: AttentionBuffers
    ) {
        let (width, stride, count) = (c.headDimension, qkvWidth, span.count)
        let rows = a.queryKeyValue + span.start * stride
        let key = rows + c.queryWidth + group * width
        let keys = PackedMatrix(depth: width, columns: count, in: buffers.keys)
        keys.packInThread(.columns, key, stride: stride)
        let values = PackedMatrix(depth: count, columns: width, in: buffers.values)
        values.packInThread(.rows, key + c.keyValueWidth, stride: stride)
        for head in group * c.groupSize..<(group + 1) * c.groupSize {
            let query = rows + head * width
            let mixed = a.mixed + span.start * c.queryWidth + head * width
            for first in Swift.stride(from: 0, to: count, by: Self.queryBlock) {
                let block = min(Self.queryBlock, count - first)
                let columns = first + block
                let padded = (columns + 1) & ~1
                BFloat16Product.multiplyInThread(
                    query + first * stride, stride: stride, rows: block, keys.prefix(columns),
                    into: .floats(buffers.scores, stride: padded))
                for row in 0..<block {
                    Kernels.softmax(
                        buffers.scores + row * padded, scale: attentionScale,
                        into: buffers.probabilities + row * padded, count: first + row + 1, padded: padded)
                }
                BFloat16Product.multiplyInThread(
                    buffers.probabilities, stride: padded, rows: block, values, depth: padded,
                    into: .halves(mixed + first * c.queryWidth, stride: c.queryWidth))
            }
        }
    }
}
