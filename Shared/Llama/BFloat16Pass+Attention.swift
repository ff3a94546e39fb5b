// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension BFloat16Pass {
    /// Rows of queries whose scores are computed together: eight whole tiles of the product.
    static let queryBlock = 112

    /// Rotates queries and keys of `wide` [N, queries, keys and values] into `a.queryKeyValue` and mixes the values of every
    /// head into `a.mixed`, in parallel over sequences and key heads.
    func attend(_ wide: UnsafePointer<Float>, _ a: BlockActivations<UInt16>) throws(LlamaError) {
        guard case .spans(let spans) = attention else {
            preconditionFailure("bfloat16 passes have no cache")
        }
        let area = AttentionArea(c, longest: spans.map(\.count).max() ?? 0, backward: false)
        let scratch = try attentionScratch(ThreadPool.shared.slots * area.size)
        let groups = c.keyValueHeadCount
        ThreadPool.shared.run(spans.count * groups) { piece in
            self.rotateGroup(wide, a.queryKeyValue, spans[piece / groups], piece % groups)
            self.attendGroup(
                a, spans[piece / groups], piece % groups,
                AttentionBuffers(area, scratch + ThreadPool.slot * area.size))
        }
    }

    /// The queries, the key and the value of a group, rounded.
    private func rotateGroup(
        _ wide: UnsafePointer<Float>, _ rounded: UnsafeMutablePointer<UInt16>, _ span: TokenBatch.Span, _ group: Int
    ) {
        let heads = [
            (group * c.groupSize, c.groupSize, true), (c.headCount + group, 1, true),
            (c.headCount + c.keyValueHeadCount + group, 1, false),
        ]
        for (first, count, turns) in heads {
            rotate(wide, rounded, span, head: first, count, turns: turns, sign: 1)
        }
    }

    /// Some heads of rows [N, queries, keys and values], rotated if they turn and rounded; `sign` −1 undoes a rotation.
    func rotate(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<UInt16>, _ span: TokenBatch.Span, head: Int,
        _ count: Int, turns: Bool, sign: Float
    ) {
        let (at, half) = (span.start * qkvWidth + head * c.headDimension, c.headDimension / 2)
        Kernels.rope(
            x + at, into: y + at, stride: qkvWidth, width: count * c.headDimension,
            cosine: cosine + span.start * half, sine: sine + span.start * half, rows: span.count,
            heads: turns ? count : 0, half: half, sign: sign)
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
                let causal = CausalBlock(first: first, count: block)
                let padded = causal.padded
                causal.scores(query + first * stride, stride: stride, keys, into: buffers.scores)
                for row in 0..<block {
                    Kernels.softmax(
                        buffers.scores + row * padded, scale: attentionScale,
                        into: buffers.probabilities + row * padded, count: first + row + 1, padded: padded)
                }
                for (row, rows, depth) in causal.parts {
                    BFloat16Product.multiplyInThread(
                        buffers.probabilities + row * padded, stride: padded, rows: rows, values, depth: depth,
                        into: .halves(mixed + (first + row) * c.queryWidth, stride: c.queryWidth))
                }
            }
        }
    }
}
