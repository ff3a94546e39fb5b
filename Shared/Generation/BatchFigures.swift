// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What one step did and what is left, for whoever watches: numbers only.
public struct BatchFigures: Sendable, Hashable {
    /// Requests that wait.
    public var waiting = 0
    /// Requests under way.
    public var active = 0
    /// Tokens of prompts and continuations computed in the step.
    public var prefillTokens = 0
    /// Tokens of answers computed in the step.
    public var decodeTokens = 0
    /// Tokens of the prompts that began with this step, and how many of these were kept from earlier ones.
    public var promptTokens = 0
    public var keptTokens = 0
    /// Pages reserved for what is under way, pages of kept beginnings, and pages there are.
    public var reservedPages = 0
    public var keptPages = 0
    public var totalPages = 0
    public var duration = Duration.zero

    public init() {}
}
