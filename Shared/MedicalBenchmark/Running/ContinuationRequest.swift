// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A continuation to be scored after a context. The two are one text: the continuation brings its leading space.
public struct ContinuationRequest: Sendable, Hashable {
    public var context: String
    public var continuation: String

    public init(context: String, continuation: String) {
        self.context = context
        self.continuation = continuation
    }
}
