// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Logging
import Messages
import ServiceRuntime
import Synchronization
import Training

/// Turns what the trainer tells into progress and, at the end, into the job's summary.
final class TrainingWatch: Sendable {
    /// Longer loss curves are thinned to this many points; the last step is always kept.
    private static let maximumPoints = 1_000
    /// Progress tells of so many of the newest published models; the summary of all.
    private static let newest = 4

    private struct State {
        var start: TrainingStart?
        var last: StepReport?
        var record: RunRecord
        /// The figures that stay until the next evaluation.
        var perplexity: [String: Double] = [:]
        var progress = JobProgress(phase: "training", step: 0)
    }

    private let context: JobContext
    /// Operations a second of this machine's matrix products.
    private let ceiling: Double
    private let file: RunRecordFile
    private let state: Mutex<State>

    /// - Parameter file: what earlier attempts have told.
    init(context: JobContext, ceiling: Double, file: RunRecordFile) throws {
        self.context = context
        self.ceiling = ceiling
        self.file = file
        state = Mutex(State(record: try file.read()))
    }

    func note(_ event: TrainingEvent) {
        switch event {
        case .started(let start):
            report { state in
                state.start = start
                state.progress.step = start.step
                state.progress.total = start.totalSteps
                state.record.resume(from: start.step)
            }
        case .ignoredCheckpoint(let name, let reason):
            context.logger.warning(
                "a checkpoint is not used", metadata: ["checkpoint": "\(name)", "reason": "\(reason)"])
        case .step(let step):
            report { state in
                state.last = step
                state.record.note(
                    step.step, RunRecord.Step(learningRate: step.learningRate, gradientNorm: step.gradientNorm))
                state.progress.step = step.step
                state.progress.metrics = figures(of: step).merging(state.perplexity) { $1 }
            }
        case .evaluated(let step, let result):
            let domains = result.domains.mapValues(\.perplexity)
            report { state in
                state.record.note(
                    TrainingSummary.Evaluation(
                        step: step, perplexity: result.all.perplexity, perplexityByDomain: domains))
                state.perplexity = ["perplexity": result.all.perplexity, "evaluatedStep": Double(step)]
                for (domain, value) in domains { state.perplexity["perplexity.\(domain)"] = value }
                state.progress.metrics.merge(state.perplexity) { $1 }
            }
            context.logger.info(
                "held-out rows scored", metadata: ["step": "\(step)", "perplexity": "\(result.all.perplexity)"])
        case .checkpointed(let step):
            context.logger.debug("checkpoint written", metadata: ["step": "\(step)"])
            // Without it a later attempt has fewer points to show, and the same weights.
            do { try save() } catch {
                context.logger.warning("the run's record is not written", metadata: ["step": "\(step)"])
            }
        }
    }

    /// Tells of a model that was published.
    func published(_ model: PublishedModel) throws {
        report { $0.record.note(model) }
        try save()
        context.logger.info("model published", metadata: ["step": "\(model.step)"])
    }

    private func save() throws { try file.write(state.withLock { $0.record }) }

    private func figures(of step: StepReport) -> [String: Double] {
        var figures = [
            "loss": step.loss, "learningRate": step.learningRate, "gradientNorm": step.gradientNorm,
            "tokensPerSecond": step.tokensPerSecond, "secondsLeft": step.secondsLeft,
            "modelFlopsUtilization": utilization(step),
        ]
        for (domain, loss) in step.lossByDomain { figures["loss.\(domain.rawValue)"] = loss }
        return figures
    }

    private func utilization(_ step: StepReport) -> Double { ceiling > 0 ? step.flopsPerSecond / ceiling : 0 }

    private func report(_ change: (inout State) -> Void) {
        let progress = state.withLock { state in
            change(&state)
            // JSON has no word for an infinite perplexity.
            state.progress.metrics = state.progress.metrics.filter { $0.value.isFinite }
            let published = state.record.published
            state.progress.published = published.isEmpty ? nil : published.suffix(Self.newest)
            return state.progress
        }
        context.report(progress)
    }

    func summary(of result: TrainingResult, seconds: Double) -> TrainingSummary {
        let state = state.withLock { $0 }
        let (record, last) = (state.record, state.last.flatMap { $0.step == result.steps ? $0 : nil })
        let curve = record.curve(
            result.losses, most: Self.maximumPoints,
            last: last.map { RunRecord.Step(learningRate: $0.learningRate, gradientNorm: $0.gradientNorm) })
        return TrainingSummary(
            steps: result.steps, tokens: result.tokens, seconds: seconds, tokensPerSecond: result.tokensPerSecond,
            modelFlopsUtilization: last.map(utilization),
            trainedParameters: state.start?.trainedParameters ?? 0,
            resumedFrom: state.start.flatMap { $0.step > 0 ? $0.step : nil }, lossCurve: curve,
            evaluations: record.evaluations.isEmpty ? nil : record.evaluations,
            published: record.published.isEmpty ? nil : record.published)
    }
}
