// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a tokenizer_config.json says, as far as it matters here.
struct TokenizerSettings: Sendable, Equatable {
    static let largestFile = 1 << 22

    var addsBOS: Bool?
    var addsEOS: Bool?
    /// The tokens that begin and end a sequence, as written.
    var begin: String?
    var end: String?
    /// The chat template, in Jinja.
    var chatTemplate: String?

    init(bytes: [UInt8], name: String) throws {
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
}
