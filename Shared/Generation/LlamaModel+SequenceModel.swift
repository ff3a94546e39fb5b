// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama
public import Tensors

extension KVCache: SequenceCache {
    public func copy(capacity: Int) throws -> KVCache {
        try fork(capacity: capacity)
    }
}

extension LlamaModel: SequenceModel {
    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int { configuration.maxPositions }
    public var beginOfSequenceID: Int? { configuration.beginOfSequenceID }
    public var endOfSequenceIDs: [Int] { configuration.endOfSequenceIDs }

    public func makeCache(capacity: Int) throws -> KVCache {
        try KVCache(configuration, capacity: capacity)
    }

    public func extend(
        _ sequences: [(tokens: [Int32], cache: KVCache)], logits wanted: LlamaModel.LogitsWanted
    ) throws -> Tensor {
        let logits: Tensor = try { () throws(LlamaError) in try self.extend(sequences, logits: wanted) }()
        return logits
    }
}
