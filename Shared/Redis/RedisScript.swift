// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A Lua script, known to the server by the SHA-1 digest of its source.
///
/// Digests are of the content, so processes of two versions run side by side without replacing each other's code.
public struct RedisScript: Sendable, Hashable {
    /// The script's name, for errors and metrics.
    public let name: String
    /// The Lua source.
    public let source: String
    /// The lower-case hexadecimal SHA-1 of the source.
    public let digest: String

    /// A script from its source.
    public init(name: String, source: String) {
        self.name = name
        self.source = source
        digest = SHA1.hexadecimal(of: Array(source.utf8))
    }

    /// A script from an embedded resource.
    public init(name: String, source: [UInt8]) {
        self.init(name: name, source: String(decoding: source, as: UTF8.self))
    }

    /// How the server is told which script.
    package enum Form { case digest, source }

    /// The command that runs it.
    package func evaluate(keys: [String], arguments: [String], by form: Form) -> RedisCommand {
        let leading = [form == .digest ? digest : source, String(keys.count)]
        return RedisCommand(
            form == .digest ? "EVALSHA" : "EVAL", arguments: leading + keys + arguments, operation: "script \(name)")
    }
}
