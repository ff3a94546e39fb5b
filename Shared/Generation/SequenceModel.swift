// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama
public import Tensors

/// What decoding and scoring ask of a model; a protocol so that their loops are tested without weights.
public protocol SequenceModel: Sendable {
    associatedtype Cache: SequenceCache

    /// Ids are below this.
    var vocabularySize: Int { get }
    /// Tokens of the longest sequence.
    var contextLength: Int { get }
    var beginOfSequenceID: Int? { get }
    var endOfSequenceIDs: [Int] { get }

    /// An empty cache with room for `capacity` tokens.
    func makeCache(capacity: Int) throws -> Cache

    /// Appends tokens to several sequences at once; logits [sequences or new tokens, vocabulary], as wanted.
    func extend(
        _ sequences: [(tokens: [Int32], cache: Cache)], logits wanted: LlamaModel.LogitsWanted
    ) throws -> Tensor
}

/// What one sequence keeps between its steps.
public protocol SequenceCache: AnyObject {
    var count: Int { get }

    /// Keeps the first `count` tokens.
    func truncate(to count: Int)

    /// A cache of its own with the same tokens and room for at least `capacity`.
    func copy(capacity: Int) throws -> Self
}
