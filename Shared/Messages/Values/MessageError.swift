// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a message is not what its kind asks for: where, what, and how to mend it, in one line.
///
/// It names fields and types, never values: a value may be clinical text.
public struct MessageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable, Codable {
        case malformedJSON
        case unknownKind
        case unknownField
        case missingField
        case wrongType
        case invalidValue
        case unresolvedReference
        case unsupportedVersion
    }

    /// What is wrong.
    public let code: Code
    /// Where, as a path of field names from the document's root, such as `payload.recipe.learningRate`.
    public let path: String
    /// What was found and how to mend it.
    public let detail: String

    public init(_ code: Code, path: String, detail: String) {
        self.code = code
        self.path = path
        self.detail = detail
    }

    public var description: String { path.isEmpty ? detail : "\(path): \(detail)" }

    /// The same error, seen from an enclosing document.
    public func below(_ prefix: String) -> MessageError {
        let joined = path.isEmpty ? prefix : path.hasPrefix("[") ? prefix + path : "\(prefix).\(path)"
        return MessageError(code, path: joined, detail: detail)
    }
}
