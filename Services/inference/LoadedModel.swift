// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors
import Tokenization

/// A model in memory, with the tokenizer that stands beside it.
struct LoadedModel: Sendable {
    let model: LlamaModel
    /// Nil where the model's folder has none: then requests are given as ids.
    let tokenizer: (any Tokenizer)?

    /// What it takes in memory: float32 weights; a tokenizer is small beside them.
    var bytes: Int { Self.bytes(of: model.configuration) + (model.adapter?.parameters.count ?? 0) * 4 }

    static func bytes(of configuration: LlamaConfiguration) -> Int { configuration.parameterCount * 4 }
}
