// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a file of keys can't be used: file, line, and how to mend it. It never quotes the line.
struct KeyFileError: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
