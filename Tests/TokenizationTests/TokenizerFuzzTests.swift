// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import OracleSupport
import Testing

@testable import Tokenization

@Suite("Whatever bytes a tokenizer's files hold: a tokenizer whose text comes back, or an error")
struct TokenizerFuzzTests {
    private static let root = OutsideData.fixtures.appending(path: "tokenization")

    private static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appending(path: path)))
    }

    @Test func tokenizerJSON() throws {
        var target = FuzzTarget(
            name: "tokenizer.json",
            seeds: try ["llama3-like", "gpt2-like"].map { try Self.bytes($0 + "/tokenizer.json") },
            words: [
                "\"vocab\":", "{", "}", "[", "]", ",", ":", "null", "true", "false", "\"\"", "\\u0120", "\\ud83e",
                "\"id\":", "\"content\":", "\"merges\":", "\"special\":true", "\"a\"", "\"type\":\"ByteLevel\"",
            ],
            restructure: Self.changeNumber
        ) { bytes in
            let tokenizer: ByteLevelTokenizer
            do { tokenizer = try ByteLevelTokenizer(bytes: bytes, name: "fuzzed") } catch is TokenizationError {
                return .refused
            }
            let text = "It's 3000 mg.\r\n\n 患者 <|eot_id|> patientpatientpatientpatientpatientpatientpatient\u{301}"
            let ids = tokenizer.encode(untrusted: text)
            try FuzzFailure.unless(
                ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }, "an id outside the vocabulary")
            _ = tokenizer.decode(tokenizer.encode(text), showsControls: true)
            return .accepted
        }
        target.maximumBytes = 64 << 10
        try FuzzRun(target).run()
    }

    @Test func sentencePiece() throws {
        var target = FuzzTarget(
            name: "tokenizer.model",
            seeds: try ["plain", "user-defined"].map { try Self.bytes($0 + "/tokenizer.model") },
            words: ["\u{2581}", "<0x41>", "\n\u{0E}\n"]
        ) { bytes in
            do {
                let tokenizer = try SentencePieceTokenizer(bytes: bytes, name: "fuzzed")
                _ = tokenizer.decode(tokenizer.encode("The heart  is of normal size. 患者\u{FFFD}"))
                return .accepted
            } catch is TokenizationError { return .refused }
        }
        target.maximumBytes = 16 << 10
        try FuzzRun(target).run()
    }

    @Test func settings() throws {
        let seed =
            #"{"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "add_bos_token": true, "#
            + #""chat_template": "{% for m in messages %}{{ m['content'] }}\n{% endfor %}", "model_max_length": 1e30}"#
        try FuzzRun(
            FuzzTarget(
                name: "tokenizer_config.json", seeds: [Array(seed.utf8)],
                words: ["{", "}", "[", "]", "\\u00e9", "\\ud800", "null", "1e999", "\"add_eos_token\": false,"]
            ) { bytes in
                do {
                    _ = try TokenizerSettings(bytes: bytes, name: "fuzzed")
                    return .accepted
                } catch is TokenizationError { return .refused }
            }
        ).run()
    }

    /// Another number for one in the file: an id or a rank that is taken, or beyond the vocabulary.
    @Sendable private static func changeNumber(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let place = random.below(max(1, bytes.count))
        func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        guard place < bytes.count, let start = bytes[place...].firstIndex(where: isDigit) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: Array(String(random.below(600)).utf8))
    }
}
