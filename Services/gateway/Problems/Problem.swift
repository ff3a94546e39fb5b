// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Messages

/// An error as the client gets it: a problem document (RFC 9457), and headers that belong to it.
struct Problem: Error, Sendable {
    var document: ProblemDocument
    var headers: HTTPFields = [:]

    init(
        _ slug: String, _ title: String, status: HTTPResponse.Status, detail: String, field: String? = nil,
        headers: HTTPFields = [:]
    ) {
        document = ProblemDocument(
            type: "/problems/\(slug)", title: title, status: status.code, detail: detail, field: field)
        self.headers = headers
    }

    /// The response that carries it.
    func response() -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        let body = (try? MessageEncoder.encode(document)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
        return Response(
            status: HTTPResponse.Status(code: document.status), headers: headers,
            body: ResponseBody(byteBuffer: body))
    }
}

extension Problem {
    static func notFound(_ what: String) -> Problem {
        Problem("not-found", "Not found", status: .notFound, detail: what)
    }

    /// The request can't be read: header, query or syntax.
    static func badRequest(_ detail: String, field: String? = nil) -> Problem {
        Problem("bad-request", "The request can't be read", status: .badRequest, detail: detail, field: field)
    }

    /// The request can be read and asks for what can't be done.
    static func invalid(_ slug: String = "invalid-value", _ detail: String, field: String?) -> Problem {
        Problem(slug, "The request can't be accepted", status: .unprocessableContent, detail: detail, field: field)
    }

    static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            "too-large", "The body is too large", status: .contentTooLarge,
            detail: "the body is larger than \(limit) bytes; upload data with POST /v1/files and name the artifact")
    }

    static func unsupportedMediaType(_ detail: String) -> Problem {
        Problem("unsupported-media-type", "Unsupported media type", status: .unsupportedMediaType, detail: detail)
    }

    static func methodNotAllowed(_ method: HTTPRequest.Method, allowed: [HTTPRequest.Method]) -> Problem {
        let names = Set(allowed.map(\.rawValue)).sorted().joined(separator: ", ")
        return Problem(
            "method-not-allowed", "Method not allowed", status: .methodNotAllowed,
            detail: "\(method.rawValue.prefix(20)) is not served here; use \(names)", headers: [.allow: names])
    }

    static let unauthenticated = Problem(
        "unauthenticated", "A key is needed", status: .unauthorized,
        detail: "send a key of this gateway as Authorization: Bearer KEY", headers: [.wwwAuthenticate: "Bearer"])

    static func forbidden(_ scope: Scope) -> Problem {
        Problem(
            "forbidden", "The key does not allow this", status: .forbidden,
            detail: "the key has no scope \"\(scope.rawValue)\"; ask for a key that has")
    }
}
