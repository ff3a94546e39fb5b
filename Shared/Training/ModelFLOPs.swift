// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama

/// The floating-point operations that a batch of training needs, by the standard count: two for each weight of a matrix
/// product and token on the way forward and four on the way back (Kaplan et al. 2020, section 2.1), and those of
/// attention (Chowdhery et al. 2022, appendix B), here over the pairs that a causal mask lets see each other.
///
/// What is computed a second time to save memory is not counted, nor are norms, softmax and the embedding's look-up. A
/// frozen weight takes four, as it has no gradient. The output projection counts for targets only.
public struct ModelFLOPs: Sendable, Hashable {
    /// Of each token, attention and output projection left out.
    public let token: Double
    /// Of each target: the output projection.
    public let target: Double
    /// Of each pair of tokens that see each other.
    public let pair: Double

    /// What a model takes to train; `adapter` counts the weights of the adapter that is trained instead of all.
    public init(_ c: LlamaConfiguration, adapter: Int? = nil) {
        let head = c.vocabularySize * c.hiddenSize
        let norms = (2 * c.layerCount + 1) * c.hiddenSize
        let block = c.parameterCount - head * (c.tieWordEmbeddings ? 1 : 2) - norms
        token = Double((adapter == nil ? 6 : 4) * block + 6 * (adapter ?? 0))
        target = Double((adapter == nil ? 6 : 4) * head)
        pair = Double(12 * c.layerCount * c.queryWidth)
    }

    /// Of one forward and backward pass.
    public func of(_ batch: TokenBatch) -> Double {
        Double(batch.tokenCount) * token + Double(batch.targetCount) * target + Double(batch.attendedPairs) * pair
    }

    /// Of this many tokens, all of them targets, in sequences of `length`.
    public func of(tokens: Double, length: Int) -> Double {
        tokens * (token + target + pair * Double(length + 1) / 2)
    }
}
