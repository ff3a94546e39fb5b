// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tokenization

/// Turns the ids of one answer into text, one at a time, whole characters only.
public protocol TextStream: Sendable {
    /// Takes one id and returns the text that became definite, possibly empty.
    mutating func append(_ id: Int32) -> String

    /// What was held back.
    mutating func finish() -> String
}

extension StreamingDecoder: TextStream {}
