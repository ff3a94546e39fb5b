// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How rotary frequencies are stretched beyond the length a model was first trained on.
public enum RopeScaling: Sendable, Equatable {
    /// Plain rotary embedding: theta^(-2i/d) (Su et al. 2021).
    case none
    /// All frequencies are divided by `factor` (Chen et al. 2023).
    case linear(factor: Double)
    /// Frequencies as without scaling up to the length a model was made for; beyond, theta grows with the length (NTK
    /// by length, as transformers computes it).
    case dynamic(factor: Double)
    /// Llama 3.1's rule: long wavelengths are divided by `factor`, short ones kept, and the band between is blended.
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalMaxPositions: Int)

    /// The factor of every rule but the plain one.
    var factor: Double? {
        switch self {
        case .none: nil
        case .linear(let factor), .dynamic(let factor), .llama3(let factor, _, _, _): factor
        }
    }

    /// The frequency of every pair of a head, in radians a position.
    ///
    /// - Parameter stretch: the longest sequence of the call over `maxPositions`, if that is more than 1.
    public func inverseFrequencies(theta: Double, headDimension: Int, stretch: Double = 1) -> [Double] {
        var theta = theta
        if case .dynamic(let factor) = self, stretch > 1 {
            theta *= power(factor * stretch - (factor - 1), Double(headDimension) / Double(headDimension - 2))
        }
        let plain = (0..<headDimension / 2).map { power(theta, -2 * Double($0) / Double(headDimension)) }
        if case .linear(let factor) = self { return plain.map { $0 / factor } }
        guard case .llama3(let factor, let low, let high, let original) = self else { return plain }
        return plain.map { frequency in
            let wavelength = 2 * Double.pi / frequency
            let blend = (Double(original) / wavelength - low) / (high - low)
            let smooth = min(1, max(0, blend))
            return (1 - smooth) * frequency / factor + smooth * frequency
        }
    }
}
