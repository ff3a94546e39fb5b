// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages
import Yams

/// Turns YAML into the same untyped value as JSON does, by the core schema of YAML 1.2: `true` is a boolean and `yes` is
/// a word, `8e-6` is a number.
///
/// Text from outside is bounded: nesting, and the size that aliases unfold to.
public enum YAMLDocument {
    /// Values in a document, aliases unfolded.
    static let maximumValues = 1_000_000
    /// Brackets open at once.
    static let maximumBrackets = 64
    /// Columns that may stand before a line's first word: bounds the nesting by indentation.
    static let maximumIndentation = 200

    /// Parses one document.
    ///
    /// - Parameter substitute: changes the text of each scalar before its type is told, such as `${NAME}` to its value.
    public static func parse(
        _ text: String, substitute: (String) throws(MessageError) -> String = { (text) throws(MessageError) in text }
    ) throws(MessageError) -> JSONValue {
        try checkNesting(text)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw malformed(place(of: error))
        } catch {
            throw malformed("")
        }
        guard let root else { throw malformed(", it is empty") }
        var left = maximumValues
        return try value(root, "", &left, substitute)
    }

    private static func malformed(_ place: String) -> MessageError {
        MessageError(.malformedJSON, path: "", detail: "the document is not valid YAML\(place); check it with a linter")
    }

    /// The line of a syntax error; never the text, which may be clinical.
    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            ", line \(mark.line), column \(mark.column)"
        case .duplicatedKeysInMapping: ", a key stands twice in one mapping"
        default: ""
        }
    }

    /// Refuses what would make a recursive parser run out of stack.
    private static func checkNesting(_ text: String) throws(MessageError) {
        var brackets = 0
        var column = 0
        var isIndentation = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n"):
                column = 0
                isIndentation = true
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(0, brackets - 1)
            default: break
            }
            column += 1
            let opens = [UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":")].contains(byte)
            isIndentation = isIndentation && opens
            if brackets > maximumBrackets || (isIndentation && column > maximumIndentation) {
                throw MessageError(.malformedJSON, path: "", detail: "the document is nested too deep")
            }
        }
    }

    private static func value(
        _ node: Node, _ path: String, _ left: inout Int, _ substitute: (String) throws(MessageError) -> String
    ) throws(MessageError) -> JSONValue {
        left -= 1
        guard left > 0 else {
            throw MessageError(
                .invalidValue, path: "", detail: "the document holds more than \(maximumValues) values")
        }
        switch node {
        case .scalar(let scalar):
            let text: String
            do {
                text = try substitute(scalar.string)
            } catch {
                throw error.below(path)
            }
            return scalar.style == .plain || scalar.style == .any ? plain(text) : .string(text)
        case .sequence(let sequence):
            var items: [JSONValue] = []
            for (index, item) in sequence.enumerated() {
                items.append(try value(item, "\(path)[\(index)]", &left, substitute))
            }
            return .array(items)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, member) in mapping {
                guard let name = key.scalar?.string else {
                    throw MessageError(.wrongType, path: path, detail: "a key is no word")
                }
                members[name] = try value(member, path.isEmpty ? name : "\(path).\(name)", &left, substitute)
            }
            return .object(members)
        case .alias:
            throw MessageError(.invalidValue, path: path, detail: "an alias names no anchor")
        }
    }

    /// The value of an unquoted scalar (YAML 1.2.2, section 10.3.2).
    static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        let isNumber = text.utf8.allSatisfy { byte in
            (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
                || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")]
                    .contains(byte)
        }
        guard isNumber, text.utf8.contains(where: { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return .string(text)
        }
        if let integer = Int64(text) { return .integer(integer) }
        if let number = Double(text), number.isFinite { return .number(number) }
        return .string(text)
    }
}
