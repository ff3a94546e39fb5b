// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// Tests write ids as literals.
extension JobID: ExpressibleByStringLiteral {
    /// The id of this text.
    public init(stringLiteral value: String) { self.init(value) }
}

/// Tests write ids as literals.
extension RunID: ExpressibleByStringLiteral {
    /// The id of this text.
    public init(stringLiteral value: String) { self.init(value) }
}
