// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite("What another version wrote is decoded leniently")
struct LenientDecodingTests {
    @Test func unknownFieldsAreIgnored() throws {
        let json: JSONValue = ["tokenizer": "t", "texts": ["a"], "later": ["field": 1]]
        let payload = try MessageDecoder(policy: .lenient).decode(TokenizeText.self, from: json)
        #expect(payload == TokenizeText(tokenizer: "t", texts: ["a"]))
        #expect(throws: MessageError.self) {
            try MessageDecoder(policy: .strict).decode(TokenizeText.self, from: json)
        }
    }

    @Test func anEnvelopeOfALaterVersionIsRead() throws {
        guard
            case .object(var members) = try MessageEncoder.value(
                JobEnvelope(id: JobID("j"), fence: Fence(2), message: JobMessage(kind: "later.kind", payload: [:])))
        else {
            Issue.record("an envelope is no object")
            return
        }
        members["region"] = "eu"
        let envelope = try MessageDecoder(policy: .lenient).decode(JobEnvelope.self, from: .object(members))
        #expect(envelope.message.kind == "later.kind")
        #expect(envelope.attempt == 1)
    }

    @Test func missingFieldsAndWrongTypesAreStillErrors() {
        #expect(throws: MessageError(.missingField, path: "", detail: "the field \"texts\" is missing")) {
            try MessageDecoder(policy: .lenient).decode(TokenizeText.self, from: ["tokenizer": "t"])
        }
        #expect(throws: MessageError(.wrongType, path: "texts", detail: "expected an array, found null")) {
            try MessageDecoder(policy: .lenient).decode(TokenizeText.self, from: ["tokenizer": "t", "texts": .null])
        }
    }

    @Test func optionalFieldsMayBeNull() throws {
        let payload = try MessageDecoder(policy: .strict).decode(
            TokenizeText.self, from: ["tokenizer": "t", "texts": [], "addBOS": .null])
        #expect(payload.addBOS == nil)
    }

    @Test func everyIntegerTypeDecodesWithinItsBounds() throws {
        let decoder = MessageDecoder(policy: .strict)
        #expect(try decoder.decode([UInt8].self, from: [0, 255]) == [0, 255])
        #expect(try decoder.decode([Int16].self, from: [-32_768]) == [-32_768])
        #expect(try decoder.decode([UInt32].self, from: [4_294_967_295]) == [4_294_967_295])
        #expect(try decoder.decode([UInt].self, from: [7]) == [7])
        #expect(throws: MessageError.self) { try decoder.decode([UInt8].self, from: [256]) }
        #expect(throws: MessageError.self) { try decoder.decode([UInt].self, from: [-1]) }
        #expect(throws: MessageError.self) { try decoder.decode([Int].self, from: [1.5]) }
    }

    @Test func seedsKeepAllTheirBitsOrAreRefused() throws {
        var settings = TrainingSettings()
        settings.seed = UInt64(Int64.max)
        let value = try MessageDecoder.parse(MessageEncoder.encode(settings))
        #expect(try MessageDecoder(policy: .strict).decode(TrainingSettings.self, from: value).seed == settings.seed)
        settings.seed = UInt64.max
        let large = try MessageDecoder.parse(MessageEncoder.encode(settings))
        #expect(
            throws: MessageError(
                .wrongType, path: "seed", detail: "expected an integer from 0 to 9223372036854775807, found a number")
        ) {
            try MessageDecoder(policy: .strict).decode(TrainingSettings.self, from: large)
        }
    }
}
