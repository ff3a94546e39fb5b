// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Llama
import Tensors

/// Rotary scaling in GGUF: `linear` by metadata, LLaMA-3's rule by a tensor of factors that divide the frequencies.
enum GGUFRope {
    private static let typeKey = "llama.rope.scaling.type"
    private static let factorKey = "llama.rope.scaling.factor"
    /// Keys of our own for what the format has no word for; other readers pass over them.
    private static let own = "mellama.rope."

    static func scaling(
        _ file: GGUFFile, _ values: GGUFConfiguration.Values, theta: Double, headDimension: Int
    ) throws -> RopeScaling {
        if let factor = try values.real(own + "dynamic_factor") { return .dynamic(factor: factor) }
        switch try values.string(typeKey) ?? "none" {
        case "none": break
        case "linear": return .linear(factor: try values.real(factorKey) ?? 1)
        case let other:
            throw CheckpointError(
                .unsupported, "\(file.path): the rotary scaling \"\(other.prefix(32))\" is not supported; linear is")
        }
        // The key of older files.
        if let factor = try values.real("llama.rope.scale_linear"), factor != 1 { return .linear(factor: factor) }
        guard let entry = file[LlamaTensorNames.ropeFactors] else { return .none }
        let pairs = headDimension / 2
        guard entry.format == .float32, entry.shape.count == pairs, pairs > 0 else {
            throw CheckpointError(
                .malformed, "\(file.path): \(entry.name) has the shape \(entry.shape), a head has \(pairs) pairs")
        }
        var factors = [Float](repeating: 0, count: pairs)
        withExtendedLifetime(file.file) {
            if let base = file.file.bytes.baseAddress {
                entry.format.widen(base + entry.range.lowerBound, count: pairs, into: &factors)
            }
        }
        if factors.allSatisfy({ $0 == 1 }) { return .none }
        return try llama3(factors, file, values, theta: theta, headDimension: headDimension)
    }

    /// The rule that gives these factors: by our own keys, else as LLaMA 3.1 and 3.2 were published.
    private static func llama3(
        _ factors: [Float], _ file: GGUFFile, _ values: GGUFConfiguration.Values, theta: Double, headDimension: Int
    ) throws -> RopeScaling {
        let rule = RopeScaling.llama3(
            factor: try values.real(own + "factor") ?? Double(factors.max() ?? 1),
            lowFrequencyFactor: try values.real(own + "low_freq_factor") ?? 1,
            highFrequencyFactor: try values.real(own + "high_freq_factor") ?? 4,
            originalMaxPositions: try values.integer(own + "original_context_length") ?? 8192)
        let expected = Self.factors(rule, theta: theta, headDimension: headDimension)
        guard zip(factors, expected).allSatisfy({ abs($0 - $1) <= 1e-4 * abs($1) }) else {
            throw CheckpointError(
                .unsupported,
                "\(file.path): \(LlamaTensorNames.ropeFactors) is not LLaMA-3's rule with 8192 original positions")
        }
        return rule
    }

    /// What a rule divides each frequency by.
    private static func factors(_ rule: RopeScaling, theta: Double, headDimension: Int) -> [Float] {
        let plain = RopeScaling.none.inverseFrequencies(theta: theta, headDimension: headDimension)
        let scaled = rule.inverseFrequencies(theta: theta, headDimension: headDimension)
        return zip(plain, scaled).map { Float($0 / $1) }
    }

    static func add(_ c: LlamaConfiguration, to writer: inout GGUFWriter) {
        switch c.ropeScaling {
        case .none: break
        case .linear(let factor):
            writer.add(typeKey, .string("linear"))
            writer.add(factorKey, .real(factor))
        case .dynamic(let factor): writer.add(own + "dynamic_factor", .real(factor))
        case .llama3(let factor, let low, let high, let original):
            writer.add(own + "factor", .real(factor))
            writer.add(own + "low_freq_factor", .real(low))
            writer.add(own + "high_freq_factor", .real(high))
            writer.add(own + "original_context_length", .integer(original))
            let factors = factors(c.ropeScaling, theta: c.ropeTheta, headDimension: c.headDimension)
            writer.add(LlamaTensorNames.ropeFactors, .float32, [factors.count]) { target in
                _ = target.update(from: factors)
            }
        }
    }
}
