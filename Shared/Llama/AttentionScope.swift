// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What the tokens of a pass attend to.
enum AttentionScope {
    /// Earlier tokens of the same span, in the pass itself.
    case spans([TokenBatch.Span])
    /// The tokens in a cache and earlier ones of the same span, which the pass appends to the cache.
    case caches([(span: TokenBatch.Span, cache: KVCache)])
}
