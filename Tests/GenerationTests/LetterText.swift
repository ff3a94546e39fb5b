// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation

/// Ids as letters, "a" for 0.
struct LetterText: TextStream {
    mutating func append(_ id: Int32) -> String {
        UnicodeScalar(UInt32(id) + 97).map { String(Character($0)) } ?? ""
    }

    mutating func finish() -> String { "" }
}
