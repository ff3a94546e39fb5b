// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import Llama
public import Tensors

extension LlamaCheckpoint {
    /// Writes the model in `source` with an adapter added to its weights: whatever they are stored as, the sum is computed in
    /// float32 and rounded once to `type`, one tensor in memory at a time.
    ///
    /// Throws `invalidAdapter` if the adapter is another model's, and what reading and writing throw.
    public static func merge(
        _ adapter: LoRAAdapter, into source: URL, to folder: URL, as type: ElementType
    ) throws {
        let configuration = try configuration(source)
        guard adapter.model == configuration else {
            throw LlamaError(.invalidAdapter, "the adapter was made for a model of other dimensions")
        }
        let tensors = try tensors(source, configuration)
        try tensors.check(LlamaWeights.entries(of: configuration), tied: configuration.tieWordEmbeddings)
        try write(configuration, to: folder, as: type, passingThrough: nil) { entry, writer in
            writer.add(entry.name, entry.shape, as: type) { target in
                try tensors.read(entry.name, shape: entry.shape, into: target)
                adapter.add(to: target, named: entry.name)
            }
        }
    }
}
