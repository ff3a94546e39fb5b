// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Messages
import ServiceRuntime

/// The body of a request as a bounded document.
enum RequestDocument {
    /// Reads and parses a body that is JSON, or YAML where the route takes it.
    static func read(
        _ request: Request, limits: Limits, allowsYAML: Bool = false
    ) async throws -> JSONValue {
        let form = try form(request.headers[.contentType], allowsYAML: allowsYAML)
        let bytes = try await bytes(request, limit: limits.documentBytes)
        guard !bytes.isEmpty else {
            throw Problem(
                "malformed-json", "The body can't be read", status: .badRequest,
                detail: "the body is empty; send the document as \(allowsYAML ? "JSON or YAML" : "JSON")")
        }
        switch form {
        case .json: return try MessageDecoder.parse(bytes)
        case .yaml: return try YAMLDocument.parse(String(decoding: bytes, as: UTF8.self))
        }
    }

    private enum Form { case json, yaml }

    private static func form(_ contentType: String?, allowsYAML: Bool) throws(Problem) -> Form {
        let type = contentType?.split(separator: ";").first.map { $0.lowercased() } ?? "application/json"
        switch type {
        // What curl sends where nothing else is said; `CrossOrigin` keeps browsers' forms out.
        case "application/json", "application/x-www-form-urlencoded": return .json
        case "application/yaml", "application/x-yaml", "text/yaml":
            if allowsYAML { return .yaml }
        default: break
        }
        let known = allowsYAML ? "application/json or application/yaml" : "application/json"
        throw .unsupportedMediaType("send the body as \(known)")
    }

    private static func bytes(_ request: Request, limit: Int) async throws -> Data {
        do {
            let buffer = try await request.body.collect(upTo: limit)
            return Data(buffer.readableBytesView)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw Problem.tooLarge(limit)
        }
    }
}
