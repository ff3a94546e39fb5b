// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Tells a step whose loss jumps out of those before it.
///
/// The rule is that of OLMo-core's skip-step optimizer: more than so many standard deviations above the mean of the last
/// 128 losses, of which there must be 64. It must also be half a nat above the mean, so that a run whose loss hardly
/// varies any more is not stopped for a trifle. Before there are 64, a loss is a spike that is more than twice as bad as
/// the first one and as guessing: the logarithm of the vocabulary's size.
struct SpikeRule: Sendable {
    static let window = 128
    static let fewest = 64
    static let margin = 0.5

    /// Standard deviations above the mean; 0 turns the rule off.
    let deviations: Double
    let vocabularySize: Int

    /// The limit that the losses before set, where `loss` is above it; else nil.
    func limit(brokenBy loss: Double, after losses: [Double]) -> Double? {
        guard deviations > 0, let first = losses.first else { return nil }
        let recent = losses.suffix(Self.window)
        let limit: Double
        if recent.count < Self.fewest {
            limit = 2 * max(first, log(Double(vocabularySize)))
        } else {
            let mean = recent.reduce(0, +) / Double(recent.count)
            let squares = recent.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            limit = mean + max(deviations * (squares / Double(recent.count - 1)).squareRoot(), Self.margin)
        }
        return loss > limit ? limit : nil
    }
}
