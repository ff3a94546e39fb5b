// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

@Suite("Hostile bytes end in an error, never in a crash")
struct HostileBytesTests {
    /// Decodes as the gateway would, and tells whether the bytes were accepted.
    @discardableResult
    static func feed(_ bytes: Data) -> Bool {
        guard let value = try? MessageDecoder.parse(bytes) else { return false }
        let strict = MessageDecoder(policy: .strict)
        let lenient = MessageDecoder(policy: .lenient)
        try? strict.decode(JobMessage.self, from: value).validate()
        _ = try? lenient.decode(JobEnvelope.self, from: value)
        _ = try? lenient.decode(JobSnapshot.self, from: value)
        _ = try? lenient.decode(JobResult.self, from: value)
        _ = try? lenient.decode(JobEvent.self, from: value)
        _ = try? strict.decode(Recipe.self, from: value).validate()
        return true
    }

    static func seeds() throws -> [Data] {
        try FileManager.default.contentsOfDirectory(at: Golden.folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map { try Data(contentsOf: $0) }
    }

    @Test("Mutations of the golden files, for a second", arguments: [1 as UInt64, 2])
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let seeds = try Self.seeds()
        let limit = ContinuousClock.now + .milliseconds(500)
        var fed = 0
        var accepted = 0
        while ContinuousClock.now < limit || fed < 200 {
            var bytes = try #require(seeds.randomElement(using: &generator))
            for _ in 0..<Int.random(in: 1...4, using: &generator) { Self.mutate(&bytes, seeds, &generator) }
            if Self.feed(bytes) { accepted += 1 }
            fed += 1
        }
        // Mutations that all break the JSON would test the parser alone.
        #expect(accepted > fed / 20)
    }

    static func mutate(_ bytes: inout Data, _ seeds: [Data], _ generator: inout SeededGenerator) {
        let tokens = [
            "null", "-1", "1e999", "18446744073709551616", "\"\"", "[]", "{}", "true", "\"${a.b}\"", "0.5",
            "\"sha256:\"",
            "\u{0}", "\"\\ud800\"",
        ]
        guard !bytes.isEmpty else { return }
        let index = bytes.indices.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
        case 1: bytes.removeSubrange(index...)
        case 2: bytes.remove(at: index)
        case 3, 4:
            // In place of a value: after a colon, to the next comma or line.
            guard let colon = bytes[index...].firstIndex(of: UInt8(ascii: ":")) else { return }
            let start = colon + 1
            let end =
                bytes[start...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") } ?? bytes.endIndex
            bytes.replaceSubrange(start..<end, with: Data((tokens.randomElement(using: &generator) ?? "0").utf8))
        default:
            let other = seeds.randomElement(using: &generator) ?? Data()
            bytes.insert(contentsOf: other.prefix(Int.random(in: 0...200, using: &generator)), at: index)
        }
    }

    @Test func randomBytes() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...64, using: &generator)
            Self.feed(Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
        }
        #expect(!Self.feed(Data()))
    }

    @Test("Deep nesting", arguments: [400, 512, 600, 100_000])
    func deepNesting(depth: Int) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            Self.feed(Data(text.utf8))
            Self.feed(
                Data(#"{"kind": "train.tune", "payload": {"model": {"configuration": \#(text)}, "tokens": "t"}}"#.utf8))
            Self.feed(Data(String(repeating: open, count: depth).utf8))
        }
    }

    @Test func aMillionNumbersAreReadInAReasonableTime() throws {
        let text = "[" + (0..<1_000_000).map(String.init).joined(separator: ",") + "]"
        let start = ContinuousClock.now
        let value = try MessageDecoder.parse(Data(#"{"ids": [\#(text)]}"#.utf8))
        let output = try MessageDecoder(policy: .lenient).decode(TokenizeText.Output.self, from: value)
        #expect(output.ids[0].count == 1_000_000)
        // Some seconds on a loaded machine; quadratic work would take hours.
        #expect(ContinuousClock.now - start < .seconds(60))
    }
}
