// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Messages

@Suite("Our JSON reader and writer agree with Foundation's")
struct JSONTextTests {
    /// What Foundation makes of the bytes; nil where it refuses them.
    private static func expected(_ bytes: Data) -> JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: bytes) }

    private static func read(_ bytes: Data) -> JSONValue? { try? MessageDecoder.parse(bytes) }

    private static func foundationText(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static let texts = [
        "1", " 1 ", "-0", "0", "00", "01", "-", "-a", "1.", "1.5", ".5", "+1", "1e3", "1E+3", "1e-3", "1.0", "1.50",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e15", "1e19",
        "1e308", "1e309", "-1e999", "1e-400", "123456789012345678901234567890", "0.1", "1e", "1e+", "NaN", "Infinity",
        "true", "tru", "truex", "null", "nul", "false", "[", "]", "[]", "[,1]", "[1 2]", "[1,2]", "{}", "{",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,\"a\":2}", "{a:1}", "{\"a\":1}x", "\"", "\"a", "\"a\"",
        "\"\\u0041\"", "\"\\u00\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"",
        "\"\\ud83d\\u0041\"", "\"\\x\"", "\"\\\"", "\"\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "\"\t\"", "\"\n\"", "\"\u{7F}\"",
        "\"\u{2028}\"", "\"é\"", "\"😀\"", "\u{FEFF}1", "\"\\u0000\"", "", " ", "// a\n1", "'a'", "\"e\\u0301\"",
        "{\"é\":1,\"e\\u0301\":2}", "[[[[]]]]", "{\"a\":{\"b\":[1,{\"c\":null}]}}", "1 2", "[1]]",
    ]

    @Test("The corners of the grammar", arguments: texts)
    func corners(text: String) throws {
        let bytes = Data(text.utf8)
        #expect(Self.read(bytes) == Self.expected(bytes))
    }

    @Test(
        "Bytes that are no UTF-8",
        arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]])
    func brokenText(bytes: [UInt8]) { #expect(Self.read(Data(bytes)) == nil) }

    @Test("A trailing comma, which Foundation lets pass", arguments: ["[1,]", "{\"a\":1,}"])
    func trailingComma(text: String) { #expect(Self.read(Data(text.utf8)) == nil) }

    @Test("Nesting has the same limit", arguments: [1, 100, 511, 512, 513, 2000])
    func nesting(depth: Int) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let bytes = Data(
                (String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
            #expect((Self.read(bytes) == nil) == (Self.expected(bytes) == nil), "\(open) \(depth)")
        }
    }

    @Test("Mutations of the golden files", arguments: [11 as UInt64, 12, 13])
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let seeds = try HostileBytesTests.seeds()
        for _ in 0..<500 {
            var bytes = try #require(seeds.randomElement(using: &generator))
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                HostileBytesTests.mutate(&bytes, seeds, &generator)
            }
            // Foundation guesses UTF-16 and UTF-32 from zero bytes at the start.
            guard !bytes.prefix(4).contains(0) else { continue }
            let (ours, theirs) = (Self.read(bytes), Self.expected(bytes))
            // What Foundation takes beyond the grammar.
            if ours == nil, theirs != nil, bytes.hasTrailingComma { continue }
            #expect(ours == theirs, "\(String(decoding: bytes, as: UTF8.self))")
            guard let ours else { continue }
            let text = String(decoding: try MessageEncoder.encode(ours), as: UTF8.self)
            #expect(try text == Self.foundationText(ours))
        }
    }

    @Test("Random values are written as Foundation writes them, and read back")
    func writing() throws {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            let value = Self.random(depth: 4, &generator)
            let bytes = try MessageEncoder.encode(value)
            #expect(try String(decoding: bytes, as: UTF8.self) == Self.foundationText(value))
            #expect(Self.read(bytes) == value.normalized)
        }
        #expect(throws: (any Error).self) { try MessageEncoder.encode(JSONValue.array([.number(.nan)])) }
    }

    @Test("Messages that build their JSON by hand write what Codable would")
    func representables() throws {
        let failure = JobFailure(.badInput, title: "t/1", detail: "d\n\u{1}", retryable: true)
        let output: JSONValue = ["ids": [[1, 2.5]], "none": .null]
        let artifact = ArtifactID("sha256:" + String(repeating: "ab", count: 32))
        let results = [
            JobResult(status: .succeeded), JobResult(status: .failed, error: failure),
            JobResult(
                status: .cancelled, output: output, metrics: ["seconds": 1, "rate": 0.1], artifacts: [artifact]),
        ]
        for result in results {
            #expect(try MessageEncoder.text(result) == Self.foundationText(result))
            #expect(try MessageEncoder.encode(result) == Data(Self.foundationText(result).utf8))
        }
        #expect(try MessageEncoder.text(failure) == Self.foundationText(failure))
    }

    private static func random(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: .min ... .max, using: &generator))
        case 3:
            let exponent = Double.random(in: -320...308, using: &generator)
            return .number(Double.random(in: -1...1, using: &generator) * pow(10, exponent))
        case 4: return .number(Double(Int.random(in: -1000...1000, using: &generator)) / 8)
        case 5: return .string(text(&generator))
        case 6, 7:
            return .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in random(depth: depth - 1, &generator) })
        default:
            let members = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                (text(&generator), random(depth: depth - 1, &generator))
            }
            return .object(Dictionary(members, uniquingKeysWith: { $1 }))
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        let pieces = [
            "a", "B", "é", "e\u{301}", "😀", "\"", "\\", "/", "\n", "\u{0}", "\u{1F}", "\u{7F}", "\u{2028}", "10", "9",
            "_",
        ]
        return (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in pieces.randomElement(using: &generator)
        }
        .joined()
    }

    @Test("minus zero is written as it will be read")
    func minusZero() throws {
        let written = try MessageEncoder.encode(JSONValue.number(-0.0))
        #expect(String(decoding: written, as: UTF8.self) == "0")
        #expect(try MessageEncoder.encode(MessageDecoder.parse(written)) == written)
    }
}

extension Data {
    /// Whether a comma stands before a closing bracket.
    fileprivate var hasTrailingComma: Bool {
        String(decoding: self, as: UTF8.self).contains(/,\s*[\]}]/)
    }
}

extension JSONValue {
    /// The value as it is read back: whole numbers up to 2⁵³ are integers.
    fileprivate var normalized: JSONValue {
        switch self {
        case .number(let value) where abs(value) <= 0x1p53: Int64(exactly: value).map { .integer($0) } ?? self
        case .array(let items): .array(items.map(\.normalized))
        case .object(let members): .object(members.mapValues(\.normalized))
        default: self
        }
    }
}
