// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime

/// The body of a request of the OpenAI API, read field by field: each with its type and range, and an error that names it.
///
/// A field that is null is as good as absent. What nobody has asked for at the end is refused, with the nearest name.
struct RequestParameters {
    private let members: [String: JSONValue]
    private var asked: Set<String> = []

    init(_ document: JSONValue) throws(Problem) {
        guard case .object(let members) = document else {
            throw .invalid("wrong-type", "the body must be a JSON object, not \(document.typeName)", field: nil)
        }
        self.members = members.filter { $0.value != .null }
    }

    /// The value as it stands; nil where it is absent.
    mutating func value(_ name: String) -> JSONValue? {
        asked.insert(name)
        return members[name]
    }

    mutating func text(_ name: String) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw Self.wrong(name, "a string", value) }
        return text
    }

    mutating func flag(_ name: String) throws(Problem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let flag) = value else { throw Self.wrong(name, "true or false", value) }
        return flag
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .integer(let number) = value else { throw Self.wrong(name, "a whole number", value) }
        guard let number = Int(exactly: number), range.contains(number) else {
            throw .invalid(
                "invalid-value", "\(name): must be from \(range.lowerBound) to \(range.upperBound)", field: name)
        }
        return number
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(Problem) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.doubleValue else { throw Self.wrong(name, "a number", value) }
        guard range.contains(number) else {
            throw .invalid(
                "invalid-value", "\(name): must be from \(range.lowerBound) to \(range.upperBound)", field: name)
        }
        return number
    }

    /// Texts that were given as one string or as a list of them.
    mutating func texts(_ name: String, atMost limit: Int) throws(Problem) -> [String]? {
        guard let value = value(name) else { return nil }
        if let text = value.stringValue { return [text] }
        guard case .array(let items) = value else { throw Self.wrong(name, "a string or a list of strings", value) }
        guard items.count <= limit else {
            throw .invalid("invalid-value", "\(name): takes at most \(limit)", field: name)
        }
        var texts: [String] = []
        for item in items {
            guard let text = item.stringValue else { throw Self.wrong(name, "a string or a list of strings", item) }
            texts.append(text)
        }
        return texts
    }

    /// Takes a field that is not served here, where it asks for nothing: absent, or one of these values.
    mutating func allow(_ name: String, only harmless: [JSONValue]) throws(Problem) {
        guard let value = value(name), !harmless.contains(value) else { return }
        // A whole number written as 0.0 is the same.
        if let number = value.doubleValue, harmless.contains(where: { $0.doubleValue == number }) { return }
        throw .invalid("unsupported-parameter", "\(name): is not supported here; leave it out", field: name)
    }

    /// Refuses what nobody has asked for.
    func refuseOthers() throws(Problem) {
        guard let name = members.keys.filter({ !asked.contains($0) }).min() else { return }
        let isPlain = RequestID.isPlain(name)
        throw .invalid(
            "unknown-field",
            (isPlain ? "unknown field \"\(name)\"" : "unknown field whose name is no word")
                + NearestName.hint(for: name, among: asked), field: isPlain ? name : nil)
    }

    static func wrong(_ name: String, _ expected: String, _ found: JSONValue) -> Problem {
        .invalid("wrong-type", "\(name): must be \(expected), not \(found.typeName)", field: name)
    }
}
