// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension ServedPass {
    /// Rows of queries whose scores wait together.
    private static let queryBlock = 28

    private struct Part {
        let sequence: ServedBatch.Sequence
        let rows: Range<Int>
    }

    /// Floats of scratch for the scores of one piece.
    static func scoreScratch(_ batch: ServedBatch, _ c: LlamaConfiguration) -> Int {
        batch.sequences.reduce(0) { most, sequence in
            let tokens = (sequence.past + sequence.count + 31) / 32 * 32
            return max(most, (sequence.count == 1 ? c.groupSize : min(queryBlock, sequence.count)) * tokens)
        }
    }

    /// Queries, keys and values of all rows; keys and values into the pages; the values every head mixes into `mixed`.
    func attention(_ index: Int, _ layer: ServedWeights.Layer) {
        let low: (ServedAdapter) -> ServedAdapter.Stage? = { $0.layers[index].queryKeyValue }
        let input = Input(
            rows: rows, depth: c.hiddenSize, format: layer.queryKeyValue.format,
            load: { self.norm($0, layer.inputNorm, into: $1) }, low: low)
        let (matrix, groups, sequences) = (layer.queryKeyValue, c.keyValueHeadCount, batch.sequences)
        let columns = model.columns
        func multiply(_ rows: Range<Int>, _ panels: Range<Int>, _ ready: Ready) {
            matrix.multiply(
                ready.rows, ready.first + rows.lowerBound..<ready.first + rows.upperBound, panels: panels,
                into: queryKeyValue + rows.lowerBound * columns.count + panels.lowerBound * PanelMatrix.panelColumns,
                stride: columns.count)
        }
        func finish(_ sequence: ServedBatch.Sequence, _ group: Int, _ ready: Ready) {
            let rows = sequence.start..<sequence.start + sequence.count
            let to = queryKeyValue + rows.lowerBound * columns.count + group * columns.stride
            addLow(low, rows, group: group, ready, to: to, stride: columns.count)
            append(index, group, sequence)
        }
        let isEven = groups % threads == 0 || groups >= 4 * threads
        if rows <= Self.mostShared, sequences.allSatisfy({ $0.count <= 8 }), isEven {
            let panels = columns.stride / PanelMatrix.panelColumns
            run(input, pieces: groups, next: layer.output) { group, ready in
                multiply(0..<self.rows, group * panels..<(group + 1) * panels, ready)
                for sequence in sequences {
                    finish(sequence, group, ready)
                    self.attend(index, group, sequence, 0..<sequence.count)
                }
            }
            return
        }
        product(input, matrix, next: nil, multiply)
        again(input, pieces: sequences.count * groups) { piece, ready in
            finish(sequences[piece / groups], piece % groups, ready)
        }
        let parts = sequences.flatMap { sequence in
            stride(from: 0, to: sequence.count, by: Self.queryBlock).map {
                Part(sequence: sequence, rows: $0..<min(sequence.count, $0 + Self.queryBlock))
            }
        }
        // The long ones first; heads outside, so that their keys and values stay in the cache.
        let order = Array(parts.reversed())
        ThreadPool.shared.run(order.count * groups) { piece in
            let part = order[piece % order.count]
            self.attend(index, piece / order.count, part.sequence, part.rows)
        }
    }

    /// Rotates queries and keys of one group of a sequence, and puts keys and values into its pages.
    private func append(_ layer: Int, _ group: Int, _ sequence: ServedBatch.Sequence) {
        let (width, half, columns, layout) = (c.headDimension, c.headDimension / 2, model.columns, model.pool.layout)
        let (tokens, panel) = (KeyValuePool.tokensPerPage, PanelMatrix.panelColumns)
        let (keys, values) = (layout.keys(layer, group), layout.values(layer, group))
        angles.cosines.withUnsafeBufferPointer { cosines in
            angles.sines.withUnsafeBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                for row in 0..<sequence.count {
                    let position = sequence.past + row
                    let x = queryKeyValue + (sequence.start + row) * columns.count + group * columns.stride
                    ServingKernels.rotate(
                        x, cosine: cosines + position * half, sine: sines + position * half, heads: c.groupSize + 1,
                        half: half)
                    ServingKernels.append(
                        key: x + columns.queryColumns, value: x + columns.queryColumns + width, width: width,
                        isHalf: layout.isHalf, to: sequence.pages[position / tokens], keys: keys, values: values,
                        token: position % tokens)
                }
            }
        }
        // What a page held before must not be read as numbers: masked positions multiply by zero.
        let end = sequence.past + sequence.count
        let used = end % tokens
        guard used > 0, end - used >= sequence.past else { return }
        let (page, size) = (sequence.pages[end / tokens], layout.isHalf ? 2 : 4)
        for start in stride(from: 0, to: width, by: panel) {
            (page + (values + start * tokens + used * panel) * size)
                .initializeMemory(as: UInt8.self, repeating: 0, count: (tokens - used) * panel * size)
        }
    }

    /// Mixes the values for some queries of all heads of a group.
    private func attend(_ layer: Int, _ group: Int, _ sequence: ServedBatch.Sequence, _ rows: Range<Int>) {
        let width = c.headDimension
        let first =
            queryKeyValue + (sequence.start + rows.lowerBound) * model.columns.count + group * model.columns.stride
        let out = mixed + (sequence.start + rows.lowerBound) * c.queryWidth + group * c.groupSize * width
        if rows.count == 1 {
            // The heads of a group are the rows of one product.
            mix(layer, group, sequence, rows, first, stride: width, count: c.groupSize, into: out, stride: width)
            return
        }
        for head in 0..<c.groupSize {
            mix(
                layer, group, sequence, rows, first + head * width, stride: model.columns.count, count: rows.count,
                into: out + head * width, stride: c.queryWidth)
        }
    }

    /// Scores, softmax and mix of `count` rows of queries: tokens `rows` of a sequence, or the heads of one token.
    private func mix(
        _ layer: Int, _ group: Int, _ sequence: ServedBatch.Sequence, _ rows: Range<Int>,
        _ queries: UnsafePointer<Float>, stride: Int, count: Int, into out: UnsafeMutablePointer<Float>,
        stride outStride: Int
    ) {
        let (layout, tokens) = (model.pool.layout, KeyValuePool.tokensPerPage)
        let start = firstVisible(sequence.past + rows.lowerBound) / tokens
        let end = (sequence.past + rows.upperBound + tokens - 1) / tokens
        let (scores, padded) = (pieceScratch, (end - start) * tokens)
        let scale = 1 / Float(c.headDimension).squareRoot()
        withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: end - start) { pages in
            for page in start..<end {
                pages.initializeElement(at: page - start, to: UnsafeRawPointer(sequence.pages[page]))
            }
            let pages = UnsafeBufferPointer(pages)
            ServingKernels.scores(
                queries, stride: stride, rows: count, width: c.headDimension, isHalf: layout.isHalf, pages: pages,
                offset: layout.keys(layer, group), into: scores, scoresStride: padded)
            for row in 0..<count {
                let position = sequence.past + (rows.count == 1 ? rows.lowerBound : rows.lowerBound + row)
                ServingKernels.softmax(
                    scores + row * padded, scale: scale,
                    firstVisible(position) - start * tokens..<position + 1 - start * tokens, padded: padded)
            }
            ServingKernels.mix(
                scores, stride: padded, rows: count, width: c.headDimension, isHalf: layout.isHalf, pages: pages,
                offset: layout.values(layer, group), into: out, mixedStride: outStride)
        }
    }

    /// The first position that a token attends to.
    private func firstVisible(_ position: Int) -> Int {
        guard let window = c.slidingWindow else { return 0 }
        return max(0, position + 1 - window)
    }
}
