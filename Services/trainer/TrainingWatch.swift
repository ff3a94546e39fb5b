// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Messages
import ServiceRuntime
import Synchronization
import Training

/// Turns what the trainer tells into progress and, at the end, into the job's summary.
final class TrainingWatch: Sendable {
    /// Longer loss curves are thinned to this many points; the last step is always kept.
    private static let maximumPoints = 1_000

    private struct State {
        var start: TrainingStart?
        var reports: [Int: StepReport] = [:]
        var evaluations: [TrainingSummary.Evaluation] = []
    }

    private let context: JobContext
    private let state = Mutex(State())

    init(context: JobContext) { self.context = context }

    func note(_ event: TrainingEvent) {
        switch event {
        case .started(let start):
            state.withLock { $0.start = start }
            context.report(JobProgress(phase: "training", step: start.step, total: start.totalSteps))
        case .ignoredCheckpoint(let name, let reason):
            context.logger.warning(
                "a checkpoint is not used", metadata: ["checkpoint": "\(name)", "reason": "\(reason)"])
        case .step(let report):
            state.withLock { $0.reports[report.step] = report }
            context.report(
                JobProgress(
                    phase: "training", step: report.step, total: report.totalSteps,
                    metrics: [
                        "loss": report.loss, "learningRate": report.learningRate, "gradientNorm": report.gradientNorm,
                        "tokensPerSecond": report.tokensPerSecond, "secondsLeft": report.secondsLeft,
                    ]))
        case .evaluated(let step, let result):
            state.withLock { $0.evaluations.append(.init(step: step, perplexity: result.perplexity)) }
            context.logger.info(
                "held-out rows scored", metadata: ["step": "\(step)", "perplexity": "\(result.perplexity)"])
        case .checkpointed(let step):
            context.logger.debug("checkpoint written", metadata: ["step": "\(step)"])
        }
    }

    func summary(of result: TrainingResult, seconds: Double) -> TrainingSummary {
        let (start, reports, evaluations) = state.withLock { ($0.start, $0.reports, $0.evaluations) }
        let stride = max(1, (result.losses.count + Self.maximumPoints - 1) / Self.maximumPoints)
        let curve = result.losses.enumerated().compactMap { index, loss -> TrainingSummary.Point? in
            let step = index + 1
            guard index % stride == 0 || step == result.losses.count else { return nil }
            let report = reports[step]
            return TrainingSummary.Point(
                step: step, loss: loss, learningRate: report?.learningRate, gradientNorm: report?.gradientNorm)
        }
        return TrainingSummary(
            steps: result.steps, tokens: result.tokens, seconds: seconds, tokensPerSecond: result.tokensPerSecond,
            trainedParameters: start?.trainedParameters ?? 0,
            resumedFrom: start.flatMap { $0.step > 0 ? $0.step : nil }, lossCurve: curve,
            evaluations: evaluations.isEmpty ? nil : evaluations)
    }
}
