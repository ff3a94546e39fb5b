// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What form an answer must have.
public struct ResponseFormat: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable {
        /// Any text.
        case text
        /// JSON that `schema` allows; docs/inference.md has the words it may use.
        case jsonSchema = "json_schema"
        /// One of `choices`.
        case choice
    }

    public var type: Kind
    /// The schema, as an object or as a string of JSON text. In text, properties come in the order written; in an object,
    /// in the order of `required` and then by name.
    public var schema: JSONValue?
    public var choices: [String]?

    public init(_ type: Kind, schema: JSONValue? = nil, choices: [String]? = nil) {
        self.type = type
        self.schema = schema
        self.choices = choices
    }

    func validate(_ path: String) throws(MessageError) {
        try Bound.require(
            (schema != nil) == (type == .jsonSchema), "\(path).schema",
            "goes with the type \"json_schema\", and only it")
        try Bound.require(
            (choices != nil) == (type == .choice), "\(path).choices", "goes with the type \"choice\", and only it")
        try GenerationRequest.validate(choices: choices, path)
    }
}
