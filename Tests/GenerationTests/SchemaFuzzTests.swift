// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Testing

@testable import Generation

@Suite("Whatever bytes a schema holds: a form that can be written, or an error")
struct SchemaFuzzTests {
    @Test func schemas() throws {
        var target = FuzzTarget(
            name: "schema",
            seeds: [
                Array(JSONSchemaTests.note.utf8), Array(#"{"type":["integer","null"]}"#.utf8),
                Array(#"{"type":"array","items":{"enum":["a","é\n",1,null]},"maxItems":4}"#.utf8),
            ],
            words: [
                "\"type\":", "\"object\"", "\"array\"", "\"string\"", "\"integer\"", "\"null\"", "\"properties\":",
                "\"items\":", "\"enum\":", "\"required\":", "\"maxLength\":", "\"minItems\":", "{", "}", "[", "]", ",",
                "\\ud83d\\ude00", "\\u0000",
            ]
        ) { bytes in
            let schema: JSONSchema
            do { schema = try JSONSchema(bytes) } catch is GenerationError { return .refused }
            // Always to a byte that may come: the text is whole in the end, and JSON.
            var random = TestRandom(UInt64(bytes.count))
            var state = SchemaState(schema)
            var text: [UInt8] = []
            while !state.isFinished, text.count < 20_000 {
                var next: [UInt8] = []
                for byte in 0...UInt8.max {
                    var other = state
                    if other.take(byte, schema) { next.append(byte) }
                }
                // Quotes, brackets and digits first, so that it ends.
                let ending = next.filter { [0x22, 0x5D, 0x7D].contains($0) }
                guard let byte = (ending.isEmpty ? next : ending).randomElement(using: &random) else {
                    try FuzzFailure.unless(state.isComplete(schema), "a place without a way on")
                    break
                }
                _ = state.take(byte, schema)
                text.append(byte)
            }
            guard text.count < 20_000 else { return .accepted }
            do {
                _ = try JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
            } catch {
                throw FuzzFailure("a text that is no JSON")
            }
            return .accepted
        }
        target.maximumBytes = 4 << 10
        try FuzzRun(target).run()
    }
}
