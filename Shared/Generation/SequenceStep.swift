// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// New tokens of one sequence, as part of a call that extends several.
public struct SequenceStep<Cache: SequenceCache, Adapter: Sendable> {
    /// Not empty.
    public var tokens: [Int32]
    /// What the sequence holds so far; no other step of the call has it.
    public var cache: Cache
    /// Nil for the model's own weights.
    public var adapter: Adapter?
    public var logits: LogitsWanted

    public init(tokens: [Int32], cache: Cache, adapter: Adapter? = nil, logits: LogitsWanted) {
        self.tokens = tokens
        self.cache = cache
        self.adapter = adapter
        self.logits = logits
    }
}
