// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@testable import ServiceRuntime

@Suite("YAML is read as the JSON it means, by the core schema of YAML 1.2, within bounds")
struct YAMLDocumentTests {
    @Test(
        "Plain words have the types that people mean",
        arguments: [
            ("yes", "yes"), ("no", "no"), ("on", "on"), ("true", true), ("False", false), ("~", .null), ("12", 12),
            ("-3", -3), ("8e-6", 8e-6), ("0.00001", 1e-5), ("1.5", 1.5), ("1.2.3", "1.2.3"),
            ("2020-01-01", "2020-01-01"),
            ("1e999", "1e999"), (".", "."), ("-", "-"), ("9223372036854775807", 9_223_372_036_854_775_807),
        ] as [(String, JSONValue)])
    func plainScalars(_ text: String, _ value: JSONValue) { #expect(YAMLDocument.plain(text) == value) }

    @Test("Quotes make text, anchors are unfolded")
    func document() throws {
        let text = "a: &x {n: 1, s: \"1\", t: '${b.c}'}\nb: [*x, 2]\nc: |\n  line\n"
        let inner: JSONValue = ["n": 1, "s": "1", "t": "${b.c}"]
        #expect(try YAMLDocument.parse(text) == ["a": inner, "b": [inner, 2], "c": "line\n"])
    }

    @Test(
        "What is broken or too deep is an error without its text",
        arguments: [
            "secret: [", "- secret\nsecret: x", "a: 1\na: 2", "", "[a]: secret", "{[1]: 2}", "*secret",
            String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000),
            String(repeating: "? ", count: 100_000), String(repeating: "{a: ", count: 1000),
            (0..<300).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
        ])
    func broken(_ text: String) {
        #expect { try YAMLDocument.parse(text) } throws: { error in
            error is MessageError && !"\(error)".contains("secret")
        }
    }
}
