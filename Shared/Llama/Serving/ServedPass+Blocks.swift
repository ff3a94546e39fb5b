// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension ServedPass {
    /// Panels of gate and up together in a piece: what they give waits in scratch until it is activated.
    private static let gatePanels = 16

    /// Floats of scratch for gate and up of one piece.
    static func gateScratch(_ rows: Int, _ c: LlamaConfiguration, _ threads: Int) -> Int {
        let piece = split(
            rows: rows, panels: PanelMatrix.panels(c.intermediateSize), threads: threads, widest: gatePanels / 2)
        return piece.rows * piece.panels * 2 * PanelMatrix.panelColumns
    }

    /// The embedding of all rows, then all blocks: the residual stream is what remains.
    func blocks() {
        ThreadPool.shared.parallel(rows, grain: max(4, rows / threads)) { range in
            for row in range { model.weights.embedding.column(Int(batch.ids[row]), into: stream + row * c.hiddenSize) }
        }
        for (index, layer) in model.weights.layers.enumerated() {
            attention(index, layer)
            project(mixed, c.queryWidth, layer.output) { $0.layers[index].output }
            feedForward(index, layer)
            project(activated, c.intermediateSize, layer.down) { $0.layers[index].down }
        }
    }

    /// Logits [wanted, vocabulary].
    func head(into logits: UnsafeMutablePointer<Float>) {
        let (weights, wanted) = (model.weights, batch.wanted)
        let input = Input(
            rows: wanted.count, depth: c.hiddenSize, format: weights.head.format,
            load: { self.norm(wanted[$0], weights.final.norm, into: $1) }, low: { _ in nil })
        let stride = c.vocabularySize
        product(input, weights.head) { rows, panels, ready in
            weights.head.multiply(
                ready.rows, ready.first + rows.lowerBound..<ready.first + rows.upperBound, panels: panels,
                into: logits + rows.lowerBound * stride + panels.lowerBound * PanelMatrix.panelColumns, stride: stride)
        }
    }

    func norm(_ row: Int, _ weight: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        ServingKernels.norm(
            stream + row * c.hiddenSize, weight: weight, into: y, width: c.hiddenSize, epsilon: c.rmsNormEpsilon)
    }

    /// Adds x · Wᵀ to the stream, then the adapters' share.
    private func project(
        _ x: UnsafeMutablePointer<Float>, _ depth: Int, _ matrix: PanelMatrix,
        low: @escaping (ServedAdapter) -> ServedAdapter.Stage?
    ) {
        let input = Input(
            rows: rows, depth: depth, format: matrix.format,
            load: { $1.update(from: x + $0 * depth, count: depth) }, low: low)
        let stride = c.hiddenSize
        product(input, matrix) { rows, panels, ready in
            let to = self.stream + rows.lowerBound * stride + panels.lowerBound * PanelMatrix.panelColumns
            matrix.multiply(
                ready.rows, ready.first + rows.lowerBound..<ready.first + rows.upperBound, panels: panels, adding: to,
                into: to, stride: stride)
            self.addLow(
                low, rows, panels: panels, pitch: PanelMatrix.panelColumns, start: { _ in 0 }, ready, to: to,
                stride: stride)
        }
    }

    /// silu(gate) · up of all rows into `activated`.
    private func feedForward(_ index: Int, _ layer: ServedWeights.Layer) {
        let low: (ServedAdapter) -> ServedAdapter.Stage? = { $0.layers[index].gateUp }
        let input = Input(
            rows: rows, depth: c.hiddenSize, format: layer.gateUp.format,
            load: { self.norm($0, layer.postNorm, into: $1) }, low: low)
        let columns = PanelMatrix.panelColumns
        product(input, layer.gateUp, unit: 2, widest: Self.gatePanels) { rows, panels, ready in
            let (scratch, stride) = (self.pieceScratch, panels.count * columns)
            layer.gateUp.multiply(
                ready.rows, ready.first + rows.lowerBound..<ready.first + rows.upperBound, panels: panels,
                into: scratch, stride: stride)
            let pairs = panels.lowerBound / 2..<panels.upperBound / 2
            self.addLow(
                low, rows, panels: pairs, pitch: 2 * columns, start: { $0 == .up ? columns : 0 }, ready, to: scratch,
                stride: stride)
            let first = pairs.lowerBound * columns
            for row in rows {
                ServingKernels.swiglu(
                    scratch + (row - rows.lowerBound) * stride,
                    into: self.activated + row * self.c.intermediateSize + first,
                    count: min(self.c.intermediateSize - first, pairs.count * columns))
            }
        }
    }
}
