// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How rotary frequencies are stretched beyond the length a model was first trained on.
public enum RopeScaling: Sendable, Equatable {
    /// Plain rotary embedding: theta^(-2i/d) (Su et al. 2021).
    case none
    /// Llama 3.1's rule: long wavelengths are divided by `factor`, short ones kept, and the band between is blended.
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalMaxPositions: Int)

    /// The frequency of every pair of a head, in radians a position.
    func inverseFrequencies(theta: Double, headDimension: Int) -> [Double] {
        let plain = (0..<headDimension / 2).map { power(theta, -2 * Double($0) / Double(headDimension)) }
        guard case .llama3(let factor, let low, let high, let original) = self else { return plain }
        return plain.map { frequency in
            let wavelength = 2 * Double.pi / frequency
            let blend = (Double(original) / wavelength - low) / (high - low)
            let smooth = min(1, max(0, blend))
            return (1 - smooth) * frequency / factor + smooth * frequency
        }
    }
}
