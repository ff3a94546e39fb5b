// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Messages
import Testing

@Suite("Whatever bytes a client sends: a message that stays itself, or an error")
struct MessageFuzzTests {
    @Test func messages() throws {
        try FuzzRun(Self.target()).run()
    }

    @Test(
        "A large whole number that is not all digits",
        arguments: ["9.2233720368128e+18", "9007199254740992.0", "9007199254740994.0", "-1.0e17", "1.5", "1.0e2", "7"])
    func largeWholeNumber(text: String) throws {
        // As long as it must be to be compared with Foundation's.
        let padded = Array("[\(text)]".utf8) + Array(repeating: 0x20, count: 8)
        _ = try Self.read(Array(padded.prefix(padded.count / 8 * 8)))
    }

    private static func target() throws -> FuzzTarget {
        FuzzTarget(
            name: "messages", seeds: try HostileBytesTests.seeds().map(Array.init),
            words: [
                "null", "true", "{}", "[]", "\"\"", "\"${a.b}\"", "\"\\ud800\"", "\\u0000", "1e999", "[[[[", "{\"a\":",
                ",",
                "\u{FEFF}", "\"kind\":", "\"version\":2,",
            ],
            restructure: JSONMutation.apply, read: read)
    }

    @Sendable private static func read(_ bytes: [UInt8]) throws -> FuzzTarget.Verdict {
        let value: JSONValue
        do throws(MessageError) {
            value = try MessageDecoder.parse(Data(bytes))
        } catch {
            return .refused
        }
        try FuzzFailure.unless(
            (try? MessageDecoder.parse(MessageEncoder.encode(value))) == value, "JSON written and read again is another"
        )
        // Foundation's reader is much slower: every eighth input is enough.
        if bytes.count % 8 == 0, let other = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) {
            try FuzzFailure.unless(agree(value, other), "JSON that Foundation reads otherwise")
        }
        var isMessage = false
        func check<Message: Codable>(_ type: Message.Type) throws { if try stays(type, value) { isMessage = true } }
        try check(JobMessage.self)
        try check(JobEnvelope.self)
        try check(JobSnapshot.self)
        try check(JobResult.self)
        try check(JobEvent.self)
        try check(JobProgress.self)
        try check(JobFailure.self)
        try check(Recipe.self)
        try check(RunSnapshot.self)
        try checkPayload(value)
        try checkRecipe(value)
        return isMessage ? .accepted : .refused
    }

    /// Whether both are one value. Beyond 2⁵³ a number with a point or an exponent stays a floating-point number here, and
    /// Foundation makes it an integer where it fits.
    private static func agree(_ ours: JSONValue, _ other: JSONValue) -> Bool {
        switch (ours, other) {
        case (.array(let ours), .array(let other)):
            return ours.count == other.count && zip(ours, other).allSatisfy(agree)
        case (.object(let ours), .object(let other)):
            return ours.count == other.count
                && ours.allSatisfy { name, value in other[name].map { agree(value, $0) } ?? false }
        case (.number(let ours), .integer(let other)): return abs(ours) > 0x1p53 && ours == Double(other)
        default: return ours == other
        }
    }

    /// Whether it is such a message; then it must stay itself, and what the strict reader takes the lenient one must too.
    private static func stays<Message: Codable>(_ type: Message.Type, _ value: JSONValue) throws -> Bool {
        let lenient = MessageDecoder(policy: .lenient)
        let strict = try? MessageDecoder(policy: .strict).decode(type, from: value)
        guard let message = try? lenient.decode(type, from: value) else {
            try FuzzFailure.unless(strict == nil, "\(type): refused leniently, accepted strictly")
            return false
        }
        let written = try MessageEncoder.value(message)
        guard let again = try? lenient.decode(type, from: written) else {
            throw FuzzFailure("\(type): not read again as it was written")
        }
        try FuzzFailure.unless(try MessageEncoder.value(again) == written, "\(type): written twice it differs")
        return strict != nil
    }

    /// The payload of a kind, and all that is asked of it before a job is accepted.
    private static func checkPayload(_ value: JSONValue) throws {
        guard let message = try? MessageDecoder(policy: .strict).decode(JobMessage.self, from: value) else { return }
        try? message.validate()
        try? message.validate(allowsStageReferences: true)
        guard let type = JobKind.payloadTypes[message.kind] else { return }
        func check<Payload: JobPayload>(_ type: Payload.Type) throws { _ = try stays(type, message.payload) }
        try check(type)
    }

    private static func checkRecipe(_ value: JSONValue) throws {
        guard let recipe = try? MessageDecoder(policy: .strict).decode(Recipe.self, from: value) else { return }
        _ = try? recipe.validate()
    }
}
