// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama

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
}
