// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What is wrong with an encoder's files or with what is asked of it, where, and how to mend it, in one line.
public struct EncoderError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
