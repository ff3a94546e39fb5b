// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Messages
import ServiceRuntime
import Testing

@Suite("Whatever text a recipe's file holds: a document or an error")
struct YAMLFuzzTests {
    @Test func documents() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/recipes")
        let recipes = try FileManager.default.contentsOfDirectory(at: fixtures, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
        let texts = try recipes.map { try Data(contentsOf: $0) } + Self.seeds.map { Data($0.utf8) }
        try FuzzRun(
            FuzzTarget(
                name: "yaml", seeds: texts.map(Array.init),
                words: [
                    "&a ", "*a", "- ", ": ", "\n", "\n  ", "{", "}", "[", "]", "|", ">", "'", "\"", "#", "<<: *a",
                    "---\n", "!!int ", "\t", "? ",
                ],
                read: Self.read)
        ).run()
    }

    private static let seeds = [
        "a: 1\nb: [true, yes, 8e-6, 0x1f, .inf]\nc: {d: null}\n", "- &a {x: 1}\n- *a\n- [*a, *a]\n",
        "text: |\n  one\n  two\nother: >-\n  three\n", "'quoted': \"esc\\u00e9aped\"\n",
    ]

    @Sendable private static func read(_ bytes: [UInt8]) throws -> FuzzTarget.Verdict {
        let value: JSONValue
        do throws(MessageError) {
            value = try YAMLDocument.parse(String(decoding: bytes, as: UTF8.self))
        } catch {
            return .refused
        }
        // What a person wrote becomes the body of a request: it must be JSON, and read as the same.
        let written: Data
        do {
            written = try MessageEncoder.encode(value)
        } catch {
            throw FuzzFailure("a document that JSON can't hold")
        }
        // Its text, not its value: 1e3 is a number here and, written as 1000, an integer there.
        let again = try? MessageEncoder.encode(MessageDecoder.parse(written))
        try FuzzFailure.unless(again == written, "as JSON it is another document")
        if let recipe = try? MessageDecoder(policy: .strict).decode(Recipe.self, from: value) {
            _ = try? recipe.validate()
        }
        return .accepted
    }
}
