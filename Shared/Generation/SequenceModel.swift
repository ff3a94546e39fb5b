// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// What decoding and scoring ask of a model; a protocol so that their loops are tested without weights.
///
/// The promise of ``extend(_:)``: a row's logits are the same bits whatever else is in the call, however a sequence's
/// tokens are cut into calls, and whatever the number of threads. Answers and scores then depend on nothing but the
/// request.
public protocol SequenceModel: Sendable {
    associatedtype Cache: SequenceCache
    /// What changes the weights for one sequence, such as a low-rank adapter.
    associatedtype Adapter: Sendable

    /// Ids are below this.
    var vocabularySize: Int { get }
    /// Tokens of the longest sequence.
    var contextLength: Int { get }
    var beginOfSequenceID: Int? { get }
    var endOfSequenceIDs: [Int] { get }
    /// The memory of keys and values.
    var pages: PageBudget { get }

    /// An empty cache. It takes pages as tokens arrive.
    func makeCache() throws -> Cache

    /// Appends tokens to several sequences at once, each with a cache of its own.
    ///
    /// - Returns: logits [rows wanted, vocabulary], the steps in their order.
    /// - Throws: where no page is free, or a step does not fit the model; caches are then as before.
    func extend(_ steps: [SequenceStep<Cache, Adapter>]) throws -> Tensor
}
