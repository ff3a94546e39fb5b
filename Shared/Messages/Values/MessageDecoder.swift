// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Turns JSON into typed messages.
///
/// Two policies (the wire contract): what people write (recipes, job files, HTTP bodies) is `strict`, and an unknown
/// field is an error that names the nearest known one; what another version of this software put into Redis is
/// `lenient`, and unknown fields are ignored.
public struct MessageDecoder: Sendable {
    /// What to do with a field that the type does not know.
    public enum Policy: Sendable { case strict, lenient }

    private let policy: Policy
    private let allowsStageReferences: Bool

    /// - Parameter allowsStageReferences: whether `${stage.field}` may stand where another type is asked for, as it does
    ///   in a recipe before its stages have run.
    public init(policy: Policy, allowsStageReferences: Bool = false) {
        self.policy = policy
        self.allowsStageReferences = allowsStageReferences
    }

    /// Parses JSON text. Throws `malformedJSON`, which never quotes the text.
    public static func parse(_ bytes: Data) throws(MessageError) -> JSONValue {
        try result(of: bytes).get()
    }

    /// Parses JSON text that is in an array.
    public static func parse(_ bytes: [UInt8]) throws(MessageError) -> JSONValue {
        try result(of: bytes).get()
    }

    private static func result(of bytes: some Collection<UInt8>) -> Result<JSONValue, MessageError> {
        let outcome = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(JSONReader.SyntaxError) in try JSONReader.read(buffer) }
        }
        guard let outcome else { return result(of: Array(bytes)) }
        return outcome.mapError { _ in
            MessageError(.malformedJSON, path: "", detail: "the body is not valid JSON; check it with a JSON linter")
        }
    }

    /// Decodes a value of `type`.
    public func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws(MessageError) -> Value {
        let trace = DecodingTrace()
        let outcome: Result<Value, MessageError>
        do {
            outcome = .success(try JSONValueDecoder.unbox(value, as: type, path: [], trace: trace))
        } catch let error as MessageError {
            outcome = .failure(error)
        } catch let error as DecodingError {
            outcome = .failure(MessageError(error))
        } catch {
            outcome = .failure(MessageError(.invalidValue, path: "", detail: "\(error)"))
        }
        // A misspelt required field is both missing and unknown; the unknown name is what helps.
        if policy == .strict, let unknown = trace.firstUnknownField(besides: outcome.failure) { throw unknown }
        return try outcome.get()
    }

    /// Decodes a value; nil where `${stage.field}` stands for a value of another type than text, so that the rest can
    /// only be checked once the stage has run.
    public func decodeUnlessReference<Value: Decodable>(
        _ type: Value.Type, from value: JSONValue
    ) throws(MessageError) -> Value? {
        do {
            return try decode(type, from: value)
        } catch {
            guard allowsStageReferences, error.code == .wrongType || error.code == .invalidValue,
                let text = value.value(at: error.path)?.stringValue, StageReference(text) != nil
            else { throw error }
            return nil
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

extension MessageError {
    /// The same failure as the standard library's decoders tell it.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(
                .missingField, path: CodingPath.text(context.codingPath),
                detail: "the field \"\(key.stringValue)\" is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init(.wrongType, path: CodingPath.text(context.codingPath), detail: context.debugDescription)
        case .dataCorrupted(let context):
            self.init(.invalidValue, path: CodingPath.text(context.codingPath), detail: context.debugDescription)
        @unknown default:
            self.init(.invalidValue, path: "", detail: "the value can't be decoded")
        }
    }
}
