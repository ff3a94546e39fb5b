// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama

extension Trainer {
    /// Throws where the loss of the step being computed jumps out of those before it.
    func checkSpike(_ loss: Double, _ sums: StepSums, _ batches: [MicroBatch]) throws {
        let rule = SpikeRule(
            deviations: recipe.spikeDeviations, vocabularySize: model.configuration.vocabularySize)
        guard let limit = rule.limit(brokenBy: loss, after: progress.losses) else { return }
        let worst = sums.worst.map { "; the highest is \(Self.text($0.mean)) in \(Self.name($0.place, of: batches))" }
        throw diverged(
            "the loss jumps to \(Self.text(loss)), the steps before it set a limit of \(Self.text(limit))"
                + (worst ?? ""),
            or: "raise recipe.spikeDeviations (0 turns this check off)")
    }

    /// An error of the step being computed; its gradients change nothing any more.
    func diverged(_ what: String, or another: String? = nil) -> TrainingError {
        TrainingError(
            .diverged, "step \(progress.step + 1)", what,
            remedy: "lower recipe.learningRate or recipe.clipNorm, lengthen the warm-up, check the data"
                + (another.map { ", or \($0)" } ?? ""))
    }

    /// A micro-batch of a step as a person looks it up.
    static func name(_ place: Int, of batches: [MicroBatch]) -> String {
        "batch \(place + 1) of \(batches.count) (\(MicroBatch.rows(of: batches[place...place])))"
    }

    /// All of a step.
    static func name(_ batches: [MicroBatch]) -> String {
        "\(batches.count) batch\(batches.count == 1 ? "" : "es") (\(MicroBatch.rows(of: batches[...])))"
    }

    private static func text(_ value: Double) -> String { "\((value * 1e4).rounded() / 1e4)" }
}
