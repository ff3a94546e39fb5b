// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a model's steps are filled.
public struct BatchOptions: Sendable, Hashable {
    /// Requests that are computed at a time.
    public var sequences = 32
    /// Tokens of prompts and continuations in a step without decoding.
    public var tokensAlone = 1024
    /// The same in a step that also decodes: what an answer under way may have to wait for.
    public var tokensBesideDecode = 256
    /// Whether beginnings that prompts have in common are kept.
    public var keepsPrefixes = true
    /// Continuations of one context that are scored together.
    public var continuations = 16

    public init() {}
}
