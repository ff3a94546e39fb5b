// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Redis

/// `--name value` pairs of the command line; whoever reads them names the defaults.
struct Options {
    private var values: [String: String] = [:]

    init(_ words: ArraySlice<String>) throws {
        var rest = words
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), let value = rest.popFirst() else {
                throw UsageError("\(word) is no option with a value")
            }
            values[String(word.dropFirst(2))] = value
        }
    }

    /// The value of an option that must be there.
    mutating func text(_ name: String) throws -> String {
        guard let value = values.removeValue(forKey: name) else { throw UsageError("--\(name) is missing") }
        return value
    }

    mutating func text(_ name: String, default value: String) -> String { values.removeValue(forKey: name) ?? value }

    mutating func number<Number: LosslessStringConvertible>(_ name: String, default value: Number) throws -> Number {
        guard let text = values.removeValue(forKey: name) else { return value }
        guard let number = Number(text) else { throw UsageError("--\(name) takes a number") }
        return number
    }

    mutating func redis() throws -> RedisConfiguration { try RedisConfiguration(url: text("redis")) }

    /// Refuses what nobody has asked for.
    func finish() throws {
        if let name = values.keys.min() { throw UsageError("--\(name) is unknown") }
    }
}

/// What is wrong with the command line.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
