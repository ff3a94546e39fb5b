// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama

/// The models that the drivers measure, by their sizes.
public enum MeasuredModel {
    /// The names of the sizes.
    public static let sizes = ["15m", "134m", "1b", "7b"]

    /// The dimensions of a size; 7b are those of LLaMA 7B.
    public static func configuration(_ size: String) throws -> LlamaConfiguration {
        func make(_ hidden: Int, _ intermediate: Int, _ layers: Int, _ heads: Int, _ keyHeads: Int) throws
            -> LlamaConfiguration
        {
            try LlamaConfiguration(
                vocabularySize: 32000, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers,
                headCount: heads, keyValueHeadCount: keyHeads, maxPositions: 8192, rmsNormEpsilon: 1e-5)
        }
        switch size {
        case "15m": return try make(288, 768, 6, 6, 6)
        case "134m": return try make(768, 2048, 12, 12, 12)
        case "1b": return try make(2048, 5632, 22, 32, 4)
        case "7b": return try make(4096, 11008, 32, 32, 32)
        default: throw DriverError(description: "there is no size \(size); take \(sizes.joined(separator: ", "))")
        }
    }
}
