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
        var reports: [Int: StepReport] = [:]
        var evaluations: [TrainingSummary.Evaluation] = []
        var published: [PublishedModel]
        /// The figures that stay until the next evaluation.
        var perplexity: [String: Double] = [:]
        var progress = JobProgress(phase: "training", step: 0)
    }

    private let context: JobContext
    /// Operations a second of this machine's matrix products.
    private let ceiling: Double
    private let state: Mutex<State>

    /// - Parameter published: what earlier attempts have published.
    init(context: JobContext, ceiling: Double, published: [PublishedModel]) {
        self.context = context
        self.ceiling = ceiling
        state = Mutex(State(published: published))
    }

    func note(_ event: TrainingEvent) {
        switch event {
        case .started(let start):
            report { state in
                state.start = start
                state.progress.step = start.step
                state.progress.total = start.totalSteps
                state.published.removeAll { $0.step > start.step }
            }
        case .ignoredCheckpoint(let name, let reason):
            context.logger.warning(
                "a checkpoint is not used", metadata: ["checkpoint": "\(name)", "reason": "\(reason)"])
        case .step(let step):
            report { state in
                state.reports[step.step] = step
                state.progress.step = step.step
                state.progress.metrics = figures(of: step).merging(state.perplexity) { $1 }
            }
        case .evaluated(let step, let result):
            let domains = result.domains.mapValues(\.perplexity)
            report { state in
                state.evaluations.append(
                    .init(step: step, perplexity: result.all.perplexity, perplexityByDomain: domains))
                state.perplexity = ["perplexity": result.all.perplexity, "evaluatedStep": Double(step)]
                for (domain, value) in domains { state.perplexity["perplexity.\(domain)"] = value }
                state.progress.metrics.merge(state.perplexity) { $1 }
            }
            context.logger.info(
                "held-out rows scored", metadata: ["step": "\(step)", "perplexity": "\(result.all.perplexity)"])
        case .checkpointed(let step):
            context.logger.debug("checkpoint written", metadata: ["step": "\(step)"])
        }
    }

    /// Tells of a model that was published; answers all there are.
    func published(_ model: PublishedModel) -> [PublishedModel] {
        report { state in
            state.published.removeAll { $0.step >= model.step }
            state.published.append(model)
        }
        context.logger.info("model published", metadata: ["step": "\(model.step)"])
        return state.withLock { $0.published }
    }

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
            state.progress.published = state.published.isEmpty ? nil : state.published.suffix(Self.newest)
            return state.progress
        }
        context.report(progress)
    }

    func summary(of result: TrainingResult, seconds: Double) -> TrainingSummary {
        let state = state.withLock { $0 }
        let stride = max(1, (result.losses.count + Self.maximumPoints - 1) / Self.maximumPoints)
        let curve = result.losses.enumerated().compactMap { index, loss -> TrainingSummary.Point? in
            let step = index + 1
            guard index % stride == 0 || step == result.losses.count else { return nil }
            let report = state.reports[step]
            return TrainingSummary.Point(
                step: step, loss: loss, learningRate: report?.learningRate, gradientNorm: report?.gradientNorm)
        }
        return TrainingSummary(
            steps: result.steps, tokens: result.tokens, seconds: seconds, tokensPerSecond: result.tokensPerSecond,
            modelFlopsUtilization: state.reports[result.steps].map(utilization),
            trainedParameters: state.start?.trainedParameters ?? 0,
            resumedFrom: state.start.flatMap { $0.step > 0 ? $0.step : nil }, lossCurve: curve,
            evaluations: state.evaluations.isEmpty ? nil : state.evaluations,
            published: state.published.isEmpty ? nil : state.published)
    }
}
