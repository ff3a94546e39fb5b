// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A JSON schema of the kind that answers can be held to: finite, without recursion, its objects with fixed members in
/// a fixed order. Any other word of JSON Schema is refused by its name.
public struct JSONSchema: Sendable, Hashable {
    /// A value of the schema; others are named by their place in the list of nodes.
    enum Node: Sendable, Hashable {
        /// One of these texts.
        case literals(LiteralTree)
        case string(least: Int, most: Int)
        case number(isInteger: Bool)
        case array(item: Int, least: Int, most: Int)
        /// Each key as its bytes with quotes and colon, and its value.
        case object(keys: [[UInt8]], values: [Int])
        /// One of several that differ in their first byte.
        case either([Int])
    }

    /// Characters of a string and items of an array where the schema gives no bound.
    static let defaultCharacters = 512
    static let defaultItems = 32
    private static let mostCharacters = 8192
    private static let mostItems = 1024
    private static let mostNodes = 1024
    private static let mostLiterals = 1024

    /// Words that say nothing about the form.
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated",
    ]
    private static let wordsOfTypes: [String: Set<String>] = [
        "object": ["properties", "required", "additionalProperties"], "array": ["items", "minItems", "maxItems"],
        "string": ["minLength", "maxLength"], "integer": [], "number": [], "boolean": [], "null": [],
    ]

    private(set) var nodes: [Node] = []
    private(set) var root = 0

    /// Reads the text of a schema.
    ///
    /// Members of an object are written in the order in which `properties` has them, those that `required` names first
    /// and in its order where `isOrdered` is false: for text that has been through a reader that forgets the order.
    public init(_ text: [UInt8], isOrdered: Bool = true) throws {
        root = try add(SchemaReader.read(text), "schema", isOrdered: isOrdered)
    }

    private mutating func add(_ node: Node, _ place: String) throws -> Int {
        guard nodes.count < Self.mostNodes else {
            throw Self.error(place, "is one value too many", remedy: "give a schema of at most \(Self.mostNodes)")
        }
        nodes.append(node)
        return nodes.count - 1
    }

    private mutating func add(_ schema: SchemaText, _ place: String, isOrdered: Bool) throws -> Int {
        guard case .object(let members) = schema else {
            throw Self.error(place, "is no object", remedy: "give a schema such as {\"type\": \"string\"}")
        }
        let words = Set(members.map(\.name)).subtracting(Self.annotations)
        if let values = schema["enum"] ?? schema["const"].map({ .array([$0]) }) {
            try Self.check(words, among: ["enum", "const", "type"], place)
            return try literals(values, "\(place).enum")
        }
        switch schema["type"] {
        case .string(let type):
            return try add(type, schema, words, place, isOrdered: isOrdered)
        case .array(let types):
            let names = try types.map { type -> String in
                guard case .string(let name) = type else { throw Self.typeError(place) }
                return name
            }
            guard names.count == 2, Set(names).count == 2, names.contains("null"),
                let other = names.first(where: { $0 != "null" })
            else {
                throw Self.error(
                    "\(place).type", "lists other types than one and \"null\"",
                    remedy: "give one type, or one and \"null\"")
            }
            let value = try add(other, schema, words, place, isOrdered: isOrdered)
            return try add(.either([value, try add("null", schema, ["type"], place, isOrdered: isOrdered)]), place)
        default:
            if let word = words.subtracting(["type"]).min(), Self.wordsOfTypes.values.allSatisfy({ !$0.contains(word) })
            {
                throw Self.unsupported(word, place)
            }
            throw Self.typeError(place)
        }
    }

    private mutating func add(
        _ type: String, _ schema: SchemaText, _ words: Set<String>, _ place: String, isOrdered: Bool
    ) throws -> Int {
        guard let known = Self.wordsOfTypes[type] else { throw Self.typeError(place) }
        try Self.check(words, among: known.union(["type"]), place)
        switch type {
        case "object": return try object(schema, place, isOrdered: isOrdered)
        case "array":
            guard let items = schema["items"] else {
                throw Self.error(place, "is an array without items", remedy: "say what its items are")
            }
            let bounds = try Self.bounds(
                schema, "minItems", "maxItems", standard: Self.defaultItems, largest: Self.mostItems, place)
            let item = try add(items, "\(place).items", isOrdered: isOrdered)
            return try add(.array(item: item, least: bounds.lowerBound, most: bounds.upperBound), place)
        case "string":
            let bounds = try Self.bounds(
                schema, "minLength", "maxLength", standard: Self.defaultCharacters, largest: Self.mostCharacters, place)
            return try add(.string(least: bounds.lowerBound, most: bounds.upperBound), place)
        case "boolean": return try add(.literals(LiteralTree(["true", "false"].map { Array($0.utf8) })), place)
        case "null": return try add(.literals(LiteralTree([Array("null".utf8)])), place)
        default: return try add(.number(isInteger: type == "integer"), place)
        }
    }

    private mutating func literals(_ values: SchemaText, _ place: String) throws -> Int {
        guard case .array(let values) = values, !values.isEmpty, values.count <= Self.mostLiterals else {
            throw Self.error(place, "is no list of 1 to \(Self.mostLiterals) values", remedy: "list the values")
        }
        for value in values {
            switch value {
            case .array, .object:
                throw Self.error(place, "holds a list or an object", remedy: "give texts, numbers, true, false or null")
            default: continue
            }
        }
        return try add(.literals(LiteralTree(values.map(\.json))), place)
    }

    private mutating func object(_ schema: SchemaText, _ place: String, isOrdered: Bool) throws -> Int {
        guard case .object(var members) = schema["properties"] ?? .object([]) else {
            throw Self.error("\(place).properties", "is no object", remedy: "give each property a schema")
        }
        switch schema["additionalProperties"] {
        case nil, .bool: break
        default:
            throw Self.error(
                "\(place).additionalProperties", "is a schema", remedy: "leave it out: no others are written")
        }
        var required: [String] = []
        if let names = schema["required"] {
            guard case .array(let names) = names else {
                throw Self.error("\(place).required", "is no list", remedy: "list names of properties")
            }
            for name in names {
                guard case .string(let name) = name, members.contains(where: { $0.name == name }) else {
                    throw Self.error(
                        "\(place).required", "names what is no property", remedy: "list names of properties")
                }
                required.append(name)
            }
        }
        if !isOrdered {
            let rank = Dictionary(required.enumerated().map { ($1, $0) }) { first, _ in first }
            members.sort {
                let (a, b) = (rank[$0.name] ?? Int.max, rank[$1.name] ?? Int.max)
                return a != b ? a < b : Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8))
            }
        }
        let values = try members.enumerated().map {
            try add($1.value, "\(place).properties[\($0)]", isOrdered: isOrdered)
        }
        return try add(
            .object(keys: members.map { SchemaText.quoted($0.name) + [UInt8(ascii: ":")] }, values: values), place)
    }

    private static func bounds(
        _ schema: SchemaText, _ least: String, _ most: String, standard: Int, largest: Int, _ place: String
    ) throws -> ClosedRange<Int> {
        func bound(_ word: String) throws -> Int? {
            guard let value = schema[word] else { return nil }
            guard case .number(let digits) = value, let number = Int(digits), (0...largest).contains(number) else {
                throw error("\(place).\(word)", "is no whole number from 0 to \(largest)", remedy: "give one")
            }
            return number
        }
        let low = try bound(least) ?? 0
        let high = try bound(most) ?? max(low, standard)
        guard low <= high else {
            throw error("\(place).\(least)", "is above \(most)", remedy: "give the smaller one first")
        }
        return low...high
    }

    private static func check(_ words: Set<String>, among known: Set<String>, _ place: String) throws {
        if let word = words.subtracting(known).min() { throw unsupported(word, place) }
    }

    private static func unsupported(_ word: String, _ place: String) -> GenerationError {
        error(
            place, "uses \"\(word.prefix(40))\", which answers can't be held to here",
            remedy: "leave it out; docs/inference.md has the words that can be used")
    }

    private static func typeError(_ place: String) -> GenerationError {
        error(
            "\(place).type", "is none of \(wordsOfTypes.keys.sorted().joined(separator: ", "))",
            remedy: "give each value a type or an enum")
    }

    private static func error(_ place: String, _ problem: String, remedy: String) -> GenerationError {
        GenerationError(.invalidFormat, place, problem, remedy: remedy)
    }
}
