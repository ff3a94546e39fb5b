// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a command did not do as asked: one line with what, where and how to mend it.
struct MellamaError: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
