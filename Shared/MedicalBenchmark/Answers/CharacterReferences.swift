// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `&lt;` and its like.
enum CharacterReferences {
    private static let named = [
        "lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'", "nbsp": "\u{A0}",
    ]

    /// What stands for a name between `&` and `;`, or nil where it is none of XML's five, a space or a number.
    static func text(of name: String) -> String? {
        if let text = named[name] { return text }
        guard name.first == "#" else { return nil }
        let digits = name.dropFirst()
        let value =
            digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return value.flatMap(Unicode.Scalar.init).map(String.init)
    }
}
