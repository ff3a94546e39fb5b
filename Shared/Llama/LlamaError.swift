// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What can be wrong with a configuration, a batch or an adapter.
public struct LlamaError: Error, Sendable, CustomStringConvertible {
    /// The kind of error, for code that decides by it.
    public enum Code: Sendable {
        /// A field of config.json is missing, out of range or asks for what this engine does not compute.
        case invalidConfiguration
        /// Token ids, labels, positions or segments do not fit each other or the model.
        case invalidBatch
        /// A LoRA setting or an adapter does not fit the model.
        case invalidAdapter
        /// All pages of keys and values are held by caches.
        case noPage
        /// A cache is too small or belongs to another configuration.
        case invalidCache
        /// The operating system refused the memory.
        case outOfMemory
    }

    /// The kind of error.
    public let code: Code
    /// What, where and how to mend it, on one line.
    public let description: String

    /// An error of this kind with a line a person can act on.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
