// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// A Llama model that answers: weights repacked for fast products, keys and values in pages, adapters beside the weights.
///
/// Every number it computes is defined to the bit by the weights, their format and the tokens before: not by what else
/// is in a call, how tokens are cut into calls, the number of threads, or the processor (decision 0019). Extending calls
/// block the calling thread and take turns on the compute threads.
public final class ServedLlama: Sendable {
    /// The dimensions.
    public let configuration: LlamaConfiguration
    /// What the weights are kept in; some matrices may be kept in more (``WeightPlan``).
    public let format: PanelFormat
    /// The memory of keys and values.
    public let pool: KeyValuePool
    let weights: ServedWeights
    let columns: QueryKeyValueColumns
    let rotary: RotaryTable
    /// Scratch memory, kept from call to call.
    let arenas = ArenaPool()
    private let logits = LogitsMemory()

    /// Reads and repacks the weights of `source`, with `cacheBytes` for keys and values, taken as they are needed.
    ///
    /// Throws what the source throws, or `outOfMemory`.
    public convenience init(_ source: some WeightSource, format: PanelFormat, cacheBytes: Int) throws {
        try self.init(source, format: format, cacheBytes: cacheBytes, weightsIn: PrivateMemory())
    }

    /// As above, with the repacked weights kept in a place; if they are there, nothing is read and packed.
    public init(
        _ source: some WeightSource, format: PanelFormat, cacheBytes: Int, weightsIn place: some PackedWeightPlace
    ) throws {
        configuration = source.configuration
        self.format = format
        pool = try KeyValuePool(source.configuration, isHalf: format != .float32, bytes: cacheBytes)
        weights = try ServedWeights(source, format: format, place: place)
        columns = QueryKeyValueColumns(source.configuration)
        rotary = RotaryTable(source.configuration)
    }

    /// Bytes of the repacked weights.
    public var weightBytes: Int { weights.memory.bytes }

    /// Bytes of the weights that one token's products read: all but the embedding.
    public var weightBytesPerToken: Int {
        weightBytes
            - (configuration.tieWordEmbeddings ? 0 : weights.embedding.panelCount * weights.embedding.panelBytes)
    }

    /// Reads all weights on all threads and gives a sum, so that nothing is left out: for measuring memory.
    public func readWeights() -> UInt64 { weights.memory.read(bytes: weightBytesPerToken) }

    /// An empty cache. It takes pages as tokens arrive.
    public func makeCache() -> PagedCache { PagedCache(pool) }

    /// Appends tokens to several sequences at once: their rows share every read of the weights.
    ///
    /// - Returns: logits [rows wanted, vocabulary], the steps in their order.
    /// - Throws: `invalidBatch` for no tokens or ids outside the vocabulary; `invalidCache` for a cache of another model,
    ///   used twice, or beyond the context; `invalidAdapter` for another model's; `noPage`. Caches are then as before.
    public func extend(_ steps: [ServedStep]) throws(LlamaError) -> Tensor {
        try check(steps)
        do {
            for step in steps { try step.cache.reserve(step.tokens.count) }
        } catch {
            for step in steps { step.cache.trim() }
            throw error
        }
        let batch = ServedBatch(steps)
        let shape: Shape = [batch.wanted.count, configuration.vocabularySize]
        let result: LogitsMemory.Block
        do throws(LlamaError) {
            do throws(TensorError) { result = try logits.take(shape.count) } catch {
                throw LlamaError(.outOfMemory, "logits: \(error.description)")
            }
            try arenas.withArena { (arena) throws(LlamaError) in
                let pass = try ServedPass(self, batch, arena)
                pass.blocks()
                if !batch.wanted.isEmpty { pass.head(into: result.base) }
            }
        } catch {
            for step in steps { step.cache.trim() }
            throw error
        }
        for step in steps { step.cache.count += step.tokens.count }
        return Tensor(borrowing: result.base, shape: shape, owner: result)
    }

    private func check(_ steps: [ServedStep]) throws(LlamaError) {
        guard !steps.isEmpty else { throw LlamaError(.invalidBatch, "no sequence to extend") }
        let size = Int32(configuration.vocabularySize)
        var seen: Set<ObjectIdentifier> = []
        for step in steps {
            guard !step.tokens.isEmpty else {
                throw LlamaError(.invalidBatch, "a sequence to extend has no new tokens")
            }
            if let token = step.tokens.first(where: { $0 < 0 || $0 >= size }) {
                throw LlamaError(.invalidBatch, "token id \(token) is outside the vocabulary of \(size)")
            }
            guard step.cache.pool === pool else {
                throw LlamaError(.invalidCache, "the cache was made for another model")
            }
            guard step.cache.count + step.tokens.count <= configuration.maxPositions else {
                throw LlamaError(
                    .invalidCache,
                    "\(step.tokens.count) tokens after \(step.cache.count) are beyond the context of "
                        + "\(configuration.maxPositions) (max_position_embeddings)")
            }
            guard seen.insert(ObjectIdentifier(step.cache)).inserted else {
                throw LlamaError(.invalidCache, "one cache is used for two sequences of a call")
            }
            guard step.adapter.map({ $0.model == configuration }) ?? true else {
                throw LlamaError(.invalidAdapter, "the adapter was made for a model of other dimensions")
            }
        }
    }
}
