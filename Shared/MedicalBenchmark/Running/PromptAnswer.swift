// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a model wrote after a prompt.
public struct PromptAnswer: Sendable, Hashable {
    public var text: String
    /// Its share of what the answers of its call took; nil of one's own models.
    public var usage: ModelUsage?

    public init(text: String, usage: ModelUsage? = nil) {
        self.text = text
        self.usage = usage
    }
}
