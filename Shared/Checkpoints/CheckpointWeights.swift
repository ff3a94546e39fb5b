// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import Llama
public import Tensors

/// The safetensors of a model folder as a source of weights: read where they are mapped, in the type they have.
public final class CheckpointWeights: WeightSource {
    public let configuration: LlamaConfiguration
    private let shards: CheckpointShards

    /// Maps the folder's files and checks that they hold what config.json needs, as ``LlamaCheckpoint/load(_:)`` does.
    public init(_ folder: URL) throws {
        configuration = try LlamaCheckpoint.configuration(folder)
        shards = try CheckpointShards(folder)
        try shards.check(LlamaWeights.entries(of: configuration), tied: configuration.tieWordEmbeddings)
    }

    public func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        try shards.file(of: name).matrix(name, rows: rows, columns: columns)
    }

    public func release() { shards.release() }
}
