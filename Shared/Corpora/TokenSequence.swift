// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tokenization

/// One row of a dataset: what the model sees, and what it is trained to say.
public struct TokenSequence: Sendable, Equatable {
    /// The label of a position that is not trained on, as in PyTorch's cross-entropy.
    public static let ignoredLabel: TokenID = -100

    /// Token ids, [T] with 1 ≤ T ≤ the dataset's sequence length.
    public var ids: [TokenID]
    /// An unshifted copy of `ids` with −100 where nothing is to be learnt, [T]: the loss of position t compares its
    /// prediction with `labels[t + 1]`.
    public var labels: [TokenID]
    /// Which document of this row each position belongs to, counted from 0, [T]; never decreasing.
    public var segments: [Int32]
    /// The kind of text, if the dataset knows; a row is of one domain.
    public var domain: CorpusDomain?
    /// UTF-8 bytes of text the row stands for (special tokens have none): the denominator of bits per byte.
    public var textBytes: Int

    /// Makes a row; `segments` defaults to one document, `labels` to all of `ids`.
    public init(
        ids: [TokenID], labels: [TokenID]? = nil, segments: [Int32]? = nil, domain: CorpusDomain? = nil,
        textBytes: Int = 0
    ) {
        self.ids = ids
        self.labels = labels ?? ids
        self.segments = segments ?? [Int32](repeating: 0, count: ids.count)
        self.domain = domain
        self.textBytes = textBytes
    }

    /// How many positions are predicted: every label but the first of each segment, without the ignored ones.
    public var trainedTokens: Int {
        var count = 0
        for t in ids.indices.dropFirst() where labels[t] != Self.ignoredLabel && segments[t] == segments[t - 1] {
            count += 1
        }
        return count
    }
}
