// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension RedisError {
    /// The error for an error reply, without the argument values that Redis likes to quote in them.
    init(reply message: String, operation: String) {
        let prefix = message.prefix { $0 != " " }
        self.init(Code(replyPrefix: prefix), operation: operation, detail: Self.withoutArguments(message))
    }

    /// A reply's text with everything removed that may be a caller's value.
    ///
    /// Messages of a script's own run time are kept whole: they quote the script's source, not its arguments.
    static func withoutArguments(_ message: String) -> String {
        if message.contains("user_script:"), !message.contains("with args") { return String(message.prefix(300)) }
        var kept = ""
        var quote: Character?
        for character in message.prefix(300) {
            if let open = quote {
                if character == open {
                    quote = nil
                    kept.append(character)
                }
            } else {
                kept.append(character)
                if character == "'" || character == "`" || character == "\"" {
                    quote = character == "`" ? "'" : character
                    kept.append("…")
                }
            }
        }
        return kept
    }
}
