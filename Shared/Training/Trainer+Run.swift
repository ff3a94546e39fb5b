// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Corpora
import Llama
import Tensors

extension Trainer {
    /// Trains to the last step, or until asked to stop.
    ///
    /// - Parameters:
    ///   - resume: goes on from the newest whole checkpoint of this run, if there is one; false removes all there are.
    ///   - shouldStop: asked before every micro-batch and held-out row; the steps done so far are then checkpointed.
    ///   - onEvent: hears of everything in order, on the calling thread.
    /// - Throws: where the loss is no longer finite (step and batch are named), where a checkpoint cannot be written,
    ///   or where the folder holds another run's.
    public mutating func run(
        resume: Bool = true, shouldStop: () -> Bool = { false }, onEvent: (TrainingEvent) -> Void = { _ in }
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
        var evaluation: (step: Int, result: PerplexityResult)?
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
            if recipe.evaluateEvery > 0, progress.step % recipe.evaluateEvery == 0 || isLast, let heldOut {
                guard let result = try evaluate(heldOut, shouldStop) else {
                    return try interrupt(saved, &gradients, onEvent)
                }
                evaluation = (progress.step, result)
                onEvent(.evaluated(step: progress.step, result))
            }
            if recipe.checkpointEvery > 0, progress.step % recipe.checkpointEvery == 0 || isLast {
                try checkpoint(&gradients, onEvent)
                saved = progress.step
            }
        }
        var final: PerplexityResult?
        if let evaluation, evaluation.step == progress.step {
            final = evaluation.result
        } else if let heldOut {
            guard let result = try evaluate(heldOut, shouldStop) else {
                return try interrupt(saved, &gradients, onEvent)
            }
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

    private func evaluate(_ heldOut: TokenDataset, _ shouldStop: () -> Bool) throws -> PerplexityResult? {
        try Perplexity.evaluate(
            model, heldOut, isolated: heldOut.manifest?.packing != .documents,
            isCancelled: { (try? collective.follow(shouldStop())) ?? true }
        )?.total
    }

    private var tokensPerSecond: Double {
        progress.seconds > 0 ? Double(progress.tokens) / progress.seconds : 0
    }

    /// One optimizer step over the window of `progress.step`; nil when asked to stop, then nothing has changed.
    private mutating func step(
        _ order: [Int], _ gradients: inout LlamaGradients, began: Double, _ shouldStop: () -> Bool
    ) throws -> StepReport? {
        let batches = try batches(of: progress.step, order: order)
        let targets = batches.reduce(0) { $0 + $1.targetCount }
        let tokens = batches.reduce(0) { $0 + $1.tokenCount }
        gradients.zero()
        var loss = 0.0
        let exchange = GradientExchange(collective, sharding)
        for slot in stride(from: 0, to: batches.count, by: collective.size) {
            if try collective.follow(shouldStop()) { return nil }
            let number = slot + collective.rank
            let isLast = slot + collective.size >= batches.count
            guard number < batches.count else {
                exchange.begin(&gradients)
                continue
            }
            let sum = try model.forwardBackward(
                batches[number], gradients: &gradients, scale: 1 / Double(targets), dropoutSeed: dropoutSeed(number),
                recompute: recipe.recompute == .block, onFinal: isLast ? exchange.begin : nil)
            loss += sum.negativeLogLikelihood
            guard loss.isFinite else {
                throw diverged("the loss of batch \(number + 1) of \(batches.count) is not a finite number")
            }
        }
        try exchange.finish()
        let sums = try summed([loss, squares(gradients)])
        loss = sums[0]
        let norm = sums[1].squareRoot()
        guard norm.isFinite else { throw diverged("the gradient norm is not a finite number") }
        let rate = schedule.rate(at: progress.step)
        let coefficient = GradientClipping.coefficient(norm: norm, limit: recipe.clipNorm)
        try update(gradients, learningRate: rate, gradientScale: coefficient)
        try model.pack()
        progress.step += 1
        progress.tokens += tokens
        progress.seconds += now() - began
        progress.losses.append(loss / Double(targets))
        let pace = progress.seconds / Double(progress.step)
        return StepReport(
            step: progress.step, totalSteps: plan.totalSteps, loss: loss / Double(targets), learningRate: rate,
            gradientNorm: norm, tokens: tokens, tokensPerSecond: tokensPerSecond,
            secondsLeft: pace * Double(plan.totalSteps - progress.step))
    }

    /// The seed of a micro-batch's dropout masks; nil where nothing is dropped.
    private func dropoutSeed(_ microBatch: Int) -> UInt64? {
        guard let lora = recipe.lora, lora.dropout > 0 else { return nil }
        return SampleOrder.key(seed: recipe.seed, purpose: .dropout, place: progress.step, microBatch)
    }

    private func diverged(_ what: String) -> TrainingError {
        TrainingError(
            .diverged, "step \(progress.step + 1)", what,
            remedy: "lower recipe.learningRate or recipe.clipNorm, lengthen the warm-up, or check the data")
    }
}
