// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Generation

@Suite("A schema allows exactly the texts of its form")
struct JSONSchemaTests {
    static let note = """
        {"type": "object", "title": "note", "properties": {
          "drug": {"type": "string", "maxLength": 8, "minLength": 1},
          "dose": {"type": "number"}, "times": {"type": "integer"}, "given": {"type": "boolean"},
          "route": {"enum": ["oral", "iv", "or \\"other\\"", 3, null]},
          "codes": {"type": "array", "items": {"type": "string", "maxLength": 2}, "minItems": 1, "maxItems": 3},
          "by": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}, "required": ["name"]},
          "none": {"type": "null"}, "empty": {"type": "object", "properties": {}}
        }, "required": ["drug"], "additionalProperties": false}
        """

    static func schema(_ text: String, isOrdered: Bool = true) throws -> JSONSchema {
        try JSONSchema(Array(text.utf8), isOrdered: isOrdered)
    }

    /// Whether a text is a whole one of the form.
    private func allows(_ text: String, _ schema: JSONSchema) -> Bool {
        var state = SchemaState(schema)
        for byte in text.utf8 where !state.take(byte, schema) { return false }
        return state.isComplete(schema)
    }

    @Test("Whole notes, with one space where there may be one")
    func notes() throws {
        let schema = try Self.schema(Self.note)
        let good =
            #"{"drug":"a\n\u00e9é","dose":-0.5e+3,"times":10,"given":true,"route":"iv","codes":["","xy"],"#
            + #""by":{"name":null},"none":null,"empty":{}}"#
        #expect(allows(good, schema))
        #expect(allows(good.replacing(":", with: ": ").replacing(",\"", with: ", \""), schema))
        for (from, to) in [
            ("\"drug\"", "\"drag\""), ("-0.5e+3", "-.5"), ("10", "010"), ("10", "1.5"), ("true", "True"),
            ("\"iv\"", "\"im\""), ("[\"\",\"xy\"]", "[]"), ("[\"\",\"xy\"]", "[\"xyz\"]"), ("null}", "3}"),
            ("[\"\",\"xy\"]", "[\"\",\"\",\"\",\"\"]"), ("\\n", "\\x"), ("\"dose\":", "\"dose\":  "), ("{}}", "{}} "),
            ("\"a\\n\\u00e9é\"", "\"\""), ("\"a\\n\\u00e9é\"", "\"123456789\""), ("\\u00e9", "\\ud800"),
        ] {
            #expect(good.contains(from), "\(from)")
            #expect(!allows(good.replacing(from, with: to), schema), "\(to)")
        }
        for route in ["\"or \\\"other\\\"\"", "3", "null"] {
            #expect(allows(good.replacing("\"iv\"", with: route), schema))
        }
    }

    @Test("A number at the root may end wherever it is whole")
    func numbers() throws {
        let schema = try Self.schema(#"{"type": "number"}"#)
        for text in ["0", "-0", "12", "3.25", "1e5", "1E-05".replacing("05", with: "5"), "-7.0e+9"] {
            #expect(allows(text, schema), "\(text)")
        }
        for text in ["", "-", "01", "1.", ".5", "1e", "1e+", "1e123", "--1", "1 "] {
            #expect(!allows(text, schema), "\(text)")
        }
    }

    @Test("Strings are UTF-8 to the byte")
    func unicode() throws {
        let schema = try Self.schema(#"{"type": "string", "maxLength": 2}"#)
        #expect(allows("\"患😀\"", schema) && !allows("\"患😀x\"", schema))
        for bytes: [UInt8] in [
            [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5], [0x80], [0xC3, 0x22],
        ] {
            var state = SchemaState(schema)
            #expect(!([0x22] + bytes).allSatisfy { state.take($0, schema) })
        }
    }

    @Test("Without an order, members come as required has them and then by name")
    func order() throws {
        let text =
            #"{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},"required":["c","b"]}"#
        #expect(allows(#"{"a":null,"b":null,"c":null}"#, try Self.schema(text)))
        #expect(allows(#"{"c":null,"b":null,"a":null}"#, try Self.schema(text, isOrdered: false)))
    }

    @Test(
        "What can't be held to is refused by its name",
        arguments: [
            (#"{"type":"string","pattern":"a+"}"#, "pattern"), (#"{"anyOf":[]}"#, "anyOf"), (#"{"$ref":"a"}"#, "$ref"),
            (#"{"type":"integer","minimum":3}"#, "minimum"), (#"{"type":"strin"}"#, "type"), (#"[]"#, "no object"),
            (#"{"type":"array"}"#, "items"), (#"{"type":["string","integer"]}"#, "type"), (#"{"enum":[]}"#, "enum"),
            (#"{"enum":[[1]]}"#, "enum"), (#"{"type":"object","required":["x"]}"#, "required"), (#"{"#, "byte 1"),
            (#"{"type":"string","maxLength":-1}"#, "maxLength"), (#"{"type":"string","type":"null"}"#, "twice"),
            (#"{"type":"string","minLength":9,"maxLength":3}"#, "minLength"), (#"{"type":"string"} x"#, "byte 18"),
            (
                #"{"type":"object","properties":{"a":{"type":"array","items":{"format":"x","type":"string"}}}}"#,
                "format"
            ),
        ])
    func refusals(text: String, word: String) {
        let error = #expect(throws: GenerationError.self) { try Self.schema(text) }
        #expect(error?.code == .invalidFormat)
        #expect(error?.description.contains(word) == true, "\(error.map(\.description) ?? "")")
    }

    @Test("Too deep and too large schemas are refused")
    func bounds() {
        let deep =
            String(repeating: #"{"type":"array","items":"#, count: 40) + #"{"type":"null"}"#
            + String(repeating: "}", count: 40)
        #expect(throws: GenerationError.self) { try Self.schema(deep) }
        #expect(throws: GenerationError.self) {
            try Self.schema(#"{"type":"null","title":""# + String(repeating: "a", count: 70_000) + "\"}")
        }
        let wide = (0..<1100).map { "\"p\($0)\":{\"type\":\"null\"}" }.joined(separator: ",")
        #expect(throws: GenerationError.self) { try Self.schema("{\"type\":\"object\",\"properties\":{\(wide)}}") }
    }
}
