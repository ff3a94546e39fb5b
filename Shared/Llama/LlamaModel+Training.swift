// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

extension LlamaModel {
    /// Names, shapes and places of what is trained: the adapter's matrices if there is one, all weights otherwise.
    public var trainedParameters: ParameterLayout { adapter?.parameters.layout ?? weights.layout.parameters }

    /// The loss of a batch, without gradients and without dropout.
    public func loss(_ batch: TokenBatch) throws(LlamaError) -> LossSum {
        Self.sum(try targetLosses(batch), batch)
    }

    /// The negative log-likelihood [rows, columns − 1] of every target at the position that predicts it, in nats; 0
    /// where nothing is predicted.
    public func tokenLosses(_ batch: TokenBatch) throws(LlamaError) -> Tensor {
        let losses = try targetLosses(batch)
        let columns = max(0, batch.columnCount - 1)
        var result = Tensor(zeros: [batch.rowCount, columns])
        result.withUnsafeMutableValues { values in
            var token = 0
            var next = 0
            for (row, length) in batch.lengths.enumerated() {
                for column in 0..<length {
                    if batch.targets[token] != TokenBatch.ignored {
                        values[row * columns + column] = Float(losses[next])
                        next += 1
                    }
                    token += 1
                }
            }
        }
        return result
    }

    /// Adds scale · d(sum of negative log-likelihoods) to `gradients` and returns the sums.
    ///
    /// For the mean over an accumulation window, pass 1 / (targets of the whole window) for every batch of it: the
    /// mean of batch means is another number when batches differ in targets.
    ///
    /// - Parameters:
    ///   - gradients: made by `LlamaGradients(for:)` for this model.
    ///   - replacing: what is in `gradients` has no meaning and goes: the same bits as after `zero()`, without the way
    ///     through memory that costs.
    ///   - scale: what the gradient is multiplied by; not 0.
    ///   - dropoutSeed: draws the adapter's dropout masks, the same for the same seed; nil computes without dropout.
    ///   - recompute: keeps one residual stream a block and computes the rest again on the way back: less memory for
    ///     a third more time.
    ///   - onFinal: hears on the way back how far down `gradients` is final, while the rest is still computed: it is given
    ///     the block's memory, which is valid until `gradients` is written again, and the first element of which no
    ///     further one changes in this call. At last that is 0.
    /// - Throws: `invalidBatch`, `outOfMemory`.
    public func forwardBackward(
        _ batch: TokenBatch, gradients: inout LlamaGradients, replacing: Bool = false, scale: Double,
        dropoutSeed: UInt64? = nil, recompute: Bool = false,
        onFinal: ((UnsafeMutablePointer<Float>, Int) -> Void)? = nil
    ) throws(LlamaError) -> LossSum {
        try batch.check(configuration)
        precondition(gradients.parameters.layout == trainedParameters, "gradients were made for another model")
        let replaces = replacing && adapter == nil && batch.targetCount > 0
        if replaces { gradients.zero(ranges: weights.layout.addedTo) } else if replacing { gradients.zero() }
        let losses = try gradients.parameters.withUnsafeMutableValues { (values) throws(LlamaError) -> [Double] in
            guard let base = values.baseAddress else { return [] }
            let longest = batch.spans.map(\.count).max() ?? 0
            let lora = adapter?.configuration
            let final = onFinal.map { onFinal in FinalGradients(self) { onFinal(base, $0) } }
            let memory = StepMemory(
                configuration,
                StepMemory.Work(
                    precision: precision, rank: lora?.rank, drops: dropoutSeed != nil && (lora?.dropout ?? 0) > 0,
                    recompute: recompute, tokens: batch.tokenCount, longest: longest, targets: batch.targetCount))
            if precision == .bfloat16 {
                return try withBFloat16Pass(
                    ids: batch.ids, positions: batch.positions, attention: .spans(batch.spans),
                    dropoutSeed: dropoutSeed, reserving: memory.reserve
                ) { (pass) throws(LlamaError) -> [Double] in
                    let backward = try BFloat16Backward(
                        pass, longest: longest, gradients: base, replacing: replaces)
                    return try backward.run(batch, scale: Float(scale), recompute: recompute, final: final)
                }
            }
            return try withPass(
                ids: batch.ids, positions: batch.positions, attention: .spans(batch.spans), dropoutSeed: dropoutSeed,
                reserving: memory.reserve
            ) { (pass) throws(LlamaError) -> [Double] in
                let backward = try LlamaBackward(
                    pass, longest: longest, gradients: base, replacing: replaces)
                return try backward.run(batch, scale: Float(scale), recompute: recompute, final: final)
            }
        }
        return Self.sum(losses, batch)
    }

    /// The negative log-likelihood of every target, in batch order.
    private func targetLosses(_ batch: TokenBatch) throws(LlamaError) -> [Double] {
        try batch.check(configuration)
        if precision == .bfloat16 {
            return try withBFloat16Pass(
                ids: batch.ids, positions: batch.positions, attention: .spans(batch.spans)
            ) { (pass) throws(LlamaError) in try pass.targetLosses(batch) }
        }
        return try withPass(ids: batch.ids, positions: batch.positions, attention: .spans(batch.spans)) {
            (pass) throws(LlamaError) in try pass.targetLosses(batch)
        }
    }

    private static func sum(_ losses: [Double], _ batch: TokenBatch) -> LossSum {
        var rows: [LossSum.Row] = []
        var token = 0
        var next = 0
        for length in batch.lengths {
            let count = batch.targets[token..<token + length].reduce(0) { $0 + ($1 == TokenBatch.ignored ? 0 : 1) }
            rows.append(
                LossSum.Row(
                    negativeLogLikelihood: losses[next..<next + count].reduce(0, +), targetCount: count))
            token += length
            next += count
        }
        return LossSum(rows: rows)
    }
}
