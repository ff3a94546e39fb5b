// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension LlamaPass {
    /// Rows of queries whose scores are computed together: a block of scores stays in the second-level cache.
    static let queryBlock = 64

    /// Mixes the values of every head into `a.mixed`, in parallel over sequences and heads.
    func attend(_ layer: Int, _ a: BlockActivations<Float>) throws(LlamaError) {
        switch attention {
        case .spans(let spans):
            let longest = spans.map(\.count).max() ?? 0
            let scratch = try scores(columns: longest)
            let size = Self.queryBlock * longest
            let (c, width, stride) = (c, c.headDimension, qkvWidth)
            ThreadPool.shared.run(spans.count * c.headCount) { piece in
                let span = spans[piece / c.headCount]
                let head = piece % c.headCount
                let rows = a.queryKeyValue + span.start * stride
                let key = rows + c.queryWidth + head / c.groupSize * width
                self.attendHead(
                    rows + head * width, stride, span.count, key, key + c.keyValueWidth, stride, past: 0,
                    into: a.mixed + span.start * c.queryWidth + head * width, scratch + ThreadPool.slot * size)
            }
        case .caches(let sequences):
            let longest = sequences.map { $0.span.count + $0.cache.count }.max() ?? 0
            let scratch = try scores(columns: longest)
            let size = Self.queryBlock * longest
            let (c, width, stride) = (c, c.headDimension, qkvWidth)
            ThreadPool.shared.run(sequences.count * c.keyValueHeadCount) { piece in
                let (span, cache) = sequences[piece / c.keyValueHeadCount]
                let group = piece % c.keyValueHeadCount
                let rows = a.queryKeyValue + span.start * stride
                let key = rows + c.queryWidth + group * width
                let (keys, values) = (cache.keys(layer, group), cache.values(layer, group))
                for row in 0..<span.count {
                    let at = (cache.count + row) * width
                    (keys + at).update(from: key + row * stride, count: width)
                    (values + at).update(from: key + c.keyValueWidth + row * stride, count: width)
                }
                for head in group * c.groupSize..<(group + 1) * c.groupSize {
                    self.attendHead(
                        rows + head * width, stride, span.count, keys, values, width, past: cache.count,
                        into: a.mixed + span.start * c.queryWidth + head * width, scratch + ThreadPool.slot * size)
                }
            }
        }
    }

    /// Scratch for one block of scores a thread.
    private func scores(columns: Int) throws(LlamaError) -> UnsafeMutablePointer<Float> {
        try attentionScratch(ThreadPool.shared.slots * Self.queryBlock * columns)
    }

    /// One head: `count` queries, each attending to `past` keys and to those up to its own.
    private func attendHead(
        _ query: UnsafePointer<Float>, _ queryStride: Int, _ count: Int, _ key: UnsafePointer<Float>,
        _ value: UnsafePointer<Float>, _ keyStride: Int, past: Int, into mixed: UnsafeMutablePointer<Float>,
        _ scores: UnsafeMutablePointer<Float>
    ) {
        let (width, out) = (c.headDimension, c.queryWidth)
        if count == 1 {
            attendOne(query, key, value, keyStride, past + 1, into: mixed, scores)
            return
        }
        for first in stride(from: 0, to: count, by: Self.queryBlock) {
            let rows = min(Self.queryBlock, count - first)
            let columns = past + first + rows
            probabilities(
                query + first * queryStride, queryStride, rows, key, keyStride, past: past + first, into: scores)
            BLAS.gemmInThread(
                false, false, rows, width, columns, 1, scores, columns, value, keyStride, 0, mixed + first * out, out)
        }
    }

    /// Attention probabilities [rows, past + rows] of a block of queries, zero beyond each query's own position.
    func probabilities(
        _ query: UnsafePointer<Float>, _ queryStride: Int, _ rows: Int, _ key: UnsafePointer<Float>,
        _ keyStride: Int, past: Int, into scores: UnsafeMutablePointer<Float>
    ) {
        let columns = past + rows
        BLAS.gemmInThread(
            false, true, rows, columns, c.headDimension, attentionScale, query, queryStride, key, keyStride, 0,
            scores, columns)
        for row in 0..<rows {
            let line = scores + row * columns
            let visible = past + row + 1
            Kernels.softmax(line, count: visible)
            (line + visible).update(repeating: 0, count: columns - visible)
        }
    }

    /// One query against `count` keys: dot products, softmax, weighted sum.
    private func attendOne(
        _ query: UnsafePointer<Float>, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ stride: Int,
        _ count: Int, into mixed: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>
    ) {
        let width = c.headDimension
        for index in 0..<count {
            scores[index] = Kernels.dot(query, key + index * stride, count: width) * attentionScale
        }
        Kernels.softmax(scores, count: count)
        mixed.update(repeating: 0, count: width)
        for index in 0..<count {
            Kernels.axpy(scores[index], value + index * stride, into: mixed, count: width)
        }
    }
}
