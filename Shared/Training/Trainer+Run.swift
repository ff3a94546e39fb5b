// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Corpora
public import Llama
import Tensors

extension Trainer {
    /// Trains to the last step, or until asked to stop.
    ///
    /// - Parameters:
    ///   - resume: goes on from the newest whole checkpoint of this run, if there is one; false removes all there are.
    ///   - shouldStop: asked before every micro-batch and held-out row; the steps done so far are then checkpointed.
    ///   - onModel: is given the model every `publishEvery` steps, before those steps are checkpointed: a run that is
    ///     killed in between gives the same model again.
    ///   - onEvent: hears of everything in order, on the calling thread.
    /// - Throws: where the loss is no longer finite or jumps (step and batch are named), where a checkpoint cannot be written,
    ///   or where the folder holds another run's.
    public mutating func run(
        resume: Bool = true, shouldStop: () -> Bool = { false },
        onModel: (_ step: Int, LlamaModel) throws -> Void = { _, _ in },
        onEvent: (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingOutcome {
        try checkAgreement()
        if resume { try restore(onEvent) } else if collective.rank == 0 { try store?.removeAll() }
        onEvent(
            .started(
                TrainingStart(
                    step: progress.step, totalSteps: plan.totalSteps, samples: rows.count,
                    samplesWithoutTargets: rows.skipped, tokens: rows.tokens,
                    trainedParameters: model.trainedParameters.count)))
        try model.pack()
        var gradients = try LlamaGradients(for: model)
        var order: [Int] = []
        var orderedEpoch = -1
        var saved = progress.step
        var evaluation: (step: Int, result: HeldOutResult)?
        while progress.step < plan.totalSteps {
            let epoch = plan.window(of: progress.step).epoch
            if epoch != orderedEpoch {
                order = SampleOrder.indices(
                    count: rows.count, epoch: epoch, seed: recipe.seed, shuffle: recipe.shuffle)
                orderedEpoch = epoch
            }
            let began = now()
            guard let report = try step(order, &gradients, began: began, shouldStop) else {
                return try interrupt(saved, &gradients, onEvent)
            }
            onEvent(.step(report))
            let isLast = progress.step == plan.totalSteps
            if evaluatesNow {
                guard let result = try evaluate(shouldStop) else { return try interrupt(saved, &gradients, onEvent) }
                evaluation = (progress.step, result)
                onEvent(.evaluated(step: progress.step, result))
            }
            if publishesNow { try onModel(progress.step, model) }
            if recipe.checkpointEvery > 0, progress.step % recipe.checkpointEvery == 0 || isLast {
                try checkpoint(&gradients, onEvent)
                saved = progress.step
            }
        }
        var final: HeldOutResult?
        if let evaluation, evaluation.step == progress.step {
            final = evaluation.result
        } else if !heldOut.isEmpty {
            guard let result = try evaluate(shouldStop) else { return try interrupt(saved, &gradients, onEvent) }
            onEvent(.evaluated(step: progress.step, result))
            final = result
        }
        return .completed(
            TrainingResult(
                steps: progress.step, tokens: progress.tokens, tokensPerSecond: tokensPerSecond,
                losses: progress.losses, heldOut: final))
    }

    /// Checkpoints the present step unless that was the last thing done.
    private mutating func interrupt(
        _ saved: Int, _ gradients: inout LlamaGradients, _ onEvent: (TrainingEvent) -> Void
    ) throws -> TrainingOutcome {
        if saved != progress.step || saved == 0 { try checkpoint(&gradients, onEvent) }
        return .interrupted(step: progress.step)
    }

    private var tokensPerSecond: Double {
        progress.seconds > 0 ? Double(progress.tokens) / progress.seconds : 0
    }

    /// One optimizer step over the window of `progress.step`; nil when asked to stop, then nothing has changed.
    private mutating func step(
        _ order: [Int], _ gradients: inout LlamaGradients, began: Double, _ shouldStop: () -> Bool
    ) throws -> StepReport? {
        let batches = try batches(of: progress.step, order: order)
        let targets = batches.reduce(0) { $0 + $1.tokens.targetCount }
        let tokens = batches.reduce(0) { $0 + $1.tokens.tokenCount }
        if collective.rank >= batches.count { gradients.zero() }
        var sums = StepSums()
        let exchange = GradientExchange(collective, sharding)
        for slot in stride(from: 0, to: batches.count, by: collective.size) {
            if try collective.follow(shouldStop()) { return nil }
            let number = slot + collective.rank
            guard number < batches.count else {
                exchange.begin(&gradients)
                continue
            }
            let batch = batches[number]
            let sum = try model.forwardBackward(
                batch.tokens, gradients: &gradients, replacing: slot == 0, scale: 1 / Double(targets),
                dropoutSeed: dropoutSeed(number), recompute: recipe.recompute == .block,
                onFinal: slot + collective.size >= batches.count ? exchange.begin : nil)
            sums.add(sum, of: batch, at: number, flops: flops.of(batch.tokens))
            guard sum.negativeLogLikelihood.isFinite else {
                throw diverged("the loss of \(Self.name(number, of: batches)) is not a finite number")
            }
        }
        try exchange.finish()
        let norm = try summed([squares(gradients)])[0].squareRoot()
        sums = try StepSums(collective.share(sums.numbers))
        let loss = sums.all.negativeLogLikelihood / Double(targets)
        try checkSpike(loss, sums, batches)
        guard norm.isFinite else {
            throw diverged("the gradient norm over \(Self.name(batches)) is not a finite number")
        }
        let rate = schedule.rate(at: progress.step)
        let coefficient = GradientClipping.coefficient(norm: norm, limit: recipe.clipNorm)
        try update(gradients, learningRate: rate, gradientScale: coefficient)
        try model.pack()
        progress.step += 1
        progress.tokens += tokens
        let seconds = now() - began
        progress.seconds += seconds
        progress.losses.append(loss)
        pace.flops += sums.flops
        pace.seconds += seconds
        let secondsPerStep = progress.seconds / Double(progress.step)
        return StepReport(
            step: progress.step, totalSteps: plan.totalSteps, loss: loss,
            lossByDomain: sums.domains.mapValues(\.mean), learningRate: rate, gradientNorm: norm, tokens: tokens,
            tokensPerSecond: tokensPerSecond, flopsPerSecond: pace.flopsPerSecond,
            secondsLeft: secondsPerStep * Double(plan.totalSteps - progress.step))
    }

    /// The seed of a micro-batch's dropout masks; nil where nothing is dropped.
    private func dropoutSeed(_ microBatch: Int) -> UInt64? {
        guard let lora = recipe.lora, lora.dropout > 0 else { return nil }
        return SampleOrder.key(seed: recipe.seed, purpose: .dropout, place: progress.step, microBatch)
    }

}
