// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages

/// The body of `POST /v1/embeddings`.
struct EmbeddingRequest: Sendable {
    var model: String
    var texts: [String]
    /// Whether vectors are told as base64 of their float32 bytes, as OpenAI's own clients ask.
    var isBase64: Bool

    init(_ document: JSONValue) throws(Problem) {
        var parameters = try RequestParameters(document)
        guard let model = try parameters.text("model"), !model.isEmpty else {
            throw .invalid("missing-field", "model: is missing; GET /v1/models lists names", field: "model")
        }
        self.model = model
        guard let texts = try parameters.texts("input", atMost: 2048), !texts.isEmpty else {
            throw .invalid("missing-field", "input: must be a text or a list of texts", field: "input")
        }
        self.texts = texts
        switch try parameters.text("encoding_format") {
        case nil, "float": isBase64 = false
        case "base64": isBase64 = true
        default:
            throw .invalid("invalid-value", "encoding_format: must be float or base64", field: "encoding_format")
        }
        try parameters.allow("dimensions", only: [])
        _ = parameters.value("user")
        try parameters.refuseOthers()
    }

    /// The answer, in the order of the texts.
    func answer(_ output: EmbedTexts.Output) -> JSONValue {
        let tokens = Int64(output.tokens.reduce(0, +))
        let vectors = (output.embeddings ?? []).enumerated().map { index, vector -> JSONValue in
            [
                "object": "embedding", "index": .integer(Int64(index)),
                "embedding": isBase64 ? .string(Self.base64(vector)) : .array(vector.map { .number($0) }),
            ]
        }
        return [
            "object": "list", "data": .array(vectors), "model": .string(model),
            "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
        ]
    }

    private static func base64(_ vector: [Double]) -> String {
        var bytes = Data(capacity: vector.count * 4)
        for value in vector {
            withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes.base64EncodedString()
    }
}
