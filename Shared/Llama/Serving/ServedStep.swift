// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// New tokens of one sequence, in a call that extends several.
public struct ServedStep {
    /// Not empty.
    public var tokens: [Int32]
    /// What the sequence holds so far; no other step of the call has it.
    public var cache: PagedCache
    /// The adapter of this sequence; nil for the model's own weights.
    public var adapter: ServedAdapter?
    /// Which of the new tokens logits are wanted for.
    public var logits: LlamaModel.LogitsWanted

    /// New tokens for `cache`.
    public init(
        tokens: [Int32], cache: PagedCache, adapter: ServedAdapter? = nil, logits: LlamaModel.LogitsWanted = .last
    ) {
        self.tokens = tokens
        self.cache = cache
        self.adapter = adapter
        self.logits = logits
    }
}
