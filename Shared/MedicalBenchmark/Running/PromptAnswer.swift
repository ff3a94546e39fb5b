// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a model wrote after a prompt.
public struct PromptAnswer: Sendable, Hashable {
    public var text: String

    public init(text: String) { self.text = text }
}
