// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What a run has told so far and its checkpoints do not know: what a later attempt adds to.
struct RunRecord: Codable, Sendable {
    /// A step as the loss curve shows it.
    struct Step: Codable, Sendable {
        var learningRate: Double
        var gradientNorm: Double
    }

    /// Models on the way, in their order.
    private(set) var published: [PublishedModel] = []
    private(set) var evaluations: [TrainingSummary.Evaluation] = []
    /// Steps 1, 1 + stride, 1 + 2 · stride and so on.
    private(set) var steps: [Int: Step] = [:]
    /// A power of two, so that what is thinned further is among what was kept.
    private var stride = 1

    /// At most so many steps are kept.
    private static let limit = 2_048

    /// Forgets what came after the step from which a run goes on.
    mutating func resume(from step: Int) {
        published.removeAll { $0.step > step }
        evaluations.removeAll { $0.step > step }
        steps = steps.filter { $0.key <= step }
    }

    mutating func note(_ model: PublishedModel) {
        published.removeAll { $0.step >= model.step }
        published.append(model)
    }

    mutating func note(_ evaluation: TrainingSummary.Evaluation) {
        evaluations.removeAll { $0.step >= evaluation.step }
        evaluations.append(evaluation)
    }

    mutating func note(_ step: Int, _ report: Step) {
        guard (step - 1) % stride == 0 else { return }
        steps[step] = report
        while steps.count > Self.limit {
            stride *= 2
            steps = steps.filter { ($0.key - 1) % stride == 0 }
        }
    }

    /// The loss curve, of at most `most` points, which is no more than half of the steps that are kept, and the last.
    func curve(_ losses: [Double], most: Int, last: Step?) -> [TrainingSummary.Point] {
        var stride = 1
        while losses.count > stride * most { stride *= 2 }
        return losses.enumerated().compactMap { index, loss in
            let step = index + 1
            guard index % stride == 0 || step == losses.count else { return nil }
            let report = steps[step] ?? (step == losses.count ? last : nil)
            return TrainingSummary.Point(
                step: step, loss: loss, learningRate: report?.learningRate, gradientNorm: report?.gradientNorm)
        }
    }
}
