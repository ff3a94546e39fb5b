// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension RedisError {
    /// The error for an error reply, without the argument values that Redis likes to quote in them.
    init(reply message: String, operation: String) {
        let code = Code(replyPrefix: message.prefix { $0 != " " })
        switch code {
        case .authenticationFailed:
            self.init(code, operation: operation, detail: Self.credentials(message))
        case .notPermitted:
            self.init(code, operation: operation, detail: Self.permission(message))
        // A password for a server that wants none.
        case .serverError where message.hasPrefix("ERR AUTH "):
            self.init(
                .authenticationFailed, operation: operation,
                detail: "the server's default user has no password; leave it out of MELLAMA_REDIS_URL, or name a user")
        // What a script's user lacks comes without a word of its own.
        case .serverError where message.contains("The user executing the script can't"):
            self.init(.notPermitted, operation: operation, detail: Self.permission(message))
        default:
            self.init(code, operation: operation, detail: Self.withoutArguments(message))
        }
    }

    private static func credentials(_ message: String) -> String {
        message.hasPrefix("NOAUTH")
            ? "NOAUTH: the server asks for a password; write redis://user:password@host in MELLAMA_REDIS_URL"
            : "WRONGPASS: no such user, or another password, or the user is off; "
                + "check user and password of MELLAMA_REDIS_URL"
    }

    /// What the ACL user lacks: the command's name is Redis's own word for it, never an argument.
    private static func permission(_ message: String) -> String {
        let mending = "; docs/operations.md has the ACL SETUSER line"
        if message.contains("keys") {
            return "NOPERM: the Redis user may not touch these keys; give it those of MELLAMA_NAMESPACE" + mending
        }
        let parts = message.split(separator: "'", omittingEmptySubsequences: false)
        if message.hasPrefix("NOPERM"), parts.count == 3 {
            return "NOPERM: the Redis user may not run \(parts[1].prefix(40)); give it +\(parts[1].prefix(40))"
                + mending
        }
        return "NOPERM: the Redis user may not run a command of this script; give it all that the queue needs" + mending
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
