// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads one object of a recipe and turns every mismatch into an error that names the field and what it takes.
struct RecipeFields<Key: CodingKey> {
    let container: KeyedDecodingContainer<Key>
    let object: String

    func real(_ key: Key) throws -> Double? { try value(key, "a number") }

    func number(_ key: Key) throws -> Int? { try value(key, "a whole number") }

    func choice<Choice: RawRepresentable & CaseIterable & Decodable>(_ key: Key) throws -> Choice?
    where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        guard let written: String = try value(key, "one of " + names.joined(separator: ", ")) else { return nil }
        guard let choice = Choice(rawValue: written) else {
            throw TrainingError(
                .invalidRecipe, "\(object).\(key.stringValue)", "is none of its values",
                remedy: "write one of " + names.joined(separator: ", "))
        }
        return choice
    }

    func value<Value: Decodable>(_ key: Key, _ expected: String) throws -> Value? {
        do {
            return try container.decodeIfPresent(Value.self, forKey: key)
        } catch let error as TrainingError {
            throw error
        } catch {
            // Not only DecodingError: Foundation throws an error of its own for a number that does not fit.
            throw TrainingError(
                .invalidRecipe, "\(object).\(key.stringValue)", "has the wrong type", remedy: "write \(expected)")
        }
    }

    /// An object within this one; its own errors pass through.
    func nested<Value: Decodable>(_ key: Key) throws -> Value? {
        try value(key, "an object")
    }
}

/// Any key of an object, to see those a type does not know.
struct AnyField: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    /// Throws an error that names the first unknown field and the nearest known one.
    static func refuseUnknown(in decoder: any Decoder, known: [String], object: String) throws {
        let container: KeyedDecodingContainer<AnyField>
        do {
            container = try decoder.container(keyedBy: AnyField.self)
        } catch is DecodingError {
            throw TrainingError(.invalidRecipe, object, "is no object", remedy: "write its fields as an object")
        }
        let unknown = container.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted()
        guard let first = unknown.first else { return }
        let nearest = known.min { editDistance(first, $0) < editDistance(first, $1) } ?? ""
        throw TrainingError(
            .invalidRecipe, "\(object).\(first.prefix(64))", "is no field of a recipe",
            remedy: "did you mean '\(nearest)'? known: " + known.joined(separator: ", "))
    }

    /// Levenshtein's distance over bytes, the first 64 of each.
    static func editDistance(_ first: String, _ second: String) -> Int {
        let left = Array(first.lowercased().utf8.prefix(64))
        let right = Array(second.lowercased().utf8.prefix(64))
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
