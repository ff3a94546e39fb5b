// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a tokenizer_config.json says, as far as it matters here.
public struct TokenizerSettings: Sendable, Equatable {
    /// Whether a sequence begins with BOS, and ends with EOS, by default.
    public var addsBOS: Bool?
    public var addsEOS: Bool?
    /// The tokens that begin and end a sequence, as written.
    public var begin: String?
    public var end: String?
    /// The chat template, in Jinja.
    public var chatTemplate: String?

    /// Settings that say nothing, to be filled and written.
    public init() {}

    /// Reads a tokenizer_config.json; `name` is its path for errors.
    public init(bytes: [UInt8], name: String) throws {
        var scanner = JSONScanner(bytes, name: name)
        try scanner.object { scanner, key in
            switch String(decoding: key, as: UTF8.self) {
            case "add_bos_token": addsBOS = try scanner.takeNull() ? nil : scanner.boolean()
            case "add_eos_token": addsEOS = try scanner.takeNull() ? nil : scanner.boolean()
            case "bos_token": begin = try Self.token(&scanner)
            case "eos_token": end = try Self.token(&scanner)
            // Some files hold several named templates; none of them is the one.
            case "chat_template" where scanner.peek() == UInt8(ascii: "\""):
                chatTemplate = String(decoding: try scanner.string(), as: UTF8.self)
            default: try scanner.skip()
            }
        }
        try scanner.end()
    }

    /// Either the token or an object with its `content`.
    private static func token(_ scanner: inout JSONScanner) throws -> String? {
        if scanner.takeNull() { return nil }
        guard scanner.peek() == UInt8(ascii: "{") else { return String(decoding: try scanner.string(), as: UTF8.self) }
        var content: String?
        try scanner.object { scanner, key in
            if key == Array("content".utf8) {
                content = String(decoding: try scanner.string(), as: UTF8.self)
            } else {
                try scanner.skip()
            }
        }
        return content
    }

    /// The settings as a tokenizer_config.json.
    public var bytes: [UInt8] {
        var fields: [[UInt8]] = []
        func add(_ key: String, _ value: [UInt8]) { fields.append(Array("  \"\(key)\": ".utf8) + value) }
        if let addsBOS { add("add_bos_token", Array("\(addsBOS)".utf8)) }
        if let addsEOS { add("add_eos_token", Array("\(addsEOS)".utf8)) }
        if let begin { add("bos_token", JSONScanner.quoted(Array(begin.utf8))) }
        if let chatTemplate { add("chat_template", JSONScanner.quoted(Array(chatTemplate.utf8))) }
        if let end { add("eos_token", JSONScanner.quoted(Array(end.utf8))) }
        return Array("{\n".utf8) + fields.joined(separator: Array(",\n".utf8)) + Array("\n}\n".utf8)
    }
}
