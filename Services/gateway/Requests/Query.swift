// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Messages

/// A query string whose parameters are all known, each with its type; anything else is a problem that says so.
struct Query: Sendable {
    private let values: [String: String]

    /// - Parameter known: the parameters of the route.
    init(_ request: Request, known: Set<String>) throws(Problem) {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard known.contains(name) else {
                throw .invalid(
                    "unknown-field", "unknown query parameter" + NearestName.hint(for: name, among: known),
                    field: String(name.prefix(60)))
            }
            values[name] = String(value)
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    func integer(_ name: String, in range: ClosedRange<Int>, default value: Int) throws(Problem) -> Int {
        guard let text = values[name] else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw .invalid(
                "invalid-value", "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)",
                field: name)
        }
        return number
    }

    /// A value of a fixed set of names.
    func name<Value>(_ name: String, among known: [String: Value]) throws(Problem) -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = known[text] else {
            throw .invalid(
                "invalid-value", "unknown \(name)" + NearestName.hint(for: text, among: known.keys), field: name)
        }
        return value
    }

    func identifier<ID: Identifier>(_ name: String, as type: ID.Type) throws(Problem) -> ID? {
        guard let text = values[name] else { return nil }
        guard JobID(text).isWellFormed else {
            throw .invalid("invalid-value", "\(name) is no identifier", field: name)
        }
        return ID(text)
    }

    /// An event cursor, `<milliseconds>-<number>`.
    func cursor(_ name: String) throws(Problem) -> String? {
        guard let text = values[name] else { return nil }
        guard EventCursor.isWellFormed(text) else {
            throw .invalid("invalid-value", "\(name) is an event's id, such as 1700000000000-0", field: name)
        }
        return text
    }
}

/// The id of an event: a Redis stream id.
enum EventCursor {
    /// Whether one event came after another.
    static func isLater(_ id: String, than other: String) -> Bool {
        func numbers(_ text: String) -> [UInt64] { text.split(separator: "-").map { UInt64($0) ?? 0 } }
        return numbers(other).lexicographicallyPrecedes(numbers(id))
    }

    static func isWellFormed(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { UInt64($0) != nil && !$0.hasPrefix("+") }
    }
}
